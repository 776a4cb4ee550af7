#pragma once

// Whether an event may have happened to the world before it: what `verify` asks of each event.
//
// This does not decide again. It holds the envelope against the folded record, the transition
// against the table, and the fence that was presented against the one that held.

#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "events/event.hpp"
#include "statemachine/world.hpp"

namespace fenceline::replay {

class Legality {
  public:
    Legality();

    // What is wrong with this event, before it is folded into `world`; nothing when all is well.
    [[nodiscard]] std::vector<std::string> of(const Event& event, const World& world) const;

  private:
    void check_found(const Event& event, const Worker* record, std::vector<std::string>& out) const;
    void check_transition(const Event& event, const Worker* record,
                          std::vector<std::string>& out) const;
    void check_control_plane(const Event& event, const World& world,
                             std::vector<std::string>& out) const;

    std::set<std::tuple<State, Operation, State>> table_;
};

}  // namespace fenceline::replay
