#pragma once

// Callers of a control plane that ask a store as fast as it answers.

#include <vector>

#include "events/result.hpp"
#include "journal/lifecycle_store.hpp"
#include "tools/bench/bare_sqlite.hpp"

namespace fenceline::tools::bench {

// One caller: it owns a few hot workers, which no other caller touches, and keeps using its leases.
class Caller {
  public:
    [[nodiscard]] static Result<Caller> make(LifecycleStore& store, int number);
    // What it asks next, and what it makes of the answer.
    [[nodiscard]] Command next();
    [[nodiscard]] Result<void> take(const Result<Answer>& answer);

  private:
    [[nodiscard]] WorkerLease& lease();
    Ask ask_;
    std::vector<WorkerLease> leases_;
    long step_ = 0;
};

struct Run {
    double per_second = 0;
    std::vector<double> waits_us;
};

// Each on a thread of its own, one operation a call.
[[nodiscard]] Result<Run> run_threads(LifecycleStore& store, std::vector<Caller>& callers,
                                      int seconds);
// All in one event loop: what they ask at the same time is one call.
[[nodiscard]] Result<Run> run_loop(LifecycleStore& store, std::vector<Caller>& callers,
                                   int seconds);

// Rows of bare SQLite instead of operations: a thread each behind the store's own queue, whose
// writer inserts one row a caller and commits. What threads cost where there is nothing else.
[[nodiscard]] Result<Run> run_bare_threads(BareSqlite& bare, int callers, int seconds);

}  // namespace fenceline::tools::bench
