// The operations that act on a worker: what is asked becomes a judgement, the transition table
// judges it, and the event says what was asked, what was found and how it ended.

#include <charconv>

#include "events/invariant.hpp"
#include "events/limits.hpp"
#include "statemachine/deciding.hpp"

namespace fenceline {

namespace {

bool done(const Judgement& judgement) {
    return judgement.outcome == Outcome::transitioned;
}

void note_outcome(Event& event, const Judgement& judgement) {
    event.outcome = judgement.outcome;
    event.failed_check = judgement.failed_check;
    if (done(judgement)) event.to = judgement.to;
}

// The owner's claim is the epoch after the one that was found (I4).
Epoch next_epoch(const Judgement& judgement) {
    if (!done(judgement)) return {};
    FENCELINE_INVARIANT(judgement.found != nullptr, "what is done is done to a worker");
    return Epoch{judgement.found->epoch.value + 1};
}

// --- lease ---------------------------------------------------------------------------------------

// The details that differ between the lease operations.
template <typename CommandType>
Payload lease_detail(Deciding& deciding, const CommandType& asked, const Judgement& judgement) {
    if constexpr (std::same_as<CommandType, CompleteActivation>)
        return ActivationCompleted{judgement.presented,
                                   judgement.found ? judgement.found->reserved_at : Time{}};
    else if constexpr (std::same_as<CommandType, RefreshLease>)
        return LeaseRefreshed{judgement.presented, next_epoch(judgement)};
    else if constexpr (requires { asked.expires_at; })
        return CredentialsRefreshed{judgement.presented, asked.expires_at};
    else if constexpr (requires { asked.reason; })
        return WorkerEnded{judgement.presented, deciding.number(asked.reason)};
    else
        return LeaseExercised{judgement.presented};
}

template <typename CommandType>
void decide_lease(Deciding& deciding, const CommandType& asked) {
    const WorkerLease& lease = asked.lease;
    const Worker* worker = deciding.world().find(lease.worker());
    const TextId owner = deciding.number(lease.owner(), worker ? worker->owner : TextId{});
    Judgement judgement{
        .world = deciding.world(), .found = worker, .presented = {owner, lease.epoch()}};
    judge<CommandType>(judgement);

    Event& event = deciding.begin(operation_for<CommandType>(), owner);
    event.worker = lease.worker();
    if (worker)
        note_found(event, *worker);
    else
        event.image = deciding.number(lease.image());
    note_outcome(event, judgement);
    event.payload = lease_detail(deciding, asked, judgement);
}

// --- snapshot ------------------------------------------------------------------------------------

template <typename CommandType>
void decide_snapshot(Deciding& deciding, const WorkerSnapshot& snapshot, State target,
                     const std::string& reason) {
    const WorkerView& seen = snapshot.row();
    const Worker* worker = deciding.world().find(seen.worker);
    const TextId owner = deciding.number(seen.owner, worker ? worker->owner : TextId{});
    Judgement judgement{.world = deciding.world(),
                        .found = worker,
                        .presented = {owner, seen.epoch},
                        .observed = seen.state,
                        .observed_version = seen.version};
    judge<CommandType>(judgement);

    Event& event = deciding.begin(operation_for<CommandType>());
    event.worker = seen.worker;
    if (worker)
        note_found(event, *worker);
    else
        event.image = deciding.number(seen.image);
    note_outcome(event, judgement);
    event.payload = SnapshotJudged{.observed = judgement.presented,
                                   .observed_state = seen.state,
                                   .observed_version = seen.version,
                                   .target = target,
                                   .reason = deciding.number(reason)};
}

// --- claim ---------------------------------------------------------------------------------------

// A claim that finds nothing, or meets a cap, names no worker: none was touched.
template <typename CommandType>
void decide_claim(Deciding& deciding, const CommandType& asked) {
    World& world = deciding.world();
    Event& event = deciding.begin(operation_for<CommandType>());
    const TextId org = deciding.number(asked.org);
    const TextId image = deciding.number(asked.image);
    const auto match =
        std::same_as<CommandType, ClaimIdle> ? world.idle(image) : world.hot_idle(org, image);
    Judgement judgement{.world = world,
                        .found = match ? world.find(*match) : nullptr,
                        .caller = event.caller,
                        .org = org,
                        .caps = asked.caps};
    judge<CommandType>(judgement);

    event.image = image;
    if (done(judgement)) note_found(event, *judgement.found);
    note_outcome(event, judgement);
    event.payload = WorkerClaimed{
        .org = org, .asked_image = image, .caps = asked.caps, .new_epoch = next_epoch(judgement)};
}

// --- create --------------------------------------------------------------------------------------

// A pod that is named after its worker needs no text of its own in the dictionary.
PodName pod_name(Deciding& deciding, const WorkerView& row) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, row.worker.value).ptr;
    const std::string ending = "-" + std::string(digits, end);
    if (!row.pod.ends_with(ending)) return {deciding.number(row.pod), false};
    const auto prefix = std::string_view(row.pod).substr(0, row.pod.size() - ending.size());
    return {deciding.number(prefix), true};
}

Time given_or(Time time, Time otherwise) {
    return time.given() ? time : otherwise;
}

}  // namespace

