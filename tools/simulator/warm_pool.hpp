#pragma once

// A replica's share in keeping neutral workers ready: spawns up to the targets, and a pod of its
// own for a client that found none.

#include "tools/simulator/replica.hpp"

namespace fenceline::tools {

class WarmPool {
  public:
    explicit WarmPool(Replica& self) : self_(self) {}

    void open_loops();
    // Whether a pod is on its way for this client.
    [[nodiscard]] bool spawn_for(const Client& client);

  private:
    void refill();
    void spawn_warm(const std::string& image, std::int64_t target, std::int64_t missing);
    void release_surplus(const std::string& image, std::int64_t surplus);
    // With the caps of the day.
    [[nodiscard]] Spawn capped(Spawn what) const;
    void await_pod(const WorkerLease& lease, std::optional<Client> client);
    void pod_ready(Held& held);
    void pod_failed(Held& held);

    Replica& self_;
};

}  // namespace fenceline::tools
