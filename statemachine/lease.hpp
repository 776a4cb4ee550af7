#pragma once

// Two proofs that cannot be mistaken for one another.
//
// A WorkerLease says "I own this worker at this epoch". A WorkerSnapshot says "I saw this row so".
// Both are opaque and immutable, and neither converts into the other: passing a snapshot to a
// lease operation does not compile. Only the store makes them (LifecycleStore: claims, take-over,
// refresh, observe, lists, and the explicit lease_for / snapshot_for).
//
// Values; any thread.

#include <string>

#include "events/ids.hpp"
#include "events/labels.hpp"
#include "events/time.hpp"

namespace fenceline {

class Minter;  // statemachine/minter.hpp: the store's own key

class WorkerLease {
  public:
    [[nodiscard]] WorkerId worker() const { return worker_; }
    [[nodiscard]] const std::string& owner() const { return owner_; }
    [[nodiscard]] Epoch epoch() const { return epoch_; }
    [[nodiscard]] const std::string& image() const { return image_; }

  private:
    friend class Minter;
    WorkerLease() = default;
    WorkerId worker_;
    std::string owner_;
    Epoch epoch_;
    std::string image_;
};

// A row as texts: what people and JSON see of a worker.
struct WorkerView {
    WorkerId worker;
    std::string pod, image, org, owner, retire_reason;
    State state = State::none;
    Epoch epoch;
    Time created_at, updated_at, last_heartbeat_at, reserved_at;
    Time activation_started_at, credentials_expire_at;
    Position version;
};

class WorkerSnapshot {
  public:
    [[nodiscard]] const WorkerView& row() const { return row_; }

  private:
    friend class Minter;
    WorkerSnapshot() = default;
    WorkerView row_;
};

}  // namespace fenceline
