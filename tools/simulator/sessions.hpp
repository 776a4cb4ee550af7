#pragma once

// A replica's way from a client to a worker that serves it: its own parked worker first, then one
// parked by another replica, then an idle one, then a pod of its own; activation, the session,
// and what follows it.

#include "tools/simulator/replica.hpp"

namespace fenceline::tools {

class Sessions {
  public:
    explicit Sessions(Replica& self) : self_(self) {}

    void serve(const Client& client);
    // The client knows the worker that served it until its replica went away.
    void reconnect(WorkerId worker, const Client& client);
    // A worker that is reserved for this client, from its claim or its spawn.
    void activate(const WorkerLease& lease, const Client& client, Duration usual);
    // A worker that is hot already serves it from now on.
    void begin_session(WorkerId worker, const Client& client);
    // Takes a hot worker from its owner, whoever that is.
    void take_over(WorkerId worker, const Client& client);

  private:
    [[nodiscard]] bool unpark_own(const Client& client);
    [[nodiscard]] Caps caps() const;
    void refused(const Client& client, Outcome why);
    void begin_activation(Held& held, Duration usual);
    void finish_activation(Held& held);
    void hang(Held& held);
    void end_session(Held& held);

    Replica& self_;
};

}  // namespace fenceline::tools
