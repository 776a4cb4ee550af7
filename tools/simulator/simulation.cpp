#include "tools/simulator/simulation.hpp"

#include <algorithm>
#include <tuple>

#include "events/invariant.hpp"
#include "tools/simulator/fleet.hpp"
#include "tools/simulator/scenario.hpp"
#include "tools/simulator/sessions.hpp"

namespace fenceline::tools {

namespace {

// A new leader is chosen once the old one's election lease has run out.
constexpr Duration election_lease = seconds(15);
// Clients still reach a draining replica until the balancer has heard of it.
constexpr Duration balancer_delay = seconds(15);
constexpr int attempts_of_a_client = 5;

SimulationSettings completed(SimulationSettings settings) {
    // A change of release needs two of them.
    const Scenario* scenario = find_scenario(settings.scenario);
    if (scenario && scenario->releases == Scenario::Releases::change)
        settings.images = std::max<std::int64_t>(settings.images, 2);
    return settings;
}

std::size_t first_release(const SimulationSettings& settings) {
    const Scenario* scenario = find_scenario(settings.scenario);
    const bool changes = scenario && scenario->releases == Scenario::Releases::change;
    return static_cast<std::size_t>(std::max<std::int64_t>(settings.images, 1) - (changes ? 2 : 1));
}

}  // namespace

Simulation::Simulation(SimulationSettings settings)
    : pods(settings.seed, conditions),
      settings_(completed(std::move(settings))),
      clock_(settings_.start, settings_.seed),
      deployed_(first_release(settings_)),
      tenants_(settings_, deployed_),
      random_(settings_.seed, "simulation"),
      arrivals_(settings_.seed, "arrivals"),
      mishaps_(settings_.seed, "mishaps") {
    conditions.max_global_workers = settings_.workers;
    conditions.max_org_workers = std::max<std::int64_t>(2, settings_.workers * 35 / 100);
}

Simulation::~Simulation() = default;

Result<void> Simulation::check_empty() {
    auto journal = settings_.open_journal(clock_);
    if (!journal) return tl::unexpected<Error>(std::move(journal.error()));
    const auto head = (*journal)->head();
    if (!head) return tl::unexpected<Error>(head.error());
    if (head->position.given())
        return fenceline::fail(ErrorCode::already_exists,
                               "the journal has events already, and a simulation begins at none",
                               "name a journal that is not there yet");
    return {};
}

// --- the run

Result<void> Simulation::run() {
    FENCELINE_TRY(check_settings(settings_));
    FENCELINE_TRY(check_empty());
    FENCELINE_TRY(begin());
    const Time end_at = settings_.start + settings_.duration;
    constexpr Duration progress_step = seconds(5);
    Time told = settings_.start;
    while (!failure_ && !queue_.empty() && queue_.next() <= end_at) {
        clock_.wait_until(queue_.next());
        queue_.take()();
        if (settings_.progress && clock_.now() - told >= progress_step) {
            told = clock_.now();
            settings_.progress(told - settings_.start);
        }
    }
    return end();
}

Result<void> Simulation::begin() {
    for (std::int64_t i = 0; i < settings_.replicas; ++i) deploy(replica_name(i), deployed_);
    if (!failure_) {
        leader_ = replicas_.front().get();
        leader_->acquire_leadership();
        adopt_fleet();
        start_arrivals();
        start_mishaps();
        plan(seconds(1), [this] { elect(); });
        find_scenario(settings_.scenario)->arrange(*this);
    }
    if (failure_) return end();
    return {};
}

Result<void> Simulation::end() {
    for (auto& replica : replicas_) replica->shut();
    if (failure_) return tl::unexpected<Error>(std::move(*failure_));
    return {};
}

void Simulation::plan(Duration delay, EventQueue::Action action) {
    queue_.plan(clock_.now() + delay, std::move(action));
}

void Simulation::at_percent(int percent, EventQueue::Action action) {
    const Duration since_start{settings_.duration.ns / 100 * percent};
    queue_.plan(settings_.start + since_start, std::move(action));
}

void Simulation::fail(Error error) {
    if (!failure_) failure_ = std::move(error);
}

SweepOptions Simulation::sweep_options() const {
    SweepOptions options;
    // A short simulation is to see these two ends as well.
    options.instance_draining.ns =
        std::min(options.instance_draining.ns, settings_.duration.ns * 30 / 100);
    options.hot_idle_ttl.ns = std::min(options.hot_idle_ttl.ns, settings_.duration.ns / 6);
    return options;
}

// Longer in larger pools, so that their events do not grow beyond use.
Duration Simulation::session_length() const {
    return seconds(std::clamp<std::int64_t>(settings_.workers * 6 / 10, 120, 1'200));
}

// --- the replicas

std::string Simulation::replica_name(std::int64_t nth) {
    return std::string("cp-") + static_cast<char>('a' + nth);
}

Result<std::unique_ptr<LifecycleStore>> Simulation::open_store(
    const std::string& instance, std::function<void(const Cleanup&)> cleanup) {
    Random run(settings_.seed, "run of " + instance);
    StoreOptions options{.instance = instance,
                         .run = hexadecimal(run.next()),
                         .leads = false,
                         .heartbeat_resolution = cadence::heartbeat_resolution,
                         .clock = &clock_,
                         .cleanup = std::move(cleanup)};
    auto journal = settings_.open_journal(clock_);
    if (!journal) return tl::unexpected<Error>(std::move(journal.error()));
    return LifecycleStore::open(std::move(options), std::move(*journal));
}

void Simulation::deploy(const std::string& name, std::size_t release) {
    int boot = 1;
    for (const auto& replica : replicas_)
        if (replica->identity().name == name) ++boot;
    replicas_.push_back(std::make_unique<Replica>(*this, Replica::Identity{name, boot, release}));
    if (auto started = replicas_.back()->start(); !started) fail(std::move(started.error()));
}

Replica& Simulation::replica(const std::string& name) {
    const auto newest =
        std::ranges::find_if(replicas_.rbegin(), replicas_.rend(),
                             [&](const auto& each) { return each->identity().name == name; });
    FENCELINE_INVARIANT(newest != replicas_.rend(), "a scenario names a replica that never was");
    return **newest;
}

std::vector<Replica*> Simulation::reachable() const {
    std::vector<Replica*> found;
    for (const auto& replica : replicas_)
        if (replica->reachable()) found.push_back(replica.get());
    return found;
}

// The newest release leads, then the first by name.
void Simulation::elect() {
    plan(seconds(1), [this] { elect(); });
    if (leader_ && leader_->reachable() && leader_->leading()) return;
    const bool resigned = leader_ && leader_->reachable();
    if (!leaderless_since_.given()) leaderless_since_ = clock_.now();
    if (!resigned && clock_.now() - leaderless_since_ < election_lease) return;
    Replica* best = nullptr;
    const auto rank = [](const Replica& replica) {
        return std::tuple(-static_cast<int>(replica.identity().release), replica.id());
    };
    for (Replica* replica : reachable())
        if (!replica->draining() && (!best || rank(*replica) < rank(*best))) best = replica;
    if (!best) return;
    leader_ = best;
    leaderless_since_ = Time{};
    leader_->acquire_leadership();
}

bool Simulation::in_use(const std::string& image) const {
    const auto& images = tenants_.images();
    const auto found = std::ranges::find(images, image);
    if (found == images.end()) return false;
    const auto index = static_cast<std::size_t>(found - images.begin());
    if (tenants_.pinned(index)) return true;
    for (const auto& replica : replicas_)
        if (replica->running() && !replica->draining() && replica->identity().release == index)
            return true;
    return false;
}

std::vector<std::pair<std::string, std::int64_t>> Simulation::warm_targets() const {
    const std::int64_t budget =
        std::max<std::int64_t>(2, settings_.workers * 12 / 100) * conditions.warm_percent / 100;
    const auto& images = tenants_.images();
    std::vector<std::int64_t> shares(images.size());
    std::int64_t all = 0;
    const auto add = [&](std::size_t image, std::int64_t share) {
        shares[image] += share;
        all += share;
    };
    for (std::size_t i = 0; i < images.size(); ++i)
        if (tenants_.pinned(i)) add(i, 2);
    for (const auto& replica : replicas_)
        if (replica->running() && !replica->draining()) add(replica->identity().release, 2);
    std::vector<std::pair<std::string, std::int64_t>> targets;
    for (std::size_t i = 0; i < images.size(); ++i)
        if (shares[i] > 0) targets.emplace_back(images[i], (budget * shares[i] + all - 1) / all);
    return targets;
}

// --- the clients

Replica* Simulation::somebody() {
    std::vector<Replica*> open;
    for (Replica* replica : reachable())
        if (!replica->draining() || clock_.now() - replica->draining_since() < balancer_delay)
            open.push_back(replica);
    return open.empty() ? nullptr : open[arrivals_.below(open.size())];
}

void Simulation::arrive(const Client& client) {
    if (Replica* replica = somebody()) return replica->sessions().serve(client);
    ask_again(client);
}

void Simulation::reconnect(const Client& client) {
    const auto pause = random_.between(milliseconds(400), seconds(3));
    plan(pause, [this, client] { arrive(client); });
}

void Simulation::ask_again(Client client) {
    if (++client.attempts >= attempts_of_a_client) return;
    const auto pause = random_.beyond(seconds(2), seconds(4));
    plan(pause, [this, client] { arrive(client); });
}

void Simulation::scatter_clients(Replica& replica) {
    for (auto& [worker, held] : replica.workers()) {
        if (!held.client || held.state != State::hot) continue;
        const Client client = *std::exchange(held.client, std::nullopt);
        const bool remembers = random_.chance(Permille{400});
        const auto pause = random_.between(seconds(1), seconds(8));
        plan(pause, [this, client, remembers, known = worker] {
            Replica* other = somebody();
            if (other && remembers)
                other->sessions().reconnect(known, client);
            else
                arrive(client);
        });
    }
}

void Simulation::start_arrivals() {
    // So many sessions at once as fill a good third of the pool, at a demand of 100 %.
    const std::int64_t at_once =
        std::max<std::int64_t>(1, settings_.workers * 38 / 100) * conditions.demand_percent;
    const auto pause = arrivals_.exponential({session_length().ns / at_once * 100});
    plan(pause, [this] {
        arrive({.org = tenants_.draw(arrivals_)});
        start_arrivals();
    });
}

// Now and then the process in a pod dies, or a node takes its pods with it.
void Simulation::start_mishaps() {
    constexpr std::int64_t hours_between_crashes_of_a_worker = 3;
    const Duration mean{seconds(hours_between_crashes_of_a_worker * 3'600).ns / settings_.workers};
    plan(mishaps_.exponential(mean), [this] {
        if (mishaps_.chance(Permille{250}))
            pods.lose_one();
        else
            pods.crash_one();
        start_mishaps();
    });
}

void Simulation::adopt_fleet() {
    std::vector<Replica*> owners;
    for (const auto& replica : replicas_) owners.push_back(replica.get());
    tools::adopt_fleet(*this, owners);
}

}  // namespace fenceline::tools
