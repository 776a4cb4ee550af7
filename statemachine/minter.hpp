#pragma once

// The store's own key to leases and snapshots: nobody else makes them (lease.hpp). Internal;
// embedders go through LifecycleStore::lease_for and snapshot_for.

#include <string>
#include <utility>

#include "statemachine/lease.hpp"

namespace fenceline {

class Minter {
  public:
    [[nodiscard]] static WorkerLease lease(WorkerId worker, std::string owner, Epoch epoch,
                                           std::string image) {
        WorkerLease lease;
        lease.worker_ = worker;
        lease.owner_ = std::move(owner);
        lease.epoch_ = epoch;
        lease.image_ = std::move(image);
        return lease;
    }

    [[nodiscard]] static WorkerSnapshot snapshot(WorkerView row) {
        WorkerSnapshot snapshot;
        snapshot.row_ = std::move(row);
        return snapshot;
    }
};

}  // namespace fenceline
