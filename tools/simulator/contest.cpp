#include "tools/simulator/contest.hpp"

#include <algorithm>
#include <array>

#include "tools/simulator/sessions.hpp"
#include "tools/simulator/simulation.hpp"

namespace fenceline::tools {

namespace {
constexpr Duration pause_between_strikes = milliseconds(700);
}  // namespace

void Contest::begin(const std::shared_ptr<Contest>& self, std::size_t workers) {
    self->size_ = workers;
    round(self);
}

void Contest::choose() {
    std::erase_if(workers_, [this](WorkerId worker) { return holder(worker) == nullptr; });
    for (const auto& name : {one_, other_}) {
        Replica& replica = simulation_.replica(name);
        for (const auto& [worker, held] : replica.workers())
            if (workers_.size() < size_ && held.state == State::hot && held.org &&
                std::ranges::find(workers_, worker) == workers_.end())
                workers_.push_back(worker);
    }
    simulation_.conditions.contested = {workers_.begin(), workers_.end()};
}

void Contest::end() {
    over_ = true;
    simulation_.conditions.contested.clear();
    for (const WorkerId worker : workers_)
        if (Replica* owner = holder(worker)) {
            const Held& held = *owner->held(worker);
            if (held.state == State::hot && held.org)
                owner->sessions().begin_session(worker, {*held.org});
        }
}

void Contest::round(const std::shared_ptr<Contest>& self) {
    if (self->over_) return;
    self->choose();
    if (!self->workers_.empty())
        self->strike(self->workers_[self->next_++ % self->workers_.size()]);
    const auto pause = self->simulation_.random().exponential(pause_between_strikes);
    self->simulation_.plan(pause, [self] { round(self); });
}

// Who holds it, as far as these two believe: the one that took it last.
Replica* Contest::holder(WorkerId worker) {
    Replica* found = nullptr;
    Epoch highest;
    for (const auto& name : {one_, other_}) {
        Replica& replica = simulation_.replica(name);
        const Held* held = replica.running() ? replica.held(worker) : nullptr;
        if (held && (!found || held->lease.epoch() > highest)) {
            found = &replica;
            highest = held->lease.epoch();
        }
    }
    return found;
}

void Contest::strike(WorkerId worker) {
    Replica* owner = holder(worker);
    if (!owner) return;
    const Held& held = *owner->held(worker);
    if (held.state != State::hot || !held.org) return;
    Replica& rival = simulation_.replica(owner->identity().name == one_ ? other_ : one_);
    if (!rival.reachable() || rival.draining()) return;
    rival.sessions().take_over(worker, {*held.org});
    // Now and then the owner renews its lease just then: the rival's epoch is old before it acts,
    // and so is the owner's own copy.
    if (simulation_.random().chance(Permille{300}))
        renew_twice(*owner, worker);
    else
        lag_behind(*owner, held.lease);
}

// The loser has not heard of it yet and carries on.
void Contest::lag_behind(Replica& loser, const WorkerLease& lease) {
    auto& random = simulation_.random();
    const auto what = random.below(5);
    const auto lag = random.between(milliseconds(120), milliseconds(1'500));
    loser.after(lag, [this, self = shared_from_this(), &loser, lease, what] {
        const Time expires = simulation_.clock().now() + seconds(3'600);
        const std::array<Command, 5> habits{
            Command{{}, Heartbeat{lease}}, Command{{}, RefreshLease{lease}},
            Command{{.origin = Origin::cred_refresh}, RefreshCredentials{lease, expires}},
            Command{{}, Park{lease}}, Command{{.origin = Origin::worker_drain}, Drain{lease}}};
        auto answer = [&] { return loser.store().apply(habits[what]); };
        const Held* held = loser.held(lease.worker());
        const bool believes = held && held->lease.epoch() == lease.epoch();
        // It has the worker back already, and some task of it does not know: nobody's loss.
        if (!believes) return void(loser.take(answer()));
        // The rival came too late. What would end the service is left to the real end of it.
        if (what >= 3 && owns(lease)) return;
        (void)loser.settle(lease.worker(), answer());
    });
}

void Contest::renew_twice(Replica& owner, WorkerId worker) {
    const WorkerLease copy = owner.held(worker)->lease;
    (void)owner.settle(worker, owner.store().refresh_lease(copy));
    const auto lag = simulation_.random().between(milliseconds(90), milliseconds(600));
    // A task of the same replica that still holds the copy; its answer is nobody's loss.
    owner.after(lag, [&owner, copy] { (void)owner.take(owner.store().heartbeat(copy)); });
}

// As the store has it, not as anybody believes.
bool Contest::owns(const WorkerLease& lease) {
    const auto row = simulation_.replica(one_).store().observe(lease.worker());
    return row && *row && (*row)->row().owner == lease.owner() &&
           (*row)->row().epoch == lease.epoch();
}

}  // namespace fenceline::tools
