#pragma once

// One control-plane replica, as an embedder of the store would write it: it holds leases of the
// workers that it believes to own, and learns from the store's answers when it does not.
//
// The work is done by its parts (sessions, warm pool, caretaker, leader, pod keeper); here is what
// they share: the store, the leases, and timers that stop with the process and wait while it is
// cut off.
//
// Threading: one simulation, one thread.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "journal/lifecycle_store.hpp"
#include "tools/simulator/settings.hpp"

namespace fenceline::tools {

class Simulation;
class Sessions;
class WarmPool;
class Caretaker;
class Leader;
class PodKeeper;

// What a replica believes of a worker that it owns.
struct Held {
    WorkerLease lease;
    State state = State::none;
    std::optional<Client> client;  // who waits for it, or is served by it
    std::optional<std::size_t> org;
    Time since;    // in this state
    Time renewed;  // the lease
    int failed_checks = 0;
    bool endless = false;    // its session does not end, whatever waits for that
    std::uint64_t turn = 0;  // new with each change of state: older timers do nothing
};

class Replica {
  public:
    struct Identity {
        std::string name;
        int boot = 1;
        std::size_t release = 0;  // index of the image that it deploys
    };

    Replica(Simulation& simulation, Identity identity);
    ~Replica();

    // --- its life
    [[nodiscard]] Result<void> start();
    // Leaves from one moment to the next; its workers stay behind.
    void crash();
    // The simulation is over.
    void shut() {
        if (running_) stop();
    }
    // Takes no new work and exits once its last worker is gone.
    void begin_drain();
    // This many of its sessions never end.
    void hold_on_to_sessions(int sessions);
    // Runs on, but reaches neither the store nor the cluster; what it wanted to do waits.
    void cut_off();
    void come_back();
    void acquire_leadership();
    void resign();

    [[nodiscard]] const std::string& id() const { return id_; }
    [[nodiscard]] const Identity& identity() const { return identity_; }
    [[nodiscard]] bool running() const { return running_; }
    [[nodiscard]] bool reachable() const { return running_ && !cut_off_; }
    [[nodiscard]] bool draining() const { return draining_since_.given(); }
    [[nodiscard]] Time draining_since() const { return draining_since_; }
    [[nodiscard]] bool leading() const { return leading_; }

    // --- its parts
    [[nodiscard]] Simulation& simulation() { return simulation_; }
    [[nodiscard]] LifecycleStore& store() { return *store_; }
    [[nodiscard]] Random& random() { return random_; }
    [[nodiscard]] Sessions& sessions() { return *sessions_; }
    [[nodiscard]] WarmPool& warm_pool() { return *warm_pool_; }
    [[nodiscard]] PodKeeper& pods() { return *pods_; }
    [[nodiscard]] const std::string& image_for(const Client& client) const;

    // --- timers
    void after(Duration delay, std::function<void()> action);
    void every(Duration period, std::function<void()> body);
    // Only if the worker is still held, and in the same state as now.
    void in_turn(WorkerId worker, Duration delay, std::function<void(Held&)> action);

    // --- leases
    [[nodiscard]] std::map<WorkerId, Held>& workers() { return workers_; }
    [[nodiscard]] Held* held(WorkerId worker);
    Held& hold(const WorkerLease& lease, State state, std::optional<Client> client = {});
    Held& hold_parked(const WorkerLease& lease, std::size_t org);
    void drop(WorkerId worker) { workers_.erase(worker); }
    // The answer, or an empty one when the store failed: then the simulation ends.
    [[nodiscard]] Answer take(Result<Answer> answer);
    // Takes an answer about a held worker to heart. False: it was turned away, and the worker is
    // somebody else's; its client asks elsewhere.
    bool settle(WorkerId worker, Result<Answer> answer);
    // The same for a batch: one commit, one answer each.
    void settle_all(std::span<const WorkerId> workers, std::span<const Command> commands);
    void report(Request observation);

  private:
    void open_loops();
    void run_loop(std::size_t loop);
    void stop();

    struct Loop {
        Duration period;
        std::function<void()> body;
    };

    Simulation& simulation_;
    Identity identity_;
    std::string id_;
    Random random_;
    std::unique_ptr<LifecycleStore> store_;
    std::map<WorkerId, Held> workers_;
    std::uint64_t turns_ = 0;
    std::deque<Loop> loops_;
    std::vector<std::function<void()>> backlog_;  // what waits while it is cut off
    bool running_ = false;
    bool cut_off_ = false;
    bool leading_ = false;
    Time draining_since_;

    std::unique_ptr<Sessions> sessions_;
    std::unique_ptr<WarmPool> warm_pool_;
    std::unique_ptr<Caretaker> caretaker_;
    std::unique_ptr<Leader> leader_;
    std::unique_ptr<PodKeeper> pods_;
};

}  // namespace fenceline::tools
