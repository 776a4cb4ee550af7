#pragma once

// What a control plane believes: the leases that it holds, the rows that it saw, and what it asked
// without having heard an answer. It draws its commands from that alone, so that after a pause or a
// cut it acts on a world that is gone. It never looks at the oracle.
//
//   Mind mind("cp-1:boot-1", "run-7");
//   for (const Command& command : mind.next(dice, now, silent)) ... mind.hear(command, answer) ...
//
// Threading: one thread.

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "journal/answers.hpp"
#include "statemachine/commands.hpp"
#include "tests/support/dice.hpp"

namespace fenceline::testing {

using Workers = std::set<std::int64_t>;

class Mind {
  public:
    Mind(std::string instance, std::string run)
        : instance_(std::move(instance)), run_(std::move(run)) {}

    // One batch; `silent` workers do not answer their owner. One operation on a worker at most.
    [[nodiscard]] std::vector<Command> next(Dice& dice, Time now, const Workers& silent);
    // A heartbeat for each worker of its own that answers.
    [[nodiscard]] std::vector<Command> beat(const Workers& silent) const;
    // What a plane without trouble does: each worker of its own a step further.
    [[nodiscard]] std::vector<Command> tend(const Workers& silent);
    [[nodiscard]] Command command(Request request, Origin origin = Origin::public_api) const;

    void hear(const Command& asked, const Answer& answer);
    // No answer came. It asks again, if the request has an id to ask by.
    void miss(const Command& asked);
    // The pool as listed. `all` of its own: as after a restart, when nothing is remembered.
    enum class Learn { rows, all };
    void look(const std::vector<WorkerSnapshot>& rows, Learn learn);
    // Another boot comes after this one: it inherits what was never answered.
    void hand_over(Mind& successor) { successor.unanswered_ = unanswered_; }
    [[nodiscard]] std::size_t unanswered() const { return unanswered_.size(); }

  private:
    struct Held {
        WorkerLease lease;
        State state = State::none;
        bool bound = false;
    };

    [[nodiscard]] Command draw(Dice& dice, Time now, const Workers& silent);
    [[nodiscard]] Request of_own(Dice& dice, Time now, const Workers& silent);
    [[nodiscard]] Request of_pool(Dice& dice);
    [[nodiscard]] Request of_seen(Dice& dice);
    [[nodiscard]] static Request report(Dice& dice, WorkerId worker);
    [[nodiscard]] static Request step_on(const Held& held);

    std::string instance_, run_;
    std::map<std::int64_t, Held> held_;
    std::deque<WorkerSnapshot> seen_;
    std::deque<Command> unanswered_, answered_;
    std::int64_t requests_ = 0;
};

}  // namespace fenceline::testing