void decide_one(Deciding& deciding, const Spawn& asked) {
    World& world = deciding.world();
    Event& event = deciding.begin(Operation::spawn);
    const WorkerId next{world.highest_id().value + 1};
    const WorkerId id = asked.worker.value_or(next);
    Judgement judgement{.world = world,
                        .found = world.find(id),
                        .caller = event.caller,
                        .org = deciding.number(asked.org),
                        .image = deciding.number(asked.image),
                        .caps = asked.caps,
                        .warm_target = asked.warm_target};
    event.image = judgement.image;
    if (!limits::is_worker_id(id.value)) {
        // Somebody took the last number; a spawn has to name one that is free.
        event.outcome = Outcome::store_error;
        event.failed_check = Check::request;
        event.payload = OperationFailed{.code = ErrorCode::invalid_request};
        return;
    }
    judge<Spawn>(judgement);

    if (done(judgement) || asked.worker) event.worker = id;
    if (judgement.found) note_found(event, *judgement.found);
    note_outcome(event, judgement);
    event.payload = WorkerSpawned{.asked_worker = asked.worker.value_or(WorkerId{}),
                                  .prefix = deciding.number(asked.prefix),
                                  .org = judgement.org,
                                  .epoch = asked.epoch,
                                  .caps = asked.caps,
                                  .warm_target = asked.warm_target};
}

void decide_one(Deciding& deciding, const Adopt& asked) {
    const WorkerView& row = asked.row;
    Event& event = deciding.begin(Operation::adopt);
    Judgement judgement{.world = deciding.world(),
                        .found = deciding.world().find(row.worker),
                        .adopted_as = row.state};
    judge<Adopt>(judgement);

    event.worker = row.worker;
    event.image = deciding.number(row.image);
    if (judgement.found) note_found(event, *judgement.found);
    note_outcome(event, judgement);
    event.payload =
        WorkerAdopted{.pod = pod_name(deciding, row),
                      .org = deciding.number(row.org),
                      .owner = deciding.number(row.owner),
                      .retire_reason = deciding.number(row.retire_reason),
                      .epoch = row.epoch,
                      .state = row.state,
                      .created_at = given_or(row.created_at, deciding.now()),
                      .updated_at = given_or(row.updated_at, deciding.now()),
                      .last_heartbeat_at = given_or(row.last_heartbeat_at, deciding.now()),
                      .reserved_at = row.reserved_at,
                      .activation_started_at = row.activation_started_at,
                      .credentials_expire_at = row.credentials_expire_at};
}

void decide_one(Deciding& d, const PublishIdle& asked) {
    decide_lease(d, asked);
}
void decide_one(Deciding& d, const PublishReserved& asked) {
    decide_lease(d, asked);
}
void decide_one(Deciding& d, const BeginActivation& asked) {
    decide_lease(d, asked);
}
void decide_one(Deciding& d, const CompleteActivation& asked) {
    decide_lease(d, asked);
}
void decide_one(Deciding& d, const Park& asked) {
    decide_lease(d, asked);
}
void decide_one(Deciding& d, const Unpark& asked) {
    decide_lease(d, asked);
}
void decide_one(Deciding& d, const Heartbeat& asked) {
    decide_lease(d, asked);
}
void decide_one(Deciding& d, const RefreshLease& asked) {
    decide_lease(d, asked);
}
void decide_one(Deciding& d, const RefreshCredentials& asked) {
    decide_lease(d, asked);
}
void decide_one(Deciding& d, const Drain& asked) {
    decide_lease(d, asked);
}
void decide_one(Deciding& d, const RetireDrained& asked) {
    decide_lease(d, asked);
}
void decide_one(Deciding& d, const MarkLost& asked) {
    decide_lease(d, asked);
}
void decide_one(Deciding& d, const RetireLocal& asked) {
    decide_lease(d, asked);
}

void decide_one(Deciding& d, const ClaimIdle& asked) {
    decide_claim(d, asked);
}
void decide_one(Deciding& d, const ClaimHotIdle& asked) {
    decide_claim(d, asked);
}

void decide_one(Deciding& deciding, const TakeOver& asked) {
    Event& event = deciding.begin(Operation::take_over);
    Judgement judgement{.world = deciding.world(),
                        .found = deciding.world().find(asked.worker),
                        .presented = {TextId{}, asked.epoch}};
    judge<TakeOver>(judgement);

    event.worker = asked.worker;
    if (judgement.found) note_found(event, *judgement.found);
    note_outcome(event, judgement);
    event.payload = WorkerTakenOver{.org = deciding.number(asked.org),
                                    .asked_epoch = asked.epoch,
                                    .new_epoch = next_epoch(judgement)};
}

void decide_one(Deciding& d, const RetireFromSnapshot& asked) {
    if (asked.target == State::lost)
        decide_snapshot<LoseFromSnapshot>(d, asked.snapshot, asked.target, asked.reason);
    else
        decide_snapshot<RetireFromSnapshot>(d, asked.snapshot, asked.target, asked.reason);
}

void decide_one(Deciding& d, const RetireOrphan& asked) {
    decide_snapshot<RetireOrphan>(d, asked.snapshot, State::retired, asked.reason);
}

void decide_one(Deciding& d, const RetireIdleVariant& asked) {
    decide_snapshot<RetireIdleVariant>(d, asked.snapshot, State::retired, asked.reason);
}

}  // namespace fenceline
