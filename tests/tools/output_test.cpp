#include "tools/output.hpp"

#include <doctest/doctest.h>

using namespace fenceline::tools;

TEST_SUITE("tools/output") {
    TEST_CASE("nothing in a text reaches the terminal as a command") {
        CHECK(printable("duckdb:1.2") == "duckdb:1.2");
        CHECK(printable("a\x1b[31mb") == "a\\x1b[31mb");
        CHECK(printable("a\nb\r\tc") == "a\\nb\\r\\tc");
        CHECK(printable(std::string_view("a\0b", 3)) == "a\\x00b");
        CHECK(printable("\x7f") == "\\x7f");
        CHECK(printable("\u009b31m") == "\\x9b31m");               // CSI in one code point
        CHECK(printable("a\u202eb\u2066") == "a\\u202eb\\u2066");  // reading direction
        CHECK(printable("a\u2028b") == "a\\u2028b");
    }

    TEST_CASE("other languages stay readable and broken bytes are marked") {
        CHECK(printable("größe \u6f22 \U0001f986") == "größe \u6f22 \U0001f986");
        CHECK(printable("a\xff\xc3") == "a\\xff\\xc3");
        CHECK(printable("\xed\xa0\x80x").find('x') != std::string::npos);
    }

    TEST_CASE("columns are aligned and numbers stand right") {
        Table table({{"NAME"}, {"COUNT", Table::Align::right}, {"LAST"}});
        table.row({"größe", "7", ""});
        table.row({"b", "1000", "x\ny"});
        CHECK(table.text({}) ==
              "NAME   COUNT  LAST\n"
              "größe      7\n"
              "b       1000  x\\ny\n");
    }

    TEST_CASE("colour is only where it was asked for") {
        Table table({{"NAME"}});
        CHECK(table.text({}).find('\x1b') == std::string::npos);
        CHECK(table.text({.colour = true}).find("\x1b[1m") == 0);
    }

    TEST_CASE("spans of time are told in units that fit") {
        CHECK(human_duration(0) == "0 ns");
        CHECK(human_duration(1'500'000) == "1.5 ms");
        CHECK(human_duration(-2'000'000'000) == "-2.0 s");
        CHECK(human_duration(61'000'000'000) == "1 min 01 s");
        CHECK(human_duration(7'260'000'000'000) == "2 h 01 min");
        CHECK(human_duration(90'000'000'000'000) == "1 d 01 h");
    }

    TEST_CASE("the nearest word is near") {
        CHECK(nearest_word("drian", {"spawn", "drain"}) == "drain");
        CHECK(nearest_word("--jsn", {"--json", "--help"}) == "--json");
        CHECK_FALSE(nearest_word("zebra", {"spawn", "drain"}));
        CHECK_FALSE(nearest_word(std::string(1000, 'a'), {"spawn"}));
    }
}
