#pragma once

// From how much on something is an incident. The times of a healthy pool are the contract's
// (janitor sweep); the counts are what a person on call would want to be told of.
//
// Plain data.

#include <cstddef>
#include <cstdint>

#include "events/time.hpp"

namespace fenceline::replay::incident {

// So many within so long. Each event counts as often as it says it happened.
struct Rate {
    std::int64_t at_least;
    Duration within;
};

struct Limits {
    Rate fence_misses{10, seconds(60)};    // of one outcome
    Rate cap_refusals{10, seconds(60)};    // claims and spawns turned away by one cap
    Rate orphans{5, seconds(60)};          // workers retired as orphans
    Rate losses{5, seconds(60)};           // workers marked lost
    Rate spawn_failures{3, seconds(300)};  // at one stage
    Rate activation_failures{3, seconds(300)};
    Rate health_failures{5, seconds(60)};
    Rate pod_delete_failures{3, seconds(300)};
    Rate capacity_misses{10, seconds(60)};  // for one reason
    Rate store_errors{1, seconds(60)};      // the journal was failing
    Rate owner_changes{3, seconds(300)};    // of one worker, while it had an owner

    // A worker that stays longer in one of these is stuck.
    Duration spawning = seconds(120);
    Duration reserved = seconds(120);
    Duration activating = seconds(120);
    Duration draining = seconds(120);

    // What a janitor does on time: expire an instance not heard of for `stale`, retire the workers
    // of an expired one after `orphan_grace`. Later than `patience` beyond that, it is silent.
    Duration stale = seconds(20);
    Duration orphan_grace = seconds(30);
    Duration patience = seconds(60);

    std::size_t named = 3;  // names in one sentence, the most frequent ones; the rest is counted
};

}  // namespace fenceline::replay::incident
