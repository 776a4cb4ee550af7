#pragma once

// `fenceline diff` of two journals: where they first say something else.

#include <string>

#include "journal/journal.hpp"
#include "tools/command_line.hpp"

namespace fenceline::tools {

// Prints what it found and gives the exit code. `at`: as --at was written, for both.
[[nodiscard]] int diff_journals(const std::string& path, const std::string& other_path,
                                const std::string& at, const Context& context);

}  // namespace fenceline::tools
