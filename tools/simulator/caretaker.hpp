#pragma once

// What a replica owes the workers that it holds: heartbeats, health checks, fresh credentials and
// leases, an end for those that it has parked for too long.

#include "tools/simulator/replica.hpp"

namespace fenceline::tools {

class Caretaker {
  public:
    explicit Caretaker(Replica& self) : self_(self) {}

    void open_loops();
    // For everything that it believes to hold, at once.
    void send_heartbeats();
    // A replica that leaves gives up what serves nobody. What it has parked can be claimed still.
    void release_idle();

  private:
    void forget_what_others_own();
    void check_health();
    void refresh_credentials();
    void renew_leases();
    void end_long_parked();
    void shut_down_late();

    Replica& self_;
};

}  // namespace fenceline::tools
