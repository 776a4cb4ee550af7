#include "tests/model/command_source.hpp"

#include <algorithm>
#include <map>

#include "events/limits.hpp"
#include "journal/lifecycle_store.hpp"
#include "tests/support/oracle_compare.hpp"

namespace fenceline::testing {

namespace {

using Texts = std::vector<std::string>;

// "unknown" is what an image without a name is called; the last one is hard on every printer.
const Texts images{"img-a", "img-a", "img-b", "", "unknown", "re\"g/\\i\n{x}:\xc3\xa9"};
const Texts orgs{"acme", "globex", "\xe2\x98\x83 snow"};
const Texts planes{"cp-0", "cp-1", "cp-2", "cp-3"};
// "cp-ghost" owns workers and is never heard of; nobody at all is an owner, too.
const Texts owners{"cp-0", "cp-1", "cp-2", "cp-3", "cp-ghost", ""};
const Texts reasons{"normal", "crash", "", "stuck_activating", "because \"it\" broke"};
const Texts active{"spawning", "idle", "reserved", "activating", "hot", "hot_idle", "draining"};

struct Weight {
    Operation operation;
    int weight;
};
const std::vector<Weight> weights{
    {Operation::spawn, 40},
    {Operation::adopt, 24},
    {Operation::publish_idle, 40},
    {Operation::publish_reserved, 18},
    {Operation::begin_activation, 36},
    {Operation::complete_activation, 36},
    {Operation::park, 30},
    {Operation::unpark, 16},
    {Operation::heartbeat, 50},
    {Operation::refresh_lease, 24},
    {Operation::credentials_refreshed, 20},
    {Operation::drain, 20},
    {Operation::retire_drained, 18},
    {Operation::mark_lost_from_lease, 12},
    {Operation::retire_local, 12},
    {Operation::claim_idle, 50},
    {Operation::claim_hot_idle, 26},
    {Operation::take_over, 20},
    {Operation::retire_from_snapshot, 24},
    {Operation::retire_orphan_from_snapshot, 26},
    {Operation::retire_idle_variant_from_snapshot, 20},
    {Operation::cp_heartbeat, 24},
    {Operation::cp_drain, 5},
    {Operation::cp_expire_stale, 6},
    {Operation::cp_expire_draining, 8},
    {Operation::spawn_failed, 4},
    {Operation::health_checked, 4},
    {Operation::pod_deleted, 12},
    {Operation::pod_delete_failed, 4},
    {Operation::stranded_pod, 4},
    {Operation::stranded_secret, 4},
    {Operation::activation_failed, 4},
    {Operation::warm_capacity_missed, 4},
    {Operation::warm_capacity_targets, 4},
    {Operation::leadership, 4},
};

Operation some_operation(Dice& dice) {
    static const int total = [] {
        int sum = 0;
        for (const auto& [_, weight] : weights) sum += weight;
        return sum;
    }();
    auto left = dice.below(total);
    for (const auto& [operation, weight] : weights)
        if ((left -= weight) < 0) return operation;
    return weights.back().operation;
}

// Where a worker has to be for the operation to go through.
const Texts& legal(Operation operation) {
    static const Texts but_draining(active.begin(), active.end() - 1);
    static const std::map<Operation, Texts> states{
        {Operation::publish_idle, {"spawning"}},
        {Operation::publish_reserved, {"spawning"}},
        {Operation::begin_activation, {"reserved"}},
        {Operation::complete_activation, {"activating"}},
        {Operation::park, {"hot"}},
        {Operation::take_over, {"hot"}},
        {Operation::unpark, {"hot_idle"}},
        {Operation::heartbeat, active},
        {Operation::retire_drained, {"draining"}},
        {Operation::retire_from_snapshot, active},
        {Operation::retire_orphan_from_snapshot, active},
        {Operation::retire_idle_variant_from_snapshot, {"idle", "hot_idle"}},
        {Operation::pod_deleted, {"draining"}},
    };
    const auto it = states.find(operation);
    return it == states.end() ? but_draining : it->second;
}

template <typename E>
E some_label(Dice& dice) {
    const auto labels = all_labels<E>();
    return labels[static_cast<std::size_t>(dice.below(static_cast<std::int64_t>(labels.size())))]
        .value;
}

}  // namespace

CommandSource::CommandSource(std::uint64_t seed) : dice_(seed) {}

std::string CommandSource::some_owner() {
    return dice_.of(owners);
}

std::int64_t CommandSource::some_worker(const Oracle& oracle, const States& wanted) {
    const auto& workers = oracle.workers();
    if (workers.empty() || dice_.percent(3)) return 1 + dice_.below(50);
    auto it = workers.begin();
    // Ids lie close together, but for a few that were given far away.
    if (!dice_.percent(10))
        it = workers.lower_bound(1 + dice_.below(static_cast<std::int64_t>(workers.size())));
    if (it == workers.end()) it = workers.begin();
    if (dice_.percent(20)) return it->first;
    for (int tries = 0; tries < 60; ++tries) {
        if (std::ranges::find(wanted, it->second.state) != wanted.end()) break;
        if (++it == workers.end()) it = workers.begin();
    }
    return it->first;
}

WorkerLease CommandSource::some_lease(const Oracle& oracle, const States& wanted) {
    if (!held_.empty() && dice_.percent(4))
        return held_[static_cast<std::size_t>(
            dice_.below(static_cast<std::int64_t>(held_.size())))];
    const auto id = some_worker(oracle, wanted);
    std::string owner = "cp-0", image = "img-a";
    std::int64_t epoch = 1;
    if (const auto* row = oracle.find(id)) {
        owner = row->owner;
        epoch = row->epoch;
        image = row->image;
    }
    if (dice_.percent(5)) owner = some_owner();
    if (dice_.percent(8)) epoch = std::max<std::int64_t>(0, epoch - 1 - dice_.below(2));
    if (dice_.percent(4)) epoch += 1 + dice_.below(2);
    if (dice_.percent(5)) image = dice_.of(images);
    auto lease = LifecycleStore::lease_for(WorkerId{id}, owner, Epoch{epoch}, image);
    if (dice_.percent(20)) {
        held_.push_back(lease);
        if (held_.size() > 32) held_.pop_front();
    }
    return lease;
}

WorkerSnapshot CommandSource::some_snapshot(const Oracle& oracle, const States& wanted) {
    if (!seen_.empty() && dice_.percent(30))
        return LifecycleStore::snapshot_for(
            seen_[static_cast<std::size_t>(dice_.below(static_cast<std::int64_t>(seen_.size())))]);
    const auto id = some_worker(oracle, wanted);
    const auto* row = oracle.find(id);
    if (!row)
        return LifecycleStore::snapshot_for(
            {.worker = WorkerId{id}, .image = dice_.of(images), .state = State::hot});
    WorkerView view = view_of(*row);
    if (dice_.percent(4)) view.owner = some_owner();
    if (dice_.percent(4)) view.epoch.value += 1;
    if (dice_.percent(4)) view.state = static_cast<State>(1 + dice_.below(9));
    if (dice_.percent(4) && view.version.value > 0) view.version.value -= 1;
    return LifecycleStore::snapshot_for(view);
}

Caps CommandSource::caps(const Oracle& oracle, const std::string& org) {
    std::int64_t bound = 0, all = 0;
    const bool capped = dice_.percent(45);
    if (!capped) return {};
    for (const auto& [_, row] : oracle.workers()) {
        if (row.state == "retired" || row.state == "lost") continue;
        ++all;
        bound += row.org == org;
    }
    Caps caps;
    if (dice_.percent(60))
        caps.max_org_workers = std::max<std::int64_t>(0, bound + dice_.below(4) - 1);
    if (dice_.percent(60))
        caps.max_global_workers = std::max<std::int64_t>(0, all + dice_.below(4) - 1);
    return caps;
}

std::int64_t CommandSource::cutoff(const Oracle& oracle, std::int64_t now) {
    std::int64_t time = now - dice_.below(30'000'000'000);
    if (!oracle.workers().empty() && dice_.percent(50)) {
        const auto* row = oracle.find(some_worker(oracle, active));
        if (row) time = dice_.percent(50) ? row->updated_at : row->last_heartbeat_at;
    } else if (!oracle.planes().empty() && dice_.percent(50)) {
        const auto it = oracle.planes().find(dice_.of(planes));
        if (it != oracle.planes().end())
            time = dice_.percent(40)   ? it->second.draining_at
                   : dice_.percent(50) ? it->second.expired_at
                                       : it->second.last_heartbeat_at;
    }
    return time + (dice_.percent(50) ? 0 : dice_.below(3) - 1);
}

Request CommandSource::spawn(const Oracle& oracle) {
    Spawn asked{.image = dice_.of(images)};
    if (dice_.percent(35)) asked.org = dice_.of(orgs);
    if (dice_.percent(12)) asked.worker = WorkerId{some_worker(oracle, active) + dice_.below(6)};
    if (dice_.percent(20)) asked.prefix = "pod-\xc3\xbc";
    if (dice_.percent(20)) asked.epoch = Epoch{dice_.below(9)};
    asked.caps = caps(oracle, asked.org);
    if (dice_.percent(25)) asked.warm_target = dice_.below(6);
    return asked;
}

Request CommandSource::adopt(const Oracle& oracle, std::int64_t now) {
    WorkerView row;
    const auto highest = oracle.workers().empty() ? 0 : oracle.workers().rbegin()->first;
    const auto below_it = static_cast<std::int64_t>(oracle.workers().size()) + 40;
    row.worker = WorkerId{dice_.percent(50) ? highest + 1 : 1 + dice_.below(below_it)};
    row.state = static_cast<State>(1 + dice_.below(9));
    row.pod = dice_.percent(50) ? "own-name" : "";
    row.image = dice_.of(images);
    row.owner = some_owner();
    row.epoch = Epoch{dice_.below(20)};
    if (dice_.percent(60)) row.org = dice_.of(orgs);
    if (dice_.percent(30)) row.retire_reason = dice_.of(reasons);
    for (Time* time : {&row.created_at, &row.updated_at, &row.last_heartbeat_at, &row.reserved_at,
                       &row.activation_started_at, &row.credentials_expire_at})
        if (dice_.percent(50)) time->ns = now + 2'000'000'000 - dice_.below(40'000'000'000);
    return Adopt{row};
}

template <typename Claim>
Claim CommandSource::claim(const Oracle& oracle) {
    Claim asked{.org = dice_.of(orgs)};
    if (dice_.percent(60)) asked.image = dice_.of(images);
    asked.caps = caps(oracle, asked.org);
    return asked;
}

Request CommandSource::lease_request(const Oracle& oracle, Operation operation, std::int64_t now) {
    const auto lease = some_lease(oracle, legal(operation));
    switch (operation) {
        case Operation::publish_idle: return PublishIdle{lease};
        case Operation::publish_reserved: return PublishReserved{lease};
        case Operation::begin_activation: return BeginActivation{lease};
        case Operation::complete_activation: return CompleteActivation{lease};
        case Operation::park: return Park{lease};
        case Operation::unpark: return Unpark{lease};
        case Operation::heartbeat: return Heartbeat{lease};
        case Operation::refresh_lease: return RefreshLease{lease};
        case Operation::credentials_refreshed:
            return RefreshCredentials{lease, Time{now + dice_.below(60'000'000'000)}};
        case Operation::drain: return Drain{lease};
        case Operation::retire_drained: return RetireDrained{lease, dice_.of(reasons)};
        case Operation::mark_lost_from_lease: return MarkLost{lease, dice_.of(reasons)};
        default: return RetireLocal{lease, dice_.of(reasons)};
    }
}

Request CommandSource::snapshot_request(const Oracle& oracle, Operation operation) {
    const auto snapshot = some_snapshot(oracle, legal(operation));
    const auto& reason = dice_.of(reasons);
    if (operation == Operation::retire_orphan_from_snapshot) return RetireOrphan{snapshot, reason};
    if (operation == Operation::retire_idle_variant_from_snapshot)
        return RetireIdleVariant{snapshot, reason};
    return RetireFromSnapshot{snapshot, dice_.percent(50) ? State::lost : State::retired, reason};
}

Request CommandSource::observation(const Oracle& oracle, Operation operation) {
    const WorkerId worker{some_worker(oracle, legal(operation))};
    const auto& image = dice_.of(images);
    const auto perhaps = dice_.percent(50) ? std::optional(worker) : std::nullopt;
    switch (operation) {
        case Operation::spawn_failed:
            return ReportSpawnFailed{some_label<SpawnFailureReason>(dice_), image, perhaps};
        case Operation::health_checked:
            return ReportHealthChecked{some_label<HealthResult>(dice_), image,
                                       static_cast<std::uint32_t>(1 + dice_.below(40)), perhaps};
        case Operation::pod_deleted: return ReportPodDeleted{worker};
        case Operation::pod_delete_failed: return ReportPodDeleteFailed{worker};
        case Operation::stranded_pod: return ReportStrandedPod{some_label<StrandedOutcome>(dice_)};
        case Operation::stranded_secret:
            return ReportStrandedSecret{some_label<StrandedOutcome>(dice_)};
        case Operation::activation_failed: return ReportActivationFailed{worker, image};
        case Operation::warm_capacity_missed:
            return ReportWarmCapacityMissed{image, some_label<MissReason>(dice_)};
        case Operation::leadership: return ReportLeadership{some_label<Leadership>(dice_)};
        default: break;
    }
    SetWarmCapacityTargets targets{.max_workers = dice_.below(4) * 6};
    std::map<std::string, std::int64_t> wanted;
    for (auto n = dice_.below(4); n > 0; --n)
        if (const auto& name = dice_.of(images); !name.empty()) wanted[name] = dice_.below(9);
    targets.targets.assign(wanted.begin(), wanted.end());
    return targets;
}

Request CommandSource::some_request(const Oracle& oracle, std::int64_t now) {
    const auto operation = some_operation(dice_);
    switch (operation) {
        case Operation::spawn: return spawn(oracle);
        case Operation::adopt: return adopt(oracle, now);
        case Operation::claim_idle: return claim<ClaimIdle>(oracle);
        case Operation::claim_hot_idle: return claim<ClaimHotIdle>(oracle);
        case Operation::take_over: {
            const auto lease = some_lease(oracle, legal(operation));
            return TakeOver{lease.worker(), lease.epoch(), dice_.of(orgs)};
        }
        case Operation::cp_heartbeat: return ControlPlaneHeartbeat{};
        case Operation::cp_drain: return ControlPlaneDrain{};
        case Operation::cp_expire_stale: return ExpireStaleControlPlanes{{cutoff(oracle, now)}};
        case Operation::cp_expire_draining:
            return ExpireDrainingControlPlanes{{cutoff(oracle, now)}};
        default: break;
    }
    if (kind_of(operation) == OperationKind::lease) return lease_request(oracle, operation, now);
    if (kind_of(operation) == OperationKind::snapshot) return snapshot_request(oracle, operation);
    return observation(oracle, operation);
}

// One thing about the request is made senseless.
Command CommandSource::nonsense(Command command) {
    const std::string broken = dice_.percent(50) ? std::string("a\0b", 3) : "\xff";
    const WorkerId no_worker{
        dice_.of(std::vector<std::int64_t>{0, -1, limits::worker_id_max + 1, INT64_MIN})};
    const auto spoil_lease = [&](WorkerLease& lease) {
        const bool by_id = dice_.percent(50);
        lease = LifecycleStore::lease_for(by_id ? no_worker : lease.worker(), lease.owner(),
                                          by_id ? lease.epoch() : Epoch{-1}, lease.image());
    };
    std::visit(
        [&](auto& r) {
            using R = std::decay_t<decltype(r)>;
            if constexpr (requires {
                              r.target;
                              r.snapshot;
                          }) {
                r.target = dice_.percent(50) ? State::hot : State::none;
            } else if constexpr (requires {
                                     r.lease;
                                     r.reason;
                                 }) {
                if (dice_.percent(50))
                    r.reason = std::string(limits::reason_bytes + 1, 'x');
                else
                    spoil_lease(r.lease);
            } else if constexpr (requires { r.reason.size(); }) {
                r.reason = dice_.percent(50) ? std::string(limits::reason_bytes + 1, 'x') : broken;
            } else if constexpr (requires { r.lease; }) {
                spoil_lease(r.lease);
            } else if constexpr (std::is_same_v<R, Adopt>) {
                if (dice_.percent(50))
                    r.row.worker = no_worker;
                else
                    r.row.state = State::none;
            } else if constexpr (std::is_same_v<R, Spawn>) {
                if (dice_.percent(30))
                    r.worker = no_worker;
                else if (dice_.percent(50))
                    r.image = std::string(limits::name_bytes + 1, 'i');
                else
                    r.org = broken;
            } else if constexpr (requires { r.org; }) {
                r.org.clear();
            } else if constexpr (requires { r.outcome; }) {
                r.outcome = static_cast<StrandedOutcome>(99);
            } else if constexpr (requires { r.count; }) {
                r.count = 0;
            } else if constexpr (requires { r.targets; }) {
                r.targets.emplace_back("img-a", -1);
            } else {
                command.ask.caller = broken;
            }
        },
        command.request);
    return command;
}

Command CommandSource::next(const Oracle& oracle, std::int64_t now) {
    if (!recent_.empty() && dice_.percent(4)) {
        const auto& before = recent_[static_cast<std::size_t>(
            dice_.below(static_cast<std::int64_t>(recent_.size())))];
        if (!dice_.percent(20)) return before;  // the call is made again
        Command other{before.ask, some_request(oracle, now)};
        return other;  // the id is used again, for something else
    }
    Command command{{.caller = dice_.percent(10) ? "" : dice_.of(planes)},
                    some_request(oracle, now)};
    if (dice_.percent(70)) command.ask.origin = static_cast<Origin>(dice_.below(22));
    if (dice_.percent(12)) {
        command.ask.request_id = "request-" + std::to_string(++request_number_);
        recent_.push_back(command);
        if (recent_.size() > 40) recent_.pop_front();
    }
    if (dice_.percent(1)) return nonsense(std::move(command));

    // What somebody saw before this command may change it.
    const bool touches = std::holds_alternative<Heartbeat>(command.request) ||
                         std::holds_alternative<RefreshCredentials>(command.request);
    if (dice_.percent(touches ? 50 : 10)) {
        auto id = some_worker(oracle, active);
        if (const auto* beat = std::get_if<Heartbeat>(&command.request))
            id = beat->lease.worker().value;
        if (const auto* row = oracle.find(id)) seen_.push_back(view_of(*row));
        if (seen_.size() > 24) seen_.pop_front();
    }
    return command;
}

}  // namespace fenceline::testing
