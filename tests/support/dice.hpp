#pragma once

// Numbers that are the same on every machine: the standard fixes the engine, not its distributions.
//
//   Dice dice(seed);
//   if (dice.percent(3)) fail_at(1 + dice.below(12));
//
// Threading: as a std::mt19937_64.

#include <cstdint>
#include <random>
#include <vector>

namespace fenceline::testing {

class Dice {
  public:
    explicit Dice(std::uint64_t seed) : engine_(seed) {}
    [[nodiscard]] std::int64_t below(std::int64_t n) {
        return static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(n));
    }
    [[nodiscard]] bool percent(std::int64_t chance) { return below(100) < chance; }
    template <typename T>
    [[nodiscard]] const T& of(const std::vector<T>& values) {
        return values[static_cast<std::size_t>(below(static_cast<std::int64_t>(values.size())))];
    }

  private:
    std::mt19937_64 engine_;
};

}  // namespace fenceline::testing
