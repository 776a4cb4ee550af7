#pragma once

// Two replicas that both believe in the same workers: a balancer without stickiness sends an org's
// requests to either, each takes the worker from the other, and the loser goes on with a lease of
// an epoch that has passed.

#include <memory>
#include <string>
#include <vector>

#include "tools/simulator/replica.hpp"

namespace fenceline::tools {

// What is planned keeps it: the last losers lag behind the end.
class Contest : public std::enable_shared_from_this<Contest> {
  public:
    Contest(Simulation& simulation, std::string one, std::string other)
        : simulation_(simulation), one_(std::move(one)), other_(std::move(other)) {}

    // Chooses among the workers that serve just now, and lets the two at them.
    static void begin(const std::shared_ptr<Contest>& self, std::size_t workers);
    // Whoever holds a worker then keeps it.
    void end();

  private:
    static void round(const std::shared_ptr<Contest>& self);
    // Fills up to `size_`: a worker that ended meanwhile is no prize any more.
    void choose();
    void strike(WorkerId worker);
    void lag_behind(Replica& loser, const WorkerLease& lease);
    void renew_twice(Replica& owner, WorkerId worker);
    [[nodiscard]] Replica* holder(WorkerId worker);
    [[nodiscard]] bool owns(const WorkerLease& lease);

    Simulation& simulation_;
    std::string one_, other_;
    std::size_t size_ = 0;
    std::vector<WorkerId> workers_;
    std::size_t next_ = 0;
    bool over_ = false;
};

}  // namespace fenceline::tools
