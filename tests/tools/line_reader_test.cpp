#include "tools/exec/line_reader.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <doctest/doctest.h>

using namespace fenceline;
using namespace fenceline::tools;

namespace {

// A pipe with room for a whole long line.
class Source {
  public:
    Source() {
        REQUIRE(::pipe2(ends_, O_CLOEXEC) == 0);
        REQUIRE(::fcntl(ends_[1], F_SETPIPE_SZ, 1 << 20) >= 1 << 20);
    }
    ~Source() {
        ::close(ends_[0]);
        end();
    }
    void write(std::string_view text) {
        REQUIRE(::write(ends_[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    }
    void end() {
        if (ends_[1] >= 0) ::close(ends_[1]);
        ends_[1] = -1;
    }
    [[nodiscard]] int fd() const { return ends_[0]; }

  private:
    int ends_[2] = {-1, -1};
};

using Got = LineReader::Got;
constexpr auto no_wait = LineReader::Wait::no;

}  // namespace

TEST_SUITE("tools/line reader") {
    TEST_CASE("lines come as they are and blank ones are only counted") {
        Source source;
        LineReader reader(source.fd());
        InputLine line;
        CHECK(reader.next(line, no_wait) == Got::nothing_yet);
        source.write("one\n\n  \t\ntwo\nthr");
        REQUIRE(reader.next(line, no_wait) == Got::line);
        CHECK(line.text == "one");
        CHECK(line.number == 1);
        REQUIRE(reader.next(line, no_wait) == Got::line);
        CHECK(line.text == "two");
        CHECK(line.number == 4);
        CHECK(reader.next(line, no_wait) == Got::nothing_yet);
        source.write("ee");
        source.end();
        REQUIRE(reader.next(line, LineReader::Wait::yes) == Got::line);
        CHECK(line.text == "three");  // a last line needs no newline
        CHECK(reader.next(line, no_wait) == Got::end);
        CHECK(reader.next(line, no_wait) == Got::end);
    }

    TEST_CASE("a line of the limit passes and one byte more does not") {
        for (const std::size_t more : {0u, 1u}) {
            Source source;
            LineReader reader(source.fd());
            InputLine line;
            std::string rest(limits::input_line_bytes + more, 'x');
            while (!rest.empty()) {
                const auto piece = rest.substr(0, 100'000);
                rest.erase(0, piece.size());
                source.write(piece);
                REQUIRE(reader.next(line, no_wait) == Got::nothing_yet);
            }
            source.write("\nnext\n");
            REQUIRE(reader.next(line, no_wait) == Got::line);
            CHECK(line.too_long == (more == 1));
            CHECK(line.text.size() == (more == 1 ? 0 : limits::input_line_bytes));
            REQUIRE(reader.next(line, no_wait) == Got::line);
            CHECK(line.text == "next");
            CHECK_FALSE(line.too_long);
            CHECK(line.number == 2);
        }
    }

    TEST_CASE("a line that is too long and never ends is still told") {
        Source source;
        LineReader reader(source.fd());
        InputLine line;
        for (int i = 0; i < 30; ++i) {
            source.write(std::string(50'000, 'x'));
            REQUIRE(reader.next(line, no_wait) == Got::nothing_yet);
        }
        source.end();
        REQUIRE(reader.next(line, no_wait) == Got::line);
        CHECK(line.too_long);
        CHECK(reader.next(line, no_wait) == Got::end);
    }

    TEST_CASE("a stop ends the input between two lines") {
        Source source, stop;
        LineReader reader(source.fd(), stop.fd());
        InputLine line;
        source.write("one\ntwo\n");
        REQUIRE(reader.next(line, no_wait) == Got::line);
        stop.write("!");
        // What was read already is still answered.
        REQUIRE(reader.next(line, no_wait) == Got::line);
        CHECK(reader.next(line, LineReader::Wait::yes) == Got::end);
    }
}
