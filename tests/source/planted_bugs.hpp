#pragma once

// The planted bugs of tests/mutants/mutants.toml, as far as the tree can tell of them without
// building any: each is a text of one file, which must stand there exactly once.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tests/source/tree.hpp"

namespace fenceline::testing {

struct PlantedBug {
    std::string name;
    std::string file;
    std::string old;
};

// In their order. What is not written the way that file is (`[name]`, `key = 'text'` and texts of
// several lines between three quotes) is left out.
[[nodiscard]] std::vector<PlantedBug> planted_bugs_of(std::string_view toml);

// The names of those whose text does not stand once in its file: nobody can plant them any more.
[[nodiscard]] std::vector<std::string> stale_bugs(const std::vector<PlantedBug>& bugs,
                                                  const std::vector<SourceFile>& tree);

}  // namespace fenceline::testing
