#include "replay/whatif/retelling.hpp"

#include <algorithm>

#include "replay/asked.hpp"
#include "replay/new_epoch.hpp"
#include "statemachine/evolve.hpp"

namespace fenceline::replay::whatif {

namespace {

void count(CourseTotals& totals, const Event& event) {
    if (event.operation == Operation::spawn)
        ++(transitioned(event) ? totals.spawned : totals.spawns_refused);
    else if (kind_of(event.operation) == OperationKind::claim)
        ++(transitioned(event) ? totals.claims_served : totals.claims_refused);
}

bool ends_alike(const Event& one, const Event& other) {
    if (one.outcome != other.outcome) return false;
    return !transitioned(one) || (one.worker == other.worker && one.to == other.to &&
                                  new_epoch_of(one.payload) == new_epoch_of(other.payload));
}

void count_states(const World& world, CourseTotals& totals) {
    for (const Worker& worker : world.workers())
        if (const auto i = static_cast<std::size_t>(worker.state); i < totals.at_end.size())
            ++totals.at_end[i];
}

}  // namespace

Retelling::Retelling(const Policy& policy, const Replayed& begin, Evidence evidence, Position to,
                     const Progress& progress)
    : WindowSink(to, progress),
      policy_(policy),
      limits_(policy, evidence.youngest, evidence.by_callers),
      recorded_(begin.fold.world),
      course_(begin.fold.world, std::move(evidence.texts)),
      sweeper_(limits_, begin),
      highest_(evidence.highest) {
    out_.recorded.peak_active = out_.policy.peak_active = recorded_.active();
}

WhatIf Retelling::take() && {
    out_.events = events();
    for (const Limit limit : all_limits)
        out_.limits[static_cast<std::size_t>(limit)] = limits_[limit];
    count_states(recorded_, out_.recorded);
    count_states(course_.world(), out_.policy);
    out_.workers = differences_.list(recorded_, course_.world());
    return std::move(out_);
}

// --- step by step --------------------------------------------------------------------------------

void Retelling::take_in(const Event& event) {
    if (!out_.from_at.given()) out_.from_at = event.at;
    out_.to_at = event.at;
    advance(event.at);
    position_ = event.position;
    at_ = event.at;
    cause_ = because(Why::follows);
    sweeper_.hear(event);
    count(out_.recorded, event);
    retell(event);
    const Worker* was = recorded_.find(event.worker);
    if (was && transitioned(event) && differences_.differs(event.worker)) {
        const Worker* here = course_.world().find(event.worker);
        holdings_.saw(event.worker, was->version, here ? std::optional(*here) : std::nullopt);
    }
    evolve(recorded_, event);
    settle(&event);
}

void Retelling::settle(const Event* event) {
    for (const Told& told : course_.told())
        if (told.limit) ++out_.policy.swept;
    differences_.settle(event, course_.told(), cause_, recorded_, course_.world());
    course_.settled();
    if (differences_.more()) sweeper_.look_again(at_);
    out_.recorded.peak_active = std::max(out_.recorded.peak_active, recorded_.active());
    out_.policy.peak_active = std::max(out_.policy.peak_active, course_.world().active());
}

void Retelling::retell(const Event& event) {
    // An operation that failed was never decided, and has changed nothing.
    if (std::holds_alternative<OperationFailed>(event.payload)) return;
    if (std::holds_alternative<HeartbeatsTallied>(event.payload)) return tally(event);
    const auto kind = kind_of(event.operation);
    // Observations decide nothing; control planes come and go as they did.
    if (kind == OperationKind::observation) return;
    if (kind == OperationKind::control_plane) {
        // The workers of one that comes back are nobody's orphans: perhaps they are stuck.
        if (event.operation == Operation::cp_heartbeat && !recorded_.is_live(event.caller))
            sweeper_.look_again(at_);
        return course_.fold(event);
    }
    auto command = asked(event, course_.world().texts);
    if (!command) {
        if (!differences_.differs(event.worker)) course_.fold(event);
        return;
    }
    switch (kind) {
        case OperationKind::claim: return claim(event, std::move(*command));
        case OperationKind::epoch: return take_over(event, std::move(*command));
        case OperationKind::snapshot: return act_on_sight(event, std::move(*command));
        case OperationKind::lease: return exercise(event, std::move(*command));
        default: break;
    }
    if (event.operation == Operation::spawn) return spawn(event, std::move(*command));
    (void)put(event, *command, !differences_.differs(event.worker));
    sweeper_.look_again(at_);  // an adopted worker may be old already
}

// --- between two recorded events -----------------------------------------------------------------

void Retelling::advance(Time to) {
    while (true) {
        const auto spare = spares_.next();
        const auto sweep_at = sweeper_.next(to);
        if (spare && *spare <= to && (!sweep_at || *spare <= *sweep_at))
            serve_out(spares_.take_next());
        else if (sweep_at)
            sweep(*sweep_at);
        else
            return;
    }
}

void Retelling::sweep(Time at) {
    at_ = at;
    const auto leader = course_.text(sweeper_.leader());
    for (const auto& [worker, limit] : sweeper_.overdue(at, course_, differences_)) {
        const Worker* row = course_.world().find(worker);
        if (!row || !since(limit, course_.world(), *row)) continue;  // ended by this very sweep
        cause_ = because(Why::limit_passed);
        cause_.limit = limit;
        (void)course_.put(call_of(limit, course_.snapshot(*row), leader), at, position_, limit);
        settle(nullptr);
    }
}

void Retelling::serve_out(const Spare& spare) {
    at_ = spare.until;
    cause_ = because(Why::follows);
    const Worker* row = course_.held(spare.held);
    if (!row) return;
    const Ask ask{.caller = course_.text(spare.held.owner)};
    const auto lease = course_.lease(spare.held);
    if (row->state == State::spawning) {
        if (spare.org.given())
            (void)course_.put({ask, PublishReserved{lease}}, at_, position_);
        else
            (void)course_.put({ask, PublishIdle{lease}}, at_, position_);
    }
    if (spare.org.given()) let_go(spare.held, at_);
    settle(nullptr);
}

// --- shared --------------------------------------------------------------------------------------

std::optional<Event> Retelling::put(const Event& recorded, const Command& command,
                                    bool same_footing) {
    const bool sound = validate(command).has_value();
    if (!sound && !same_footing) {
        ++out_.unasked;
        return std::nullopt;
    }
    ++out_.asked;
    Event told = sound ? course_.judge(command, recorded.at, recorded.position) : recorded;
    if (same_footing && !(sound && ends_alike(told, recorded))) {
        ++out_.by_table;
        told = recorded;
    }
    count(out_.policy, told);
    course_.fold(told);
    return told;
}

// What a session leaves behind when nothing is known of its end.
void Retelling::let_go(const Held& held, Time at) {
    const Ask ask{.caller = course_.text(held.owner)};
    const auto lease = course_.lease(held);
    const auto state = [&] {
        const Worker* row = course_.held(held);
        return row ? row->state : State::none;
    };
    if (state() == State::reserved) (void)course_.put({ask, BeginActivation{lease}}, at, position_);
    if (state() == State::activating)
        (void)course_.put({ask, CompleteActivation{lease}}, at, position_);
    if (state() == State::hot) (void)course_.put({ask, Park{lease}}, at, position_);
}

void Retelling::grant(const Event& recorded, const std::optional<Held>& held) {
    const auto* spawned = std::get_if<WorkerSpawned>(&recorded.payload);
    const Epoch epoch = spawned ? spawned->epoch : new_epoch_of(recorded.payload);
    holdings_.give({recorded.worker, recorded.caller, epoch}, held);
}

Cause Retelling::because(Why why) const {
    return {.why = why, .position = position_, .at = at_};
}
Cause Retelling::because(Why why, Outcome outcome) const {
    return {.why = why, .position = position_, .at = at_, .outcome = outcome};
}
Cause Retelling::because(Why why, WorkerId other) const {
    return {.why = why, .position = position_, .at = at_, .other = other};
}

}  // namespace fenceline::replay::whatif
