#pragma once

// What a store says of the pool held against the oracle: rows, lists, counts, who is live. Every
// function returns the first difference in words, and nothing when there is none.
//
// Threading: that of the store; the oracle is only read.

#include <string>
#include <vector>

#include "journal/lifecycle_store.hpp"
#include "tests/support/oracle.hpp"

namespace fenceline::testing {

// Every worker as `observe` shows it, a worker that nobody made, and the position.
[[nodiscard]] std::string rows_differ(LifecycleStore& store, const Oracle& oracle);
// A list: these ids in this order, each row as it is now.
[[nodiscard]] std::string list_differs(const std::string& name,
                                       const Result<std::vector<WorkerSnapshot>>& rows,
                                       const Oracle::Ids& ids, const Oracle& oracle);
// lifecycle_stats, live_control_planes and warm_targets.
[[nodiscard]] std::string pool_differs(LifecycleStore& store, const Oracle& oracle);

// The steps of a janitor sweep, in order; what a step asks depends on what came of those before it.
inline constexpr int sweep_steps = 5;
[[nodiscard]] std::vector<Command> sweep_step(int step, const Oracle& oracle,
                                              const SweepOptions& options, const Ask& leader,
                                              std::int64_t now);
// What the report says of a step that retires workers: the third and later.
[[nodiscard]] const std::vector<Answer>& step_answers(int step, const SweepReport& report);

}  // namespace fenceline::testing
