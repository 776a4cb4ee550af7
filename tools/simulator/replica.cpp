#include "tools/simulator/replica.hpp"

#include "projections/metrics.hpp"
#include "tools/simulator/caretaker.hpp"
#include "tools/simulator/leader.hpp"
#include "tools/simulator/pod_keeper.hpp"
#include "tools/simulator/sessions.hpp"
#include "tools/simulator/simulation.hpp"
#include "tools/simulator/warm_pool.hpp"

namespace fenceline::tools {

Replica::Replica(Simulation& simulation, Identity identity)
    : simulation_(simulation),
      identity_(std::move(identity)),
      id_(identity_.name + ":boot-" + std::to_string(identity_.boot)),
      random_(simulation.settings().seed, id_),
      sessions_(std::make_unique<Sessions>(*this)),
      warm_pool_(std::make_unique<WarmPool>(*this)),
      caretaker_(std::make_unique<Caretaker>(*this)),
      leader_(std::make_unique<Leader>(*this)),
      pods_(std::make_unique<PodKeeper>(*this)) {}

Replica::~Replica() = default;

// --- its life

Result<void> Replica::start() {
    auto store = simulation_.open_store(
        id_, [this](const Cleanup& cleanup) { pods_->clean_up(cleanup.worker); });
    if (!store) return tl::unexpected<Error>(std::move(store.error()));
    store_ = std::move(*store);
    running_ = true;
    (void)take(store_->cp_heartbeat());
    open_loops();
    return {};
}

void Replica::open_loops() {
    every(cadence::control_plane_heartbeat, [this] { (void)take(store_->cp_heartbeat()); });
    every(cadence::scrape, [this] {
        StoreStatus status;
        if (auto scraped = store_->metrics({}, status); !scraped)
            simulation_.fail(std::move(scraped.error()));
    });
    caretaker_->open_loops();
    warm_pool_->open_loops();
    leader_->open_loops();
}

void Replica::stop() {
    running_ = false;
    leading_ = false;
    if (auto closed = store_->close(); !closed) simulation_.fail(std::move(closed.error()));
    store_.reset();
}

void Replica::crash() {
    if (!running_) return;
    simulation_.scatter_clients(*this);
    stop();
}

void Replica::begin_drain() {
    if (!running_ || draining()) return;
    draining_since_ = simulation_.clock().now();
    if (leading_) resign();
    (void)take(store_->cp_drain());
    after(milliseconds(500), [this] { caretaker_->release_idle(); });
    // Nobody tells the others that it has gone: they see that its heartbeats stop.
    every(seconds(2), [this] {
        if (workers_.empty()) simulation_.plan(Duration{}, [this] { shut(); });
    });
    // The cluster's patience ends a little before the janitor's.
    const Duration grace = simulation_.sweep_options().instance_draining;
    after({grace.ns - seconds(1).ns},
          [this] { simulation_.plan(Duration{}, [this] { crash(); }); });
}

void Replica::hold_on_to_sessions(int sessions) {
    for (auto& [worker, held] : workers_) {
        if (sessions == 0) return;
        if (held.state != State::hot) continue;
        held.endless = true;
        held.turn = ++turns_;
        --sessions;
    }
}

void Replica::cut_off() {
    if (!reachable()) return;
    cut_off_ = true;
}

// The heartbeat loop gets through first, then the leases that it still believes in, then all the
// work that waited.
void Replica::come_back() {
    if (!running_ || !cut_off_) return;
    cut_off_ = false;
    (void)take(store_->cp_heartbeat());
    if (leading_ && simulation_.leader() != this) resign();
    after(random_.between(milliseconds(300), milliseconds(1'500)),
          [this] { caretaker_->send_heartbeats(); });
    auto waited = std::move(backlog_);
    backlog_.clear();
    for (std::size_t i = 0; i < waited.size(); ++i)
        after(milliseconds(static_cast<std::int64_t>(700 + 20 * i)), std::move(waited[i]));
}

void Replica::acquire_leadership() {
    leading_ = true;
    report(ReportLeadership{Leadership::acquired});
    leader_->publish_targets();
}

void Replica::resign() {
    leading_ = false;
    report(ReportLeadership{Leadership::lost});
}

const std::string& Replica::image_for(const Client& client) const {
    return simulation_.tenants().image_for(client.org, identity_.release);
}

// --- timers

void Replica::after(Duration delay, std::function<void()> action) {
    simulation_.plan(delay, [this, action = std::move(action)] {
        if (!running_) return;
        if (cut_off_)
            backlog_.push_back(action);
        else
            action();
    });
}

void Replica::every(Duration period, std::function<void()> body) {
    loops_.push_back({period, std::move(body)});
    const auto loop = loops_.size() - 1;
    simulation_.plan(random_.between(Duration{}, period), [this, loop] { run_loop(loop); });
}

void Replica::run_loop(std::size_t loop) {
    if (!running_) return;
    simulation_.plan(loops_[loop].period, [this, loop] { run_loop(loop); });
    if (!cut_off_) loops_[loop].body();
}

void Replica::in_turn(WorkerId worker, Duration delay, std::function<void(Held&)> action) {
    const Held* now = held(worker);
    if (!now) return;
    after(delay, [this, worker, turn = now->turn, action = std::move(action)] {
        if (Held* then = held(worker); then && then->turn == turn) action(*then);
    });
}

// --- leases

Held* Replica::held(WorkerId worker) {
    const auto it = workers_.find(worker);
    return it == workers_.end() ? nullptr : &it->second;
}

Held& Replica::hold(const WorkerLease& lease, State state, std::optional<Client> client) {
    const Time now = simulation_.clock().now();
    Held fresh{.lease = lease,
               .state = state,
               .client = client,
               .org = client ? std::optional(client->org) : std::nullopt,
               .since = now,
               .renewed = now,
               .turn = ++turns_};
    return workers_.insert_or_assign(lease.worker(), std::move(fresh)).first->second;
}

Held& Replica::hold_parked(const WorkerLease& lease, std::size_t org) {
    Held& held = hold(lease, State::hot_idle);
    held.org = org;
    return held;
}

Answer Replica::take(Result<Answer> answer) {
    if (answer) return std::move(*answer);
    simulation_.fail(std::move(answer.error()));
    return {};
}

bool Replica::settle(WorkerId worker, Result<Answer> result) {
    const Answer answer = take(std::move(result));
    Held* found = held(worker);
    if (!found) return false;
    if (!answer.transitioned()) {
        const auto client = found->client;
        drop(worker);
        // A worker that two fight over takes its client along.
        if (client && !simulation_.conditions.contested.contains(worker))
            simulation_.reconnect(*client);
        return false;
    }
    if (answer.lease) {
        found->lease = *answer.lease;
        found->renewed = simulation_.clock().now();
    }
    if (answer.to != found->state) {
        found->state = answer.to;
        found->since = simulation_.clock().now();
        found->turn = ++turns_;
    }
    if (is_terminal(answer.to)) drop(worker);
    return true;
}

void Replica::settle_all(std::span<const WorkerId> workers, std::span<const Command> commands) {
    if (commands.empty()) return;
    auto answers = store_->apply(commands);
    for (std::size_t i = 0; i < answers.size(); ++i)
        (void)settle(workers[i], std::move(answers[i]));
}

void Replica::report(Request observation) {
    (void)take(store_->apply(Command{{}, std::move(observation)}));
}

}  // namespace fenceline::tools
