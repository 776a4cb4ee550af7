#pragma once

// What did happen: the fold. Total and without guards, because recorded facts are never refused
// (I6); without a clock, because a fold gives the same bytes on any machine (I3).

#include <vector>

#include "events/event.hpp"
#include "statemachine/world.hpp"

namespace fenceline {

// Folds one event into the world.
void evolve(World& world, const Event& event) noexcept;

// Remembers what a batch changes, so that a batch that did not become durable can be taken back.
//
//   Undo undo(world);
//   undo.before(event); evolve(world, event);   // for each event of the batch
//   undo.take_back();                            // only if it failed
class Undo {
  public:
    explicit Undo(World& world);
    void before(const Event& event);
    void take_back();

  private:
    World& world_;
    std::uint32_t texts_;
    Position position_;
    Time at_;
    struct Change {
        WorkerId worker;
        std::optional<Worker> was;
    };
    struct PlaneChange {
        TextId plane;
        std::optional<ControlPlane> was;
    };
    std::vector<Change> workers_;
    std::vector<PlaneChange> planes_;
};

}  // namespace fenceline
