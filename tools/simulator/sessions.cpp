#include "tools/simulator/sessions.hpp"

#include "tools/simulator/pod_keeper.hpp"
#include "tools/simulator/simulation.hpp"
#include "tools/simulator/warm_pool.hpp"

namespace fenceline::tools {

namespace {

const Ask for_client{.origin = Origin::public_api};

// Loading an org's catalog, by what the worker knows of it already.
constexpr Duration cold_activation = milliseconds(1'300);
constexpr Duration warm_activation = milliseconds(350);

// A replica gives up on an activation of its own a little before the janitor would.
constexpr Duration watcher_patience = seconds(100);

MissReason miss_of(Outcome outcome) {
    switch (outcome) {
        case Outcome::org_cap: return MissReason::org_cap;
        case Outcome::global_cap: return MissReason::global_cap;
        case Outcome::shutting_down: return MissReason::shutting_down;
        default: return MissReason::no_idle;
    }
}

}  // namespace

Caps Sessions::caps() const {
    const auto& conditions = self_.simulation().conditions;
    return {conditions.max_org_workers, conditions.max_global_workers};
}

void Sessions::serve(const Client& client) {
    if (unpark_own(client)) return;
    const auto& org = self_.simulation().tenants().org(client.org);
    const auto& image = self_.image_for(client);
    const Answer parked =
        self_.take(self_.store().claim_hot_idle({org, image, caps()}, for_client));
    if (parked.transitioned()) return activate(*parked.lease, client, warm_activation);
    // No idle worker would help a client that a cap has turned away.
    if (parked.outcome != Outcome::no_idle) return refused(client, parked.outcome);
    const Answer idle = self_.take(self_.store().claim_idle({org, image, caps()}, for_client));
    if (idle.transitioned()) return activate(*idle.lease, client, cold_activation);
    refused(client, idle.outcome);
}

bool Sessions::unpark_own(const Client& client) {
    if (self_.draining() || self_.random().chance(Permille{300})) return false;
    for (auto& [worker, held] : self_.workers()) {
        if (held.state != State::hot_idle || held.org != client.org) continue;
        if (held.lease.image() != self_.image_for(client)) continue;
        const WorkerId found = worker;
        if (!self_.settle(found, self_.store().unpark(held.lease, for_client))) return false;
        begin_session(found, client);
        return true;
    }
    return false;
}

void Sessions::refused(const Client& client, Outcome why) {
    auto& simulation = self_.simulation();
    self_.report(ReportWarmCapacityMissed{self_.image_for(client), miss_of(why)});
    if (why == Outcome::no_idle && self_.warm_pool().spawn_for(client)) return;
    simulation.ask_again(client);
}

void Sessions::reconnect(WorkerId worker, const Client& client) {
    const auto row = self_.store().observe(worker);
    if (!row) return self_.simulation().fail(row.error());
    const bool still_hot = *row && (*row)->row().state == State::hot;
    if (!still_hot || self_.draining()) return serve(client);
    take_over(worker, client);
}

void Sessions::take_over(WorkerId worker, const Client& client) {
    const auto row = self_.store().observe(worker);
    if (!row) return self_.simulation().fail(row.error());
    if (!*row) return;
    // What it saw may be old by the time that it acts: the epoch tells.
    const Epoch seen = (*row)->row().epoch;
    const auto delay = self_.random().between(milliseconds(5), milliseconds(80));
    self_.after(delay, [this, worker, seen, client] {
        const auto& org = self_.simulation().tenants().org(client.org);
        const Answer answer = self_.take(self_.store().take_over(worker, seen, org, for_client));
        if (answer.transitioned())
            activate(*answer.lease, client, warm_activation);
        else if (!self_.simulation().conditions.contested.contains(worker))
            self_.simulation().reconnect(client);
    });
}

// --- activation

void Sessions::activate(const WorkerLease& lease, const Client& client, Duration usual) {
    self_.hold(lease, State::reserved, client);
    const auto delay = self_.random().between(milliseconds(10), milliseconds(90));
    self_.in_turn(lease.worker(), delay,
                  [this, usual](Held& held) { begin_activation(held, usual); });
}

void Sessions::begin_activation(Held& held, Duration usual) {
    const WorkerId worker = held.lease.worker();
    const auto& conditions = self_.simulation().conditions;
    const bool hangs =
        !conditions.contested.contains(worker) && self_.random().chance(conditions.activation_hang);
    // Some never get as far as the catalog.
    if (hangs && self_.random().chance(Permille{250})) return hang(held);
    if (!self_.settle(worker, self_.store().begin_activation(held.lease, for_client))) return;
    Held* now = self_.held(worker);
    if (hangs) return hang(*now);
    const auto took = self_.random().beyond({usual.ns / 3}, {usual.ns * 2 / 3});
    self_.in_turn(worker, took, [this](Held& then) { finish_activation(then); });
}

// The catalog answers minutes later, or somebody has ended the worker by then.
void Sessions::hang(Held& held) {
    const WorkerId worker = held.lease.worker();
    const auto late = self_.random().between(seconds(125), seconds(240));
    const bool watched =
        self_.simulation().conditions.pod_watchers && self_.random().chance(Permille{200});
    self_.in_turn(worker, late, [this](Held& then) { finish_activation(then); });
    if (watched)
        self_.in_turn(worker, watcher_patience, [this](Held& then) {
            self_.pods().retire(then.lease.worker(), Origin::pool_stuck_activating,
                                retire_reason::stuck_activating);
        });
}

void Sessions::finish_activation(Held& held) {
    const WorkerId worker = held.lease.worker();
    const Client client = *held.client;
    if (self_.random().chance(self_.simulation().conditions.activation_failure)) {
        self_.report(ReportActivationFailed{worker, held.lease.image()});
        self_.pods().retire(worker, Origin::activation_failure, retire_reason::activation_failure);
        return self_.simulation().ask_again(client);
    }
    if (self_.settle(worker, self_.store().complete_activation(held.lease, for_client)))
        begin_session(worker, client);
}

// --- the session

void Sessions::begin_session(WorkerId worker, const Client& client) {
    Held* held = self_.held(worker);
    if (!held) return;
    held->client = client;
    held->org = client.org;
    auto& simulation = self_.simulation();
    // A worker that two replicas fight over serves nobody to the end.
    if (simulation.conditions.contested.contains(worker)) return;
    const auto length = self_.random().beyond(seconds(3), simulation.session_length());
    self_.in_turn(worker, length, [this](Held& then) { end_session(then); });
}

void Sessions::end_session(Held& held) {
    const WorkerId worker = held.lease.worker();
    const auto& conditions = self_.simulation().conditions;
    if (self_.draining() || self_.random().chance(conditions.retired_after_session))
        return self_.pods().drain(worker, Origin::worker_drain, retire_reason::normal);
    held.client.reset();
    (void)self_.settle(worker, self_.store().park(held.lease));
}

}  // namespace fenceline::tools
