#pragma once

// A pool of workers with its control planes, clients and mishaps, lived through on a simulated
// clock against the real store: every event is decided, appended and synced as in production.
//
//   Simulation simulation({.open_journal = open, .scenario = "rollout", .seed = 7});
//   auto done = simulation.run();
//
// The same settings give the same events, byte for byte: one thread, one queue ordered by time,
// one seed, no clock of the machine. Each replica holds a store of its own on the journal, as
// separate processes would.
//
// Threading: one simulation, one thread.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "journal/lifecycle_store.hpp"
#include "tools/simulator/clock.hpp"
#include "tools/simulator/event_queue.hpp"
#include "tools/simulator/pods.hpp"
#include "tools/simulator/replica.hpp"
#include "tools/simulator/settings.hpp"
#include "tools/simulator/tenants.hpp"

namespace fenceline::tools {

class Simulation {
  public:
    explicit Simulation(SimulationSettings settings);
    ~Simulation();
    Simulation(const Simulation&) = delete;
    Simulation& operator=(const Simulation&) = delete;

    // Once. Errors: settings out of range (`invalid_request`), a journal that has events
    // (`already_exists`), and whatever a store says.
    [[nodiscard]] Result<void> run();

    // --- the weather and the cluster
    Conditions conditions;
    Pods pods;

    [[nodiscard]] const SimulationSettings& settings() const { return settings_; }
    [[nodiscard]] SimulatedClock& clock() { return clock_; }
    [[nodiscard]] const Tenants& tenants() const { return tenants_; }
    [[nodiscard]] Random& random() { return random_; }
    [[nodiscard]] SweepOptions sweep_options() const;
    [[nodiscard]] Duration session_length() const;

    // --- the schedule
    void plan(Duration delay, EventQueue::Action action);
    // At this part of the whole duration; from the start, or from now if that has passed.
    void at_percent(int percent, EventQueue::Action action);
    // Ends the simulation with this error.
    void fail(Error error);

    // --- the replicas
    // Starts the next boot of this replica, beside those that still run.
    void deploy(const std::string& name, std::size_t release);
    // The newest boot of a replica, whether it runs or not.
    [[nodiscard]] Replica& replica(const std::string& name);
    [[nodiscard]] std::vector<Replica*> reachable() const;
    [[nodiscard]] Replica* leader() const { return leader_; }
    [[nodiscard]] std::size_t deployed() const { return deployed_; }
    [[nodiscard]] static std::string replica_name(std::int64_t nth);
    // Some replica would still give this image to a client.
    [[nodiscard]] bool in_use(const std::string& image) const;
    [[nodiscard]] std::vector<std::pair<std::string, std::int64_t>> warm_targets() const;
    [[nodiscard]] Result<std::unique_ptr<LifecycleStore>> open_store(
        const std::string& instance, std::function<void(const Cleanup&)> cleanup);

    // --- the clients
    // Comes back to any replica after being cut off, or after being refused; not for ever.
    void reconnect(const Client& client);
    void ask_again(Client client);
    // The replica does not answer its clients any more: they go to the others.
    void scatter_clients(Replica& replica);

  private:
    [[nodiscard]] Result<void> check_empty();
    [[nodiscard]] Result<void> begin();
    void adopt_fleet();
    void start_arrivals();
    void start_mishaps();
    void arrive(const Client& client);
    void elect();
    [[nodiscard]] Replica* somebody();
    [[nodiscard]] Result<void> end();

    SimulationSettings settings_;
    SimulatedClock clock_;
    EventQueue queue_;
    std::size_t deployed_;  // index of the release that everybody runs at first
    Tenants tenants_;
    Random random_, arrivals_, mishaps_;
    std::vector<std::unique_ptr<Replica>> replicas_;  // every boot, in order
    Replica* leader_ = nullptr;
    Time leaderless_since_;
    std::optional<Error> failure_;
};

}  // namespace fenceline::tools
