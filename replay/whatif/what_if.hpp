#pragma once

// What if: an incident told again under another policy, and which workers would have lived, died
// or been claimed otherwise.
//
//   auto found = replay::what_if(**reader, {.policy = {.hot_idle_ttl = seconds(300)}});
//   for (const WorkerOtherwise& worker : found->workers) ...
//
// The recorded operations are decided anew in a world of their own, under the caps of the policy,
// and the world goes on from what came of them. It is a question, and the answer is as good as
// this: **callers behave as they are recorded.** Nobody is taken to ask for anything that the
// journal does not hold, but for what follows.
//
// - Who holds a worker in the record holds in its place what the same request gave it here, which
//   may be another worker, or nothing: then it makes no more calls with it.
// - A request that is served here alone gives its caller a spare. It stands in for the next one
//   that the record gives to the same caller for the same org and image within 60 s; failing that,
//   it serves one session of 60 s and is parked. What was spawned for nobody becomes idle after as
//   long as the last recorded pod took.
// - Crashes and losses happen to the pods that they happened to, whoever holds them; another worker
//   that the caller held meanwhile is parked.
// - What a janitor or another list brought about happens only where the list would have shown the
//   same. A limit that the policy names takes the place of the recorded one: a recorded call comes
//   only once the worker is that old, and sweeps of our own end whom the record let live (at the
//   latest moment at which a janitor that sweeps every 10 s would have come by). Workers that
//   differ from the record are swept under the policy's limits, else under those that the record
//   shows, else the defaults.
// - What a control plane ends under a limit of its own (the origins `per_cp_hot_idle_ttl`,
//   `per_cp_orphan`, `pool_stuck_activating`) is its caller's doing, and stays as recorded.
// - Expiries, heartbeats and leadership of control planes are as recorded. Heartbeats of workers
//   are not made up: one that outlives its record is as old as its last recorded change.
// - Where nothing differs, the recorded outcome stands, also where today's table would decide
//   otherwise: `replay --check` is for that. It is counted.
//
// So a policy that names nothing, or what the record has kept, changes nothing.
//
// Reads the window twice, asks no clock. Memory grows with the workers, not with the events. One
// thread a reader.

#include <optional>
#include <vector>

#include "replay/replayer.hpp"
#include "replay/whatif/otherwise.hpp"
#include "replay/whatif/policy.hpp"

namespace fenceline::replay {

struct WhatIfOptions {
    Policy policy;
    Position after;              // events after this one
    std::optional<Position> to;  // up to and including; none: the head as of now
    Progress progress;
};

struct WhatIf {
    Position after, to;
    Time from_at, to_at;        // of the first and the last event; not set without events
    std::int64_t events = 0;    // in the window
    std::int64_t asked = 0;     // operations that were put to the other world
    std::int64_t unasked = 0;   // that their callers would not have come to
    std::int64_t by_table = 0;  // decided otherwise today where nothing differs; as recorded here
    std::array<whatif::LimitInUse, whatif::all_limits.size()> limits;
    CourseTotals recorded, policy;
    std::vector<WorkerOtherwise> workers;  // by worker

    [[nodiscard]] std::int64_t of(Turn turn) const;
};

// `invalid_request` for a policy whose values are out of range, `not_found` for positions that the
// journal does not have.
[[nodiscard]] Result<WhatIf> what_if(Reader& reader, const WhatIfOptions& options);

}  // namespace fenceline::replay
