#pragma once

// How much of a seeded test is run, and with which seed: what whoever starts it asks for.
//
//   --seed 17     FENCELINE_SEED=17     that seed
//   --scale 0.1   FENCELINE_SCALE=0.1   a tenth of it
//   --long        FENCELINE_LONG=1      the long form
//
// main.cpp makes the variables of the options, so that processes of a test hear of them too. It
// refuses what is no number: a test of nothing passes.
//
// Threading: reads the environment when made.

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>

namespace fenceline::testing {

struct Extent {
    static constexpr const char* seed_variable = "FENCELINE_SEED";
    static constexpr const char* scale_variable = "FENCELINE_SCALE";
    static constexpr const char* long_variable = "FENCELINE_LONG";

    std::optional<std::uint64_t> seed;
    double scale = 1;
    bool long_form = false;

    // Throws std::invalid_argument where a variable says something else.
    Extent()
        : seed(number<std::uint64_t>(seed_variable)),
          scale(number<double>(scale_variable).value_or(1)),
          long_form(number<int>(long_variable).value_or(0) != 0) {
        if (!(scale >= 0.001 && scale <= 1'000))
            throw std::invalid_argument("the scale (--scale or " + std::string(scale_variable) +
                                        ") is from 0.001 to 1000");
    }

    [[nodiscard]] std::uint64_t seed_or(std::uint64_t otherwise) const {
        return seed.value_or(otherwise);
    }
    // At least 1 of what is `n` by itself.
    [[nodiscard]] std::int64_t scaled(std::int64_t n) const {
        return std::max<std::int64_t>(1, std::llround(static_cast<double>(n) * scale));
    }
    // Likewise, 25 times as much in the long form: for tests whose every run is another one.
    [[nodiscard]] std::int64_t runs(std::int64_t n) const { return scaled(long_form ? 25 * n : n); }
    // The options that ask for it again, each after a space.
    [[nodiscard]] std::string options() const {
        std::string out;
        if (seed) out += " --seed " + std::to_string(*seed);
        if (scale != 1) out += " --scale " + std::to_string(scale);
        if (long_form) out += " --long";
        return out;
    }
    // Whether enough is run to judge what was met.
    [[nodiscard]] bool judged() const { return scale >= 1 && !seed; }

  private:
    template <typename Number>
    static std::optional<Number> number(const char* variable) {
        const char* text = std::getenv(variable);
        if (text == nullptr) return std::nullopt;
        Number value{};
        const char* end = text + std::strlen(text);
        const auto [rest, error] = std::from_chars(text, end, value);
        if (error != std::errc() || rest != end)
            throw std::invalid_argument(std::string("\"") + text + "\" is no number for " +
                                        variable);
        return value;
    }
};

}  // namespace fenceline::testing
