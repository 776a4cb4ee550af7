#pragma once

// What `fenceline replay` can do besides folding; each in a file of its own.

#include <string>
#include <vector>

#include "tools/command_line.hpp"

namespace fenceline::tools {

struct ReplayCommand {
    std::vector<std::string> paths;
    std::string from, to;
    bool from_start = false;
    bool check = false, coverage = false;
    bool step = false;
    std::vector<std::string> until;
    std::vector<std::string> with;

    [[nodiscard]] const std::string& path() const { return paths.front(); }
};

// --check: every operation decided again.
[[nodiscard]] int replay_check(const ReplayCommand& options, const Context& context);
// --step and --until: event by event.
[[nodiscard]] int replay_step(const ReplayCommand& options, const Context& context);

// --with: an incident under another policy.
[[nodiscard]] int replay_what_if(const ReplayCommand& options, const Context& context);

}  // namespace fenceline::tools
