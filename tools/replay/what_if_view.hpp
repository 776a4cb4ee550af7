#pragma once

// What a policy would have changed, for people and as JSON. At most so many workers are shown; the
// rest is only counted.

#include <string>

#include "replay/whatif/what_if.hpp"
#include "tools/command_line.hpp"
#include "tools/json.hpp"

namespace fenceline::tools {

inline constexpr std::size_t most_workers_shown = 10'000;

[[nodiscard]] Json what_if_json(const replay::Policy& policy, const replay::WhatIf& found);
[[nodiscard]] std::string what_if_text(const replay::Policy& policy, const replay::WhatIf& found,
                                       const Context& context);

}  // namespace fenceline::tools
