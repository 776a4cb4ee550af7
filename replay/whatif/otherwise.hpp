#pragma once

// What came out otherwise: the fates of workers in the record and under a policy, and the first
// thing that set them apart.
//
// Plain data; any thread.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "events/event.hpp"
#include "replay/whatif/limits.hpp"

namespace fenceline::replay {

// Why a worker's life first went another way. `position` is the recorded operation that it was
// asked at, or the last one before a sweep.
enum class Why : std::uint8_t {
    follows,           // from another worker's difference
    limit_passed,      // older than `limit`, and retired by a sweep that the record does not have
    limit_not_passed,  // the janitor's call came before it was as old as `limit`
    spawn_refused,     // it ended as `outcome`
    spawn_served,      // where the record has `outcome`
    spawn_not_needed,  // its caller had `other`
    claim_refused,     // it ended as `outcome`
    claim_served,      // where the record has `outcome`
    claim_took_other,  // it took `other` instead of this one
    claim_took_this,   // it took this one instead of `other`
    claim_not_needed,  // its caller had `other`
    held_other,        // its recorded holder held `other`
    held_nothing,      // its recorded holder held nothing
};

struct Cause {
    Why why = Why::follows;
    Position position;
    Time at;
    WorkerId other;
    Outcome outcome = Outcome::none;
    std::optional<whatif::Limit> limit;
};

// How a worker stands at the end of the window.
struct Fate {
    State state = State::none;  // `none`: it never was
    // Of the event that ended it; not set while it lives, and for what ended before the window.
    Position position;
    Time at;
    Operation operation = Operation::none;
    Origin origin = Origin::unknown;
    std::string reason;
    std::optional<whatif::Limit> limit;  // ended by a sweep that the record does not have
};

// A claim, or a take-over, that only one of the two courses has on this worker.
struct ClaimApart {
    Position position;
    Time at;
    std::string caller, org;
};

// In the order of what weighs most; a worker is counted once.
enum class Turn : std::uint8_t {
    spawned,      // only under the policy
    not_spawned,  // only in the record
    lives,        // ended in the record, lives under the policy
    dies,         // lives in the record, ended under the policy
    ends,         // ended in both, by something else
    claimed,      // lives in both, or ended alike; claimed otherwise
    stands,       // lives in both, in another state or another's
};
inline constexpr std::array turns{Turn::spawned, Turn::not_spawned, Turn::lives, Turn::dies,
                                  Turn::ends,    Turn::claimed,     Turn::stands};
[[nodiscard]] std::string_view to_text(Turn turn);

struct WorkerOtherwise {
    WorkerId worker;
    std::string image;
    Turn turn = Turn::stands;
    Fate recorded, policy;
    Cause why;
    std::optional<ClaimApart> recorded_claim, policy_claim;  // the first that the other has not
};

// One course of events, added up.
struct CourseTotals {
    std::int64_t claims_served = 0, claims_refused = 0;  // idle and hot_idle alike
    std::int64_t spawned = 0, spawns_refused = 0;
    std::int64_t swept = 0;                          // by sweeps that the record does not have
    std::int64_t peak_active = 0;                    // the most at once
    std::array<std::int64_t, state_count> at_end{};  // by state, `none` excepted
};

}  // namespace fenceline::replay
