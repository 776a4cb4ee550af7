#pragma once

// Sums of numbers that came from outside. A journal may hold any 64-bit time or count; sticking at
// the end of the range keeps a fold total, and the same on any machine (I3, I6).

#include <cstdint>
#include <limits>

#include "events/time.hpp"

namespace fenceline {

constexpr std::int64_t saturating_add(std::int64_t a, std::int64_t b) {
    std::int64_t sum = 0;
    if (!__builtin_add_overflow(a, b, &sum)) return sum;
    return b > 0 ? std::numeric_limits<std::int64_t>::max()
                 : std::numeric_limits<std::int64_t>::min();
}

constexpr std::int64_t saturating_subtract(std::int64_t a, std::int64_t b) {
    std::int64_t difference = 0;
    if (!__builtin_sub_overflow(a, b, &difference)) return difference;
    return b < 0 ? std::numeric_limits<std::int64_t>::max()
                 : std::numeric_limits<std::int64_t>::min();
}

constexpr Duration between(Time from, Time to) {
    return Duration{saturating_subtract(to.ns, from.ns)};
}

}  // namespace fenceline
