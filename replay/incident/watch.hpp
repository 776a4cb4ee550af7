#pragma once

// Findings of an incident window, in words with positions: every rule of this folder at once.
//
//   Watch watch(limits);
//   watch.begin(world);                                   // as of before the window
//   watch.before(event, world); evolve(world, event); watch.after(event, world);   // each event
//   for (const Finding& finding : watch.finish(world, end)) ...
//
// Pure and deterministic: no clock, and findings come in the order of their first positions.

#include <memory>
#include <vector>

#include "replay/incident/rule.hpp"

namespace fenceline::replay::incident {

class Watch {
  public:
    explicit Watch(const Limits& limits = {});

    void begin(const World& world);
    void before(const Event& event, const World& world);
    void after(const Event& event, const World& world);
    [[nodiscard]] std::vector<Finding> finish(const World& world, Time end);

  private:
    std::vector<std::unique_ptr<Rule>> rules_;
};

}  // namespace fenceline::replay::incident
