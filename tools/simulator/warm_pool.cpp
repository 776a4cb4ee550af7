#include "tools/simulator/warm_pool.hpp"

#include <algorithm>
#include <array>

#include "tools/simulator/pod_keeper.hpp"
#include "tools/simulator/sessions.hpp"
#include "tools/simulator/simulation.hpp"

namespace fenceline::tools {

namespace {

constexpr std::int64_t spawns_at_once = 4;
// An idle worker above the target is kept this long: the demand may come back.
constexpr Duration kept_idle = seconds(150);

// Where creating a pod goes wrong, and how often each.
struct Stage {
    SpawnFailureReason reason;
    std::uint64_t odds;
};
constexpr std::array<Stage, 9> stages{{{SpawnFailureReason::pod_ready, 34},
                                       {SpawnFailureReason::pod_create, 22},
                                       {SpawnFailureReason::grpc_connect, 14},
                                       {SpawnFailureReason::secret_create, 8},
                                       {SpawnFailureReason::config_map, 7},
                                       {SpawnFailureReason::secret_read, 5},
                                       {SpawnFailureReason::runtime_store, 4},
                                       {SpawnFailureReason::context_canceled, 4},
                                       {SpawnFailureReason::other, 2}}};

SpawnFailureReason draw_stage(Random& random) {
    std::array<std::uint64_t, stages.size()> odds{};
    for (std::size_t i = 0; i < stages.size(); ++i) odds[i] = stages[i].odds;
    return stages[random.weighted(odds)].reason;
}

}  // namespace

void WarmPool::open_loops() {
    self_.every(cadence::warm_pool, [this] { refill(); });
}

void WarmPool::refill() {
    if (self_.draining()) return;
    const auto targets = self_.store().warm_targets();
    const auto stats = self_.store().lifecycle_stats();
    if (!targets) return self_.simulation().fail(targets.error());
    if (!stats) return self_.simulation().fail(stats.error());
    for (const auto& [image, target] : targets->targets) {
        std::int64_t warm = 0;
        for (const auto& stat : *stats)
            if (stat.image == image && stat.binding == Binding::neutral &&
                (stat.state == State::spawning || stat.state == State::idle))
                warm += stat.count;
        if (warm < target) spawn_warm(image, target, target - warm);
        if (warm > target + 1) release_surplus(image, warm - target - 1);
    }
}

// The count is a moment old when it asks: another replica may have filled up meanwhile, and the
// store, not the count, keeps the target.
void WarmPool::spawn_warm(const std::string& image, std::int64_t target, std::int64_t missing) {
    const auto delay = self_.random().between(milliseconds(20), milliseconds(900));
    self_.after(delay, [this, image, target, missing] {
        if (self_.draining()) return;
        const auto wanted = static_cast<std::size_t>(std::min(missing, spawns_at_once));
        const Command one{{}, capped({.image = image, .warm_target = target})};
        for (auto& each : self_.store().apply(std::vector<Command>(wanted, one))) {
            const Answer answer = self_.take(std::move(each));
            if (answer.transitioned()) await_pod(*answer.lease, std::nullopt);
        }
    });
}

void WarmPool::release_surplus(const std::string& image, std::int64_t surplus) {
    const Time kept_since = self_.simulation().clock().now() - kept_idle;
    std::vector<WorkerId> surplus_workers;
    for (const auto& [worker, held] : self_.workers())
        if (held.state == State::idle && held.lease.image() == image && held.since < kept_since)
            surplus_workers.push_back(worker);
    if (static_cast<std::int64_t>(surplus_workers.size()) > surplus)
        surplus_workers.resize(static_cast<std::size_t>(surplus));
    for (const WorkerId worker : surplus_workers)
        self_.pods().drain(worker, Origin::idle_timeout, retire_reason::idle_timeout);
}

Spawn WarmPool::capped(Spawn what) const {
    const auto& conditions = self_.simulation().conditions;
    what.prefix = "duckgres-worker";
    what.caps = {conditions.max_org_workers, conditions.max_global_workers};
    return what;
}

bool WarmPool::spawn_for(const Client& client) {
    const auto& org = self_.simulation().tenants().org(client.org);
    const Spawn what = capped({.image = self_.image_for(client), .org = org});
    const Answer answer = self_.take(self_.store().spawn(what));
    if (!answer.transitioned()) return false;
    await_pod(*answer.lease, client);
    return true;
}

// --- the pod

void WarmPool::await_pod(const WorkerLease& lease, std::optional<Client> client) {
    auto& simulation = self_.simulation();
    self_.hold(lease, State::spawning, client);
    simulation.pods.create(lease.worker(), lease.image(), simulation.clock().now());
    const bool fails = self_.random().chance(simulation.conditions.spawn_failure);
    self_.in_turn(lease.worker(), simulation.pods.creation_delay(), [this, fails](Held& held) {
        if (fails)
            pod_failed(held);
        else
            pod_ready(held);
    });
}

void WarmPool::pod_ready(Held& held) {
    const WorkerId worker = held.lease.worker();
    if (!held.client) {
        (void)self_.settle(worker, self_.store().publish_idle(held.lease));
        return;
    }
    const Client client = *held.client;
    if (!self_.settle(worker, self_.store().publish_reserved(held.lease))) return;
    self_.sessions().activate(self_.held(worker)->lease, client, milliseconds(1'300));
}

void WarmPool::pod_failed(Held& held) {
    const WorkerId worker = held.lease.worker();
    const auto client = held.client;
    self_.report(ReportSpawnFailed{draw_stage(self_.random()), held.lease.image(), worker});
    self_.pods().retire(worker, Origin::spawn_failure, retire_reason::spawn_failure);
    if (client) self_.simulation().ask_again(*client);
}

}  // namespace fenceline::tools
