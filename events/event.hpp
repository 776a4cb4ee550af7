#pragma once

// What happened: one value per operation, accepted or refused.
//
// An event is an envelope that every operation shares, and a payload that says what this kind of
// operation asked and did. Together they hold everything a later reader needs: the arguments and
// the fence (so the decision can be made again), what the record looked like when it was judged
// (so a refusal explains itself), and the result (so `evolve` and the projections only record).
//
// Plain data. Text ids belong to the dictionary of the journal that holds the event.

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "events/ids.hpp"
#include "events/labels.hpp"
#include "events/result.hpp"
#include "events/time.hpp"

namespace fenceline {

// The limits that a claim or a spawn named; 0 or less is "no limit".
struct Caps {
    std::int64_t max_org_workers = 0;
    std::int64_t max_global_workers = 0;
    bool operator==(const Caps&) const = default;
};

// A pod's name: `<prefix>-<worker id>` when `numbered`, else the text itself.
struct PodName {
    TextId text;
    bool numbered = false;
    bool operator==(const PodName&) const = default;
};

// --- payloads -----------------------------------------------------------------------------------

struct NoDetail {
    bool operator==(const NoDetail&) const = default;
};

struct WorkerSpawned {
    WorkerId asked_worker;  // 0: the next free one
    TextId prefix;
    TextId org;
    Epoch epoch;
    Caps caps;
    std::int64_t warm_target = 0;
    bool operator==(const WorkerSpawned&) const = default;
};

struct WorkerAdopted {
    PodName pod;
    TextId org, owner, retire_reason;
    Epoch epoch;
    State state = State::none;
    Time created_at, updated_at, last_heartbeat_at, reserved_at;
    Time activation_started_at, credentials_expire_at, drain_started_at;
    bool operator==(const WorkerAdopted&) const = default;
};

struct WorkerClaimed {
    TextId org;
    TextId asked_image;  // empty: any
    Caps caps;
    Epoch new_epoch;  // 0 when nothing was claimed
    bool operator==(const WorkerClaimed&) const = default;
};

struct WorkerTakenOver {
    TextId org;
    Epoch asked_epoch;
    Epoch new_epoch;  // 0 when refused
    bool operator==(const WorkerTakenOver&) const = default;
};

// The ownership that a lease operation presented.
struct Presented {
    TextId owner;
    Epoch epoch;
    bool operator==(const Presented&) const = default;
};

// publish_*, begin_activation, park, unpark, heartbeat, drain
struct LeaseExercised {
    Presented lease;
    bool operator==(const LeaseExercised&) const = default;
};

struct ActivationCompleted {
    Presented lease;
    Time reserved_at;  // as found: the activation histogram is `at` minus this
    bool operator==(const ActivationCompleted&) const = default;
};

struct LeaseRefreshed {
    Presented lease;
    Epoch new_epoch;  // 0 when refused
    bool operator==(const LeaseRefreshed&) const = default;
};

struct CredentialsRefreshed {
    Presented lease;
    Time expires_at;
    bool operator==(const CredentialsRefreshed&) const = default;
};

// retire_drained, mark_lost_from_lease, retire_local
struct WorkerEnded {
    Presented lease;
    TextId reason;
    bool operator==(const WorkerEnded&) const = default;
};

// The three snapshot operations: what had been observed, and what was asked.
struct SnapshotJudged {
    Presented observed;
    State observed_state = State::none;
    Position observed_version;
    State target = State::retired;
    TextId reason;
    bool operator==(const SnapshotJudged&) const = default;
};

struct ControlPlaneMarked {
    TextId instance;
    Time cutoff;  // cp_expire_*: the time it was judged against
    bool operator==(const ControlPlaneMarked&) const = default;
};

struct SpawnFailed {
    SpawnFailureReason reason = SpawnFailureReason::other;
    bool operator==(const SpawnFailed&) const = default;
};

struct HealthChecked {
    HealthResult result = HealthResult::pass;
    bool operator==(const HealthChecked&) const = default;
};

struct PodDeleted {
    Time drain_started_at;  // as found; 0: the worker was not draining, so no sample
    bool operator==(const PodDeleted&) const = default;
};

struct StrandedReconciled {
    StrandedOutcome outcome = StrandedOutcome::deleted;
    bool operator==(const StrandedReconciled&) const = default;
};

struct WarmCapacityMissed {
    MissReason reason = MissReason::no_idle;
    bool operator==(const WarmCapacityMissed&) const = default;
};

struct WarmCapacityTargeted {
    std::vector<std::pair<TextId, std::int64_t>> targets;  // image -> target, in the order given
    std::int64_t max_workers = 0;
    bool operator==(const WarmCapacityTargeted&) const = default;
};

struct LeadershipChanged {
    Leadership leadership = Leadership::acquired;
    bool operator==(const LeadershipChanged&) const = default;
};

// Heartbeats answered from memory, `count` of them, recorded with the worker's next event.
struct HeartbeatsTallied {
    Time last_at;
    std::vector<Duration> took;  // one each
    bool operator==(const HeartbeatsTallied&) const = default;
};

// An operation that never came to a decision: refused as senseless, or the journal was failing.
struct OperationFailed {
    ErrorCode code = ErrorCode::invalid_request;
    std::vector<Duration> took;  // one per count when appended late; empty: measured as usual
    bool operator==(const OperationFailed&) const = default;
};

// The order is FROZEN: the index is the payload's kind number in the journal (FORMAT.md).
using Payload =
    std::variant<NoDetail, WorkerSpawned, WorkerAdopted, WorkerClaimed, WorkerTakenOver,
                 LeaseExercised, ActivationCompleted, LeaseRefreshed, CredentialsRefreshed,
                 WorkerEnded, SnapshotJudged, ControlPlaneMarked, SpawnFailed, HealthChecked,
                 PodDeleted, StrandedReconciled, WarmCapacityMissed, WarmCapacityTargeted,
                 LeadershipChanged, HeartbeatsTallied, OperationFailed>;

// --- the envelope -------------------------------------------------------------------------------

struct Event {
    Position position;    // given by the journal's writer
    Time at;              // never before the event before it
    RecorderId recorder;  // given by the journal's writer
    Operation operation = Operation::none;
    Outcome outcome = Outcome::none;
    Check failed_check = Check::none;  // which check refused it
    Origin origin = Origin::unknown;
    TextId caller;            // the control-plane instance that asked
    WorkerId worker;          // 0: none was named or found
    TextId image;             // the worker's, else the one that was asked for
    std::uint32_t count = 1;  // how many this event stands for (an embedder's tally)

    // The record as it was found, before this event; empty where there was none.
    TextId owner;
    TextId org;
    Epoch epoch;
    State from = State::none;
    Position version;  // who won, when this one was refused

    State to = State::none;  // the record's state after it; `from` when refused

    std::string request_id;  // may be empty
    Payload payload;

    bool operator==(const Event&) const = default;
};

[[nodiscard]] inline bool transitioned(const Event& event) {
    return event.outcome == Outcome::transitioned;
}

// How long a call took, from its entry until its event was durable.
struct Measurement {
    Operation operation = Operation::none;  // `none`: the event at this place was not timed
    Duration took;
    bool operator==(const Measurement&) const = default;
};

// The durations of one earlier commit of the same recorder, event by event from `first`. They
// are recorded with the commit after it: a duration includes its own commit.
struct Measurements {
    Position first;
    std::vector<Measurement> values;
    bool operator==(const Measurements&) const = default;
};

// Who recorded: one opened store.
struct Recorder {
    RecorderId id;
    std::string instance;  // the control-plane instance
    std::string run;       // unique for each opening
    Position first;        // its first event is at or after this
    bool operator==(const Recorder&) const = default;
};

}  // namespace fenceline
