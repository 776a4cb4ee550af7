#pragma once

// Time as the journal keeps it: integer nanoseconds, and a clock that is always a parameter.
//
// Order never comes from a clock: it is the journal position. Times inform, and feed histograms.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "events/result.hpp"

namespace fenceline {

// A span of time in nanoseconds.
struct Duration {
    std::int64_t ns = 0;
    constexpr auto operator<=>(const Duration&) const = default;
};

constexpr Duration seconds(std::int64_t n) {
    return {n * 1'000'000'000};
}
constexpr Duration milliseconds(std::int64_t n) {
    return {n * 1'000'000};
}

// A moment in nanoseconds since 1970-01-01T00:00:00Z. 0 stands for "not set".
struct Time {
    std::int64_t ns = 0;
    constexpr auto operator<=>(const Time&) const = default;
    [[nodiscard]] constexpr bool given() const { return ns != 0; }
};

constexpr Time operator+(Time t, Duration d) {
    return {t.ns + d.ns};
}
constexpr Time operator-(Time t, Duration d) {
    return {t.ns - d.ns};
}
constexpr Duration operator+(Duration a, Duration b) {
    return {a.ns + b.ns};
}
constexpr Duration operator-(Duration a, Duration b) {
    return {a.ns - b.ns};
}
constexpr Duration operator-(Time a, Time b) {
    return {a.ns - b.ns};
}

// The clock that a store reads. Both functions may be called from any thread.
class Clock {
  public:
    virtual ~Clock() = default;
    // The wall clock: what `at` of an event becomes.
    [[nodiscard]] virtual Time now() = 0;
    // A clock that never goes back, for the duration of a call. Only differences mean something.
    [[nodiscard]] virtual Duration elapsed() = 0;
};

// The machine's own clock (CLOCK_REALTIME and CLOCK_MONOTONIC). One object for the process.
[[nodiscard]] Clock& system_clock();

// RFC 3339 in UTC with nine decimals: 2026-05-24T10:00:00.000000000Z. Years 1678 to 2262.
[[nodiscard]] std::string to_rfc3339(Time time);
// Accepts RFC 3339 with `Z` or an offset and up to nine decimals; `invalid_request` otherwise.
[[nodiscard]] Result<Time> parse_rfc3339(std::string_view text);

}  // namespace fenceline
