#include "tools/when.hpp"

#include <doctest/doctest.h>

using namespace fenceline;
using namespace fenceline::tools;

namespace {

// The moment in a journal whose last event was at 1000 s, or -1 when it is not understood.
std::int64_t moment(std::string_view text) {
    const auto when = parse_when(text);
    if (!when || when->kind == When::Kind::position) return -1;
    return when->in(Time{1'000'000'000'000}).ns;
}

}  // namespace

TEST_SUITE("tools/when") {
    TEST_CASE("a moment is RFC 3339 or seconds since 1970") {
        CHECK(moment("1970-01-01T00:00:01Z") == 1'000'000'000);
        CHECK(moment("1970-01-01T02:00:00.5+02:00") == 500'000'000);
        CHECK(moment("@1779616800") == 1'779'616'800'000'000'000);
        CHECK(moment("@0.000000001") == 1);
        CHECK(moment("@12.5") == 12'500'000'000);
    }

    TEST_CASE("a relative moment counts from the journal's last event") {
        CHECK(moment("-30s") == 970'000'000'000);
        CHECK(moment("-15m") == 100'000'000'000);
        CHECK(moment("-1m30s") == 910'000'000'000);
        CHECK(moment("-250ms") == 999'750'000'000);
    }

    TEST_CASE("a position is a number after a hash") {
        const auto when = parse_when("#1234");
        REQUIRE(when);
        CHECK(when->kind == When::Kind::position);
        CHECK(when->position == Position{1234});
    }

    TEST_CASE("what is no moment is refused") {
        for (const char* text :
             {"", "@", "@-5", "@1.", "@1.0000000001", "@1e3", "@99999999999999999999", "#", "#-1",
              "#12x", "-", "-15", "-m", "--5s", "-99999999999999d", "yesterday", "2026-05-24",
              "2026-13-01T00:00:00Z", " @1"})
            CHECK_MESSAGE(!parse_when(text), text);
    }

    TEST_CASE("a span needs a unit and stays within 64 bits") {
        CHECK(parse_duration("1h")->ns == 3'600'000'000'000);
        CHECK(parse_duration("0s")->ns == 0);
        CHECK(parse_duration("106751d")->ns == 9'223'286'400'000'000'000);
        for (const char* text : {"", "5", "s", "-5s", "5 s", "1w", "106752d", "106751d1d"})
            CHECK_MESSAGE(!parse_duration(text), text);
    }
}
