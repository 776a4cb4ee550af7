#pragma once

// The ways in which a replica ends a worker, and its pod: in order (drain, delete, retire), at
// once, as lost, or as the store told it to. Deleting is tried again for a while, then left to
// the search for stranded pods.

#include "tools/simulator/replica.hpp"

namespace fenceline::tools {

class PodKeeper {
  public:
    explicit PodKeeper(Replica& self) : self_(self) {}

    // For workers that the replica holds.
    void drain(WorkerId worker, Origin origin, std::string_view reason);
    void retire(WorkerId worker, Origin origin, std::string_view reason);
    void mark_lost(WorkerId worker, Origin origin, std::string_view reason);
    // The store's cleanup hook: only plans, because the store is still answering.
    void clean_up(WorkerId worker);

  private:
    // `afterwards` is asked with the report that the pod has gone, or when it is given up.
    void remove(WorkerId worker, Duration delay, std::optional<Command> afterwards,
                int attempt = 1);
    void tell(WorkerId worker, Request what, const std::optional<Command>& afterwards);

    Replica& self_;
};

}  // namespace fenceline::tools
