#pragma once

// What every rule is: it hears each event of a window right before and right after the event is
// folded, and says at the end what it found.
//
// Pure: a rule knows the world and the events alone.

#include <memory>
#include <vector>

#include "replay/incident/finding.hpp"
#include "replay/incident/limits.hpp"
#include "statemachine/world.hpp"

namespace fenceline::replay::incident {

class Rule {
  public:
    virtual ~Rule() = default;
    // The world as the window begins. Called once, first.
    virtual void begin(const World&) {}
    virtual void before(const Event&, const World&) {}
    virtual void after(const Event&, const World&) {}
    // The world as the window ends, at `end`.
    virtual void finish(const World& world, Time end, std::vector<Finding>& out) = 0;
};

[[nodiscard]] std::unique_ptr<Rule> make_burst_rule(const Limits& limits);
[[nodiscard]] std::unique_ptr<Rule> make_epoch_rule(const Limits& limits);
[[nodiscard]] std::unique_ptr<Rule> make_stuck_rule(const Limits& limits);
[[nodiscard]] std::unique_ptr<Rule> make_expiry_rule(const Limits& limits);
[[nodiscard]] std::unique_ptr<Rule> make_janitor_rule(const Limits& limits);

}  // namespace fenceline::replay::incident
