#pragma once

// What `exec` answers to queries and sweeps.

#include "events/result.hpp"
#include "journal/lifecycle_store.hpp"
#include "tools/exec/request.hpp"

namespace fenceline::tools {

[[nodiscard]] Result<Json> answer_query(LifecycleStore& store, const Query& query);

// Each list holds one answer per worker, misses included.
[[nodiscard]] Json json_of(const SweepReport& report);

}  // namespace fenceline::tools
