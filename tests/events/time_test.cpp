#include "events/time.hpp"

#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <limits>

#include <doctest/doctest.h>

namespace fenceline {

TEST_SUITE_BEGIN("events/time");

namespace {

constexpr std::int64_t day_ns = 86'400'000'000'000;

// Counts days by hand: an oracle that shares nothing with the calendar of the library.
struct Day {
    int year = 1970, month = 1, day = 1;

    [[nodiscard]] int days_in_month() const {
        constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
        const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        return month == 2 && leap ? 29 : days[month - 1];
    }
    void next() {
        if (++day <= days_in_month()) return;
        day = 1;
        if (++month <= 12) return;
        month = 1;
        ++year;
    }
    void previous() {
        if (--day >= 1) return;
        if (--month < 1) {
            month = 12;
            --year;
        }
        day = days_in_month();
    }
    [[nodiscard]] std::string text() const {
        char out[64];
        std::snprintf(out, sizeof out, "%04d-%02d-%02dT00:00:00.000000000Z", year, month, day);
        return out;
    }
};

std::string why_not(std::string_view text) {
    const auto time = parse_rfc3339(text);
    REQUIRE_FALSE(time.has_value());
    CHECK(time.error().code == ErrorCode::invalid_request);
    return time.error().text;
}

}  // namespace

TEST_CASE("every day of the range is written and read as counted by hand") {
    int wrong = 0;
    const auto check = [&](const Day& day, std::int64_t ns) {
        wrong += to_rfc3339(Time{ns}) != day.text();
        const auto back = parse_rfc3339(day.text());
        wrong += !back || back->ns != ns;
    };
    Day later;
    for (std::int64_t n = 0; n < 106'751; ++n, later.next()) check(later, n * day_ns);
    CHECK(later.text().substr(0, 10) == "2262-04-11");
    Day earlier;
    for (std::int64_t n = 0; n < 106'751; ++n, earlier.previous()) check(earlier, -n * day_ns);
    CHECK(earlier.text().substr(0, 10) == "1677-09-22");
    CHECK(wrong == 0);
}

TEST_CASE("the edges of the range are exact") {
    constexpr auto least = std::numeric_limits<std::int64_t>::min();
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    CHECK(to_rfc3339(Time{least}) == "1677-09-21T00:12:43.145224192Z");
    CHECK(to_rfc3339(Time{most}) == "2262-04-11T23:47:16.854775807Z");
    CHECK(to_rfc3339(Time{-1}) == "1969-12-31T23:59:59.999999999Z");
    for (const auto ns : {least, least + 1, most, most - 1, std::int64_t{-1}, std::int64_t{0}})
        CHECK(parse_rfc3339(to_rfc3339(Time{ns}))->ns == ns);
    CHECK(why_not("1677-09-21T00:12:43.145224191Z").find("1677") != std::string::npos);
    why_not("2262-04-11T23:47:16.854775808Z");
    why_not("2262-04-11T23:47:17Z");
    why_not("0000-01-01T00:00:00Z");
    why_not("9999-12-31T23:59:59Z");
    // Only the offset takes it out of the range, or brings it back in.
    why_not("2262-04-11T23:47:16-00:01");
    CHECK(parse_rfc3339("2262-04-12T00:47:16+01:00").has_value());
}

TEST_CASE("offsets and decimals are understood") {
    const auto noon = parse_rfc3339("2026-05-24T10:00:00Z")->ns;
    CHECK(noon == 1'779'616'800'000'000'000);
    CHECK(parse_rfc3339("2026-05-24T12:00:00+02:00")->ns == noon);
    CHECK(parse_rfc3339("2026-05-24T04:15:00-05:45")->ns == noon);
    CHECK(parse_rfc3339("2026-05-24t10:00:00z")->ns == noon);
    CHECK(parse_rfc3339("2026-05-24 10:00:00Z")->ns == noon);
    CHECK(parse_rfc3339("2026-05-25T00:00:00+14:00")->ns == noon);
    CHECK(parse_rfc3339("2026-05-24T10:00:00.5Z")->ns == noon + 500'000'000);
    CHECK(parse_rfc3339("2026-05-24T10:00:00.000000001Z")->ns == noon + 1);
    CHECK(parse_rfc3339("2026-05-24T10:00:00.120Z")->ns == noon + 120'000'000);
    CHECK(parse_rfc3339("1969-12-31T23:59:59.75Z")->ns == -250'000'000);
}

TEST_CASE("what is not a time is refused with the reason") {
    for (const char* text : {"",
                             "Z",
                             "2026-05-24",
                             "2026-05-24T10:00:00",
                             "2026-05-24T10:00Z",
                             "26-05-24T10:00:00Z",
                             "2026-05-24T10:00:00.Z",
                             "2026-05-24T10:00:00.1234567890Z",
                             "2026-05-24T10:00:00,5Z",
                             "2026-05-24T10:00:00 Z",
                             " 2026-05-24T10:00:00Z",
                             "2026-05-24T10:00:00Z ",
                             "2026-05-24T10:00:00+2:00",
                             "2026-05-24T10:00:00+0200",
                             "2026-05-24T10:00:00+24:00",
                             "2026-05-24T10:00:00+02:60",
                             "2026-5-24T10:00:00Z",
                             "+026-05-24T10:00:00Z",
                             "-026-05-24T10:00:00Z",
                             "2026-05-24X10:00:00Z",
                             "2026-05-24T1 :00:00Z",
                             "2026-05-24T10:00:00Zulu",
                             "20260524T100000Z"})
        CHECK_FALSE_MESSAGE(parse_rfc3339(text).has_value(), text);
    CHECK(why_not("2026-05-24T10:00:00.1234567891Z").find("fraction") != std::string::npos);
    CHECK(why_not("2026-02-29T10:00:00Z").find("no such day") != std::string::npos);
    why_not("2026-00-10T10:00:00Z");
    why_not("2026-13-10T10:00:00Z");
    why_not("2026-04-31T10:00:00Z");
    why_not("2100-02-29T10:00:00Z");
    CHECK(parse_rfc3339("2000-02-29T10:00:00Z").has_value());
    CHECK(why_not("2026-05-24T24:00:00Z").find("no such time of day") != std::string::npos);
    why_not("2026-05-24T10:60:00Z");
    why_not("2026-05-24T10:00:61Z");
    CHECK(why_not("2016-12-31T23:59:60Z").find("leap second") != std::string::npos);
}

TEST_CASE("an error shows what was given without its control characters") {
    const auto text = why_not("\x1b[31mevil\n\xff" + std::string(500, 'x'));
    for (const char c : text) CHECK((c >= ' ' && c <= '~'));
    CHECK(text.size() < 200);
}

TEST_CASE("neither time zone nor locale changes a time") {
    const char* zone = std::getenv("TZ");
    const std::string before = zone != nullptr ? zone : "";
    ::setenv("TZ", "Asia/Kathmandu", 1);
    ::tzset();
    std::setlocale(LC_ALL, "");
    CHECK(to_rfc3339(Time{1'779'616'800'000'000'001}) == "2026-05-24T10:00:00.000000001Z");
    CHECK(parse_rfc3339("2026-05-24T10:00:00Z")->ns == 1'779'616'800'000'000'000);
    std::setlocale(LC_ALL, "C");
    if (zone != nullptr)
        ::setenv("TZ", before.c_str(), 1);
    else
        ::unsetenv("TZ");
    ::tzset();
}

TEST_CASE("the machine's clock goes on") {
    Clock& clock = system_clock();
    CHECK(&clock == &system_clock());
    CHECK(clock.now() > Time{1'700'000'000'000'000'000});
    auto last = clock.elapsed();
    for (int i = 0; i < 1'000; ++i) {
        const auto next = clock.elapsed();
        CHECK(next >= last);
        last = next;
    }
}

TEST_SUITE_END();

}  // namespace fenceline
