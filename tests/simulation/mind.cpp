#include "tests/simulation/mind.hpp"

#include <algorithm>
#include <optional>

#include "journal/lifecycle_store.hpp"

namespace fenceline::testing {

namespace {

constexpr std::size_t most_remembered = 24;
constexpr std::int64_t most_workers = 24;

const std::vector<std::string> orgs{"acme", "globex"};
const std::vector<std::string> images{"img-a", "img-b"};

template <typename T>
const T& one_of(Dice& dice, const std::deque<T>& values) {
    return values[static_cast<std::size_t>(dice.below(static_cast<std::int64_t>(values.size())))];
}

template <typename T>
void remember(std::deque<T>& values, const T& value) {
    values.push_back(value);
    if (values.size() > most_remembered) values.pop_front();
}

// The worker that a command names.
std::optional<std::int64_t> worker_of(const Command& command) {
    return std::visit(
        [](const auto& r) -> std::optional<std::int64_t> {
            if constexpr (requires { r.lease; }) return r.lease.worker().value;
            if constexpr (requires { r.snapshot; }) return r.snapshot.row().worker.value;
            if constexpr (requires { r.worker.value; }) return r.worker.value;
            return std::nullopt;
        },
        command.request);
}

bool is_bound(const Request& request) {
    return std::visit(
        [](const auto& r) {
            if constexpr (requires { r.org; }) return !r.org.empty();
            return false;
        },
        request);
}

bool has_ended(State state) {
    return state == State::retired || state == State::lost;
}

}  // namespace

Command Mind::command(Request request, Origin origin) const {
    return {{.caller = instance_, .origin = origin}, std::move(request)};
}

// --- hearing ------------------------------------------------------------------------------------

void Mind::hear(const Command& asked, const Answer& answer) {
    if (!asked.ask.request_id.empty() && !answer.replayed) remember(answered_, asked);
    const auto id = answer.worker.value;
    if (!answer.transitioned()) {
        // It has lost the worker, or knows it wrongly: as good as lost.
        if (kind_of(answer.operation) == OperationKind::lease) held_.erase(id);
        return;
    }
    const auto held = held_.find(id);
    if (answer.lease && answer.lease->owner() == instance_) {
        const bool was_bound = held != held_.end() && held->second.bound;
        held_.insert_or_assign(
            id, Held{*answer.lease, answer.to, was_bound || is_bound(asked.request)});
    } else if (held != held_.end() && has_ended(answer.to)) {
        held_.erase(held);
    } else if (held != held_.end() && kind_of(answer.operation) == OperationKind::lease) {
        held->second.state = answer.to;
    }
}

void Mind::miss(const Command& asked) {
    if (!asked.ask.request_id.empty()) remember(unanswered_, asked);
}

void Mind::look(const std::vector<WorkerSnapshot>& rows, Learn learn) {
    if (learn == Learn::all) held_.clear();
    for (const auto& snapshot : rows) {
        remember(seen_, snapshot);
        const auto& row = snapshot.row();
        if (learn == Learn::all && row.owner == instance_)
            held_.insert_or_assign(
                row.worker.value,
                Held{LifecycleStore::lease_for(row.worker, row.owner, row.epoch, row.image),
                     row.state, !row.org.empty()});
    }
}

// --- asking -------------------------------------------------------------------------------------

std::vector<Command> Mind::next(Dice& dice, Time now, const Workers& silent) {
    std::vector<Command> batch;
    Workers touched;
    for (auto n = dice.percent(60) ? 1 : 2 + dice.below(5); n > 0; --n) {
        Command command = draw(dice, now, silent);
        if (const auto worker = worker_of(command); worker && !touched.insert(*worker).second)
            continue;
        batch.push_back(std::move(command));
    }
    return batch;
}

Command Mind::draw(Dice& dice, Time now, const Workers& silent) {
    if (!unanswered_.empty() && dice.percent(35)) {
        Command again = unanswered_.front();
        unanswered_.pop_front();
        return again;
    }
    if (!answered_.empty() && dice.percent(4)) return one_of(dice, answered_);
    const auto chance = dice.below(100);
    Command made = command(chance < 22                     ? of_pool(dice)
                           : chance < 34 && !seen_.empty() ? of_seen(dice)
                           : chance < 40   ? report(dice, WorkerId{1 + dice.below(40)})
                           : held_.empty() ? of_pool(dice)
                                           : of_own(dice, now, silent));
    if (dice.percent(40)) made.ask.request_id = run_ + "/" + std::to_string(++requests_);
    return made;
}

Request Mind::of_pool(Dice& dice) {
    const auto chance = dice.below(100);
    if (chance < 35)
        return ClaimIdle{dice.of(orgs),
                         dice.percent(50) ? dice.of(images) : "",
                         {.max_org_workers = dice.percent(30) ? 8 : 0}};
    if (chance < 55) return ClaimHotIdle{dice.of(orgs), "", {}};
    Spawn spawn{.image = dice.of(images), .caps = {.max_global_workers = most_workers}};
    if (dice.percent(30)) spawn.org = dice.of(orgs);
    if (dice.percent(30)) spawn.warm_target = 1 + dice.below(6);
    return spawn;
}

Request Mind::of_seen(Dice& dice) {
    const auto& snapshot = one_of(dice, seen_);
    const auto& row = snapshot.row();
    const auto chance = dice.below(100);
    if (row.state == State::hot && chance < 60)
        return TakeOver{row.worker, row.epoch, dice.of(orgs)};
    if (chance < 70) return RetireOrphan{snapshot, "orphaned"};
    if (chance < 85) return RetireIdleVariant{snapshot, "idle_timeout"};
    return RetireFromSnapshot{snapshot, dice.percent(50) ? State::lost : State::retired, "crash"};
}

Request Mind::report(Dice& dice, WorkerId worker) {
    switch (dice.below(4)) {
        case 0: return ReportHealthChecked{.image = images.front(), .worker = worker};
        case 1: return ReportPodDeleted{worker};
        case 2: return ReportWarmCapacityMissed{dice.of(images), MissReason::no_idle};
        default: return SetWarmCapacityTargets{{{dice.of(images), dice.below(5)}}, most_workers};
    }
}

Request Mind::of_own(Dice& dice, Time now, const Workers& silent) {
    auto it = held_.begin();
    std::advance(it, dice.below(static_cast<std::int64_t>(held_.size())));
    const Held& held = it->second;
    const auto& lease = held.lease;
    if (silent.contains(it->first) && held.state != State::draining)
        return MarkLost{lease, "crash"};
    const auto chance = dice.below(100);
    if (chance < 55) return step_on(held);
    if (chance < 80) return Heartbeat{lease};
    if (chance < 87) return RefreshLease{lease};
    if (chance < 91) return RefreshCredentials{lease, now + seconds(600)};
    if (chance < 97) return Drain{lease};
    return RetireLocal{lease, "shutdown"};
}

// The way of a worker that nothing goes wrong with.
Request Mind::step_on(const Held& held) {
    switch (held.state) {
        case State::spawning:
            if (held.bound) return PublishReserved{held.lease};
            return PublishIdle{held.lease};
        case State::reserved: return BeginActivation{held.lease};
        case State::activating: return CompleteActivation{held.lease};
        case State::hot: return Park{held.lease};
        case State::hot_idle: return Unpark{held.lease};
        case State::draining: return RetireDrained{held.lease, "normal"};
        default: return Heartbeat{held.lease};
    }
}

std::vector<Command> Mind::beat(const Workers& silent) const {
    std::vector<Command> batch;
    for (const auto& [id, held] : held_)
        if (!silent.contains(id)) batch.push_back(command(Heartbeat{held.lease}));
    return batch;
}

std::vector<Command> Mind::tend(const Workers& silent) {
    std::vector<Command> batch;
    for (const auto& [id, held] : held_) {
        const bool rests = held.state == State::hot || held.state == State::hot_idle;
        Request request = step_on(held);
        if (rests) request = Heartbeat{held.lease};
        if (silent.contains(id) && held.state != State::draining)
            request = MarkLost{held.lease, "crash"};
        batch.push_back(command(std::move(request)));
    }
    return batch;
}

}  // namespace fenceline::testing
