// What gives a caller a worker: spawns, claims, take-overs.

#include <algorithm>

#include "replay/whatif/retelling.hpp"

namespace fenceline::replay::whatif {

namespace {

std::optional<Held> held_after(const std::optional<Event>& told, Epoch epoch) {
    if (!told || !transitioned(*told)) return std::nullopt;
    return Held{told->worker, told->caller, epoch};
}

Outcome outcome_of(const std::optional<Event>& told) {
    return told ? told->outcome : Outcome::store_error;
}

}  // namespace

// The caps that the policy names, in place of those that were asked with. Whether that changes
// anything.
bool Retelling::apply_policy(Request& request) const {
    bool changed = false;
    const auto replace = [&](std::int64_t& asked, const std::optional<std::int64_t>& named) {
        if (!named || *named == asked) return;
        asked = *named;
        changed = true;
    };
    const auto replace_caps = [&](Caps& caps) {
        replace(caps.max_org_workers, policy_.max_org_workers);
        replace(caps.max_global_workers, policy_.max_global_workers);
    };
    std::visit(
        [&](auto& asked) {
            if constexpr (requires { asked.caps; }) replace_caps(asked.caps);
        },
        request);
    if (auto* spawn = std::get_if<Spawn>(&request); spawn && spawn->warm_target > 0)
        replace(spawn->warm_target, policy_.warm_target);
    return changed;
}

void Retelling::add_spare(const Event& recorded, const Held& held, TextId org, Spare::From from) {
    const Worker* row = course_.held(held);
    if (!row) return;
    const bool for_nobody = from == Spare::From::spawn && !org.given();
    spares_.add({.held = held,
                 .org = org,
                 .image = row->image,
                 .from = from,
                 .until = recorded.at + (for_nobody ? pod_takes_ : spare_for)});
}

std::optional<Held> Retelling::take_spare(const Event& event, TextId org, TextId image,
                                          Spare::From instead_of) {
    while (const auto spare = spares_.take(event.caller, org, image, instead_of)) {
        const Worker* row = course_.held(spare->held);
        const bool ready = row && (row->state == State::reserved || row->state == State::spawning);
        if (ready) return spare->held;
    }
    return std::nullopt;
}

void Retelling::spawn(const Event& event, Command command) {
    auto& asked = std::get<Spawn>(command.request);
    const auto& detail = std::get<WorkerSpawned>(event.payload);
    const bool served = transitioned(event);
    if (served) {
        if (const auto spare = take_spare(event, detail.org, event.image, Spare::From::spawn)) {
            differences_.blame(event.worker, because(Why::spawn_not_needed, spare->worker));
            return grant(event, spare);
        }
        asked.worker = event.worker;
    } else if (!asked.worker) {
        asked.worker = WorkerId{highest_.value + 1};
    }
    const bool changed = apply_policy(command.request);
    const auto told = put(event, command, !changed && differences_.now().empty());
    const auto held = held_after(told, detail.epoch);
    if (served) {
        if (!held) differences_.blame(event.worker, because(Why::spawn_refused, outcome_of(told)));
        return grant(event, held);
    }
    if (!held) return;
    highest_ = std::max(highest_, held->worker);
    differences_.blame(held->worker, because(Why::spawn_served, event.outcome));
    add_spare(event, *held, detail.org, Spare::From::spawn);
}

void Retelling::claim(const Event& event, Command command) {
    const auto& detail = std::get<WorkerClaimed>(event.payload);
    if (transitioned(event)) {
        const auto spare = take_spare(event, detail.org, detail.asked_image, Spare::From::claim);
        if (spare) {
            differences_.blame(event.worker, because(Why::claim_not_needed, spare->worker));
            differences_.only_recorded(event.worker, event, detail.org);
            return grant(event, spare);
        }
    }
    const bool changed = apply_policy(command.request);
    const auto told = put(event, command, !changed && differences_.now().empty());
    const auto* given = told ? std::get_if<WorkerClaimed>(&told->payload) : nullptr;
    const auto held = held_after(told, given ? given->new_epoch : Epoch{});
    end_claim(event, detail.org, held, outcome_of(told));
}

// What a claim or take-over came to here, against what is recorded of it.
void Retelling::end_claim(const Event& event, TextId org, const std::optional<Held>& held,
                          Outcome outcome) {
    if (transitioned(event)) {
        note_claim(event, org, held, outcome);
        return grant(event, held);
    }
    if (!held) return;
    differences_.blame(held->worker, because(Why::claim_served, event.outcome));
    differences_.only_told(held->worker, event, org);
    add_spare(event, *held, org, Spare::From::claim);
}

// A recorded claim or take-over that was served, and what it came to here.
void Retelling::note_claim(const Event& event, TextId org, const std::optional<Held>& held,
                           Outcome outcome) {
    if (held && held->worker == event.worker) return;
    differences_.only_recorded(event.worker, event, org);
    if (!held) return differences_.blame(event.worker, because(Why::claim_refused, outcome));
    differences_.blame(event.worker, because(Why::claim_took_other, held->worker));
    differences_.blame(held->worker, because(Why::claim_took_this, event.worker));
    differences_.only_told(held->worker, event, org);
}

// A caller that saw the worker at this epoch was there with somebody who held it: what it holds
// here is what it goes on with.
void Retelling::take_over(const Event& event, Command command) {
    auto& asked = std::get<TakeOver>(command.request);
    const auto& detail = std::get<WorkerTakenOver>(event.payload);
    const auto stands = holdings_.of(event.worker, detail.asked_epoch);
    if (!stands.as_recorded && !stands.what) {
        ++out_.unasked;
        cause_ = because(Why::held_nothing);
        if (!transitioned(event)) return;
        differences_.only_recorded(event.worker, event, detail.org);
        return grant(event, std::nullopt);
    }
    if (!stands.as_recorded) {
        asked.worker = stands.what->worker;
        asked.epoch = stands.what->epoch;
    }
    const bool same_footing = stands.as_recorded && !differences_.differs(event.worker);
    const auto told = put(event, command, same_footing);
    const auto* given = told ? std::get_if<WorkerTakenOver>(&told->payload) : nullptr;
    const auto held = held_after(told, given ? given->new_epoch : Epoch{});
    end_claim(event, detail.org, held, outcome_of(told));
}

}  // namespace fenceline::replay::whatif
