#pragma once

// What only the leading replica does for the whole pool: the janitor, the targets, and the searches
// for workers of old releases, workers whose pods have vanished, and pods without a worker.

#include "tools/simulator/replica.hpp"

namespace fenceline::tools {

class Leader {
  public:
    explicit Leader(Replica& self) : self_(self) {}

    void open_loops();
    void publish_targets();

  private:
    void sweep();
    void retire_orphans_one_by_one();
    void reap_old_releases();
    void look_for_vanished_pods();
    void look_for_stranded();
    void reconcile_pod(WorkerId worker);
    void reconcile_secrets();

    Replica& self_;
    std::map<WorkerId, Time> stranded_since_;
};

}  // namespace fenceline::tools
