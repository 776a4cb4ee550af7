#pragma once

// A policy as written on the command line:
//
//   hot_idle_ttl=5m,stuck_spawning=30s,stuck_activating=30s,orphan_grace=10s,
//   max_org_workers=4,max_global_workers=100,warm_target=3
//
// Pure functions.

#include <string>
#include <string_view>

#include "events/result.hpp"
#include "replay/whatif/policy.hpp"

namespace fenceline::tools {

// The empty text is the policy that names nothing. `invalid_request` for an unknown or repeated
// key, and for a value that is no duration or whole number.
[[nodiscard]] Result<replay::Policy> parse_policy(std::string_view text);

// As it is written, in the order of the keys; parse_policy() takes it.
[[nodiscard]] std::string policy_text(const replay::Policy& policy);

}  // namespace fenceline::tools
