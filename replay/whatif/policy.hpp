#pragma once

// A policy that an incident can be looked at under: the limits and caps that differ from those it
// was recorded with. What is not named stays as recorded.
//
//   Policy policy{.hot_idle_ttl = seconds(300), .max_org_workers = 4};
//
// Plain data; any thread.

#include <cstdint>
#include <optional>

#include "events/time.hpp"

namespace fenceline::replay {

struct Policy {
    // The janitor's: retired once this old.
    std::optional<Duration> hot_idle_ttl, stuck_spawning, stuck_activating, orphan_grace;
    // Instead of what spawns and claims named; 0: no cap.
    std::optional<std::int64_t> max_org_workers, max_global_workers;
    // Instead of what spawns for the warm pool named; 0: no target, so no spawn is one too many.
    std::optional<std::int64_t> warm_target;

    bool operator==(const Policy&) const = default;
};

}  // namespace fenceline::replay
