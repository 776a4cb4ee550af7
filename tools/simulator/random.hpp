#pragma once

// Random numbers for the simulator: the same seed gives the same numbers with every compiler and
// library. The distributions of <random> do not promise that, so these are our own, in integers.
//
//   Random pods(seed, "pods");
//   if (pods.chance(Permille{20})) ...
//
// Each purpose has a stream of its own, so that one more draw for pods moves no client. Never draw
// twice in one expression: the order of its parts is the compiler's.
// Threading: as a std::vector.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "events/time.hpp"

namespace fenceline::tools {

// A probability in thousandths.
struct Permille {
    std::int64_t value = 0;
    constexpr auto operator<=>(const Permille&) const = default;
};

class Random {
  public:
    Random(std::uint64_t seed, std::string_view purpose);

    // 64 equally likely bits.
    std::uint64_t next();
    // 0 up to, not including, `bound`, which is at least 1.
    std::uint64_t below(std::uint64_t bound);
    // Both ends included.
    Duration between(Duration low, Duration high);
    bool chance(Permille probability);
    // Waiting times of things that happen at any moment: the exponential distribution.
    Duration exponential(Duration mean);
    // At least `least`, and an exponential time more.
    Duration beyond(Duration least, Duration mean) { return {least.ns + exponential(mean).ns}; }
    // An index, with the odds given; at least one of them is not 0.
    std::size_t weighted(std::span<const std::uint64_t> odds);

  private:
    std::uint64_t state_;
};

// Sixteen digits.
[[nodiscard]] std::string hexadecimal(std::uint64_t bits);

}  // namespace fenceline::tools
