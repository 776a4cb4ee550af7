#pragma once

// Callers of a control plane that ask a store as fast as it answers.

#include <vector>

#include "events/result.hpp"
#include "journal/lifecycle_store.hpp"

namespace fenceline::tools::bench {

// One caller: it owns a few hot workers, which no other caller touches, and keeps using its leases.
class Caller {
  public:
    [[nodiscard]] static Result<Caller> make(LifecycleStore& store, int number);
    [[nodiscard]] Result<void> operate();

  private:
    explicit Caller(LifecycleStore& store) : store_(&store) {}
    LifecycleStore* store_;
    Ask ask_;
    std::vector<WorkerLease> leases_;
    long step_ = 0;
};

struct Run {
    double per_second = 0;
    std::vector<double> waits_us;
};

// Each on a thread of its own.
[[nodiscard]] Result<Run> run_callers(std::vector<Caller>& callers, int seconds);

}  // namespace fenceline::tools::bench
