#pragma once

// How much of a seeded test is run: what the environment asks for.
//
//   FENCELINE_SEED=17    that one seed again
//   FENCELINE_SCALE=0.1  a tenth of it
//   FENCELINE_LONG=1     25 times as much
//
// Threading: reads the environment once, when made.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>

namespace fenceline::testing {

struct Environment {
    std::optional<std::uint64_t> seed;
    double scale = 1;
    bool judged = true;  // whether enough is run to judge what was met

    Environment() {
        if (const char* text = std::getenv("FENCELINE_SEED"))
            seed = std::strtoull(text, nullptr, 10);
        if (const char* text = std::getenv("FENCELINE_SCALE")) scale = std::strtod(text, nullptr);
        if (const char* text = std::getenv("FENCELINE_LONG"); text && *text == '1') scale *= 25;
        judged = scale >= 1 && !seed;
    }
    [[nodiscard]] std::int64_t scaled(std::int64_t n) const {
        return std::max<std::int64_t>(1, static_cast<std::int64_t>(static_cast<double>(n) * scale));
    }
};

}  // namespace fenceline::testing
