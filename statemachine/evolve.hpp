#pragma once

// What did happen: the fold. Total and without guards, because recorded facts are never refused
// (I6); without a clock, because a fold gives the same bytes on any machine (I3).

#include <optional>
#include <vector>

#include "events/event.hpp"
#include "statemachine/world.hpp"

namespace fenceline {

// Folds one event into the world. An event about a worker that the world does not know changes
// nothing but the position, unless it makes that worker. Where memory runs out, std::bad_alloc
// leaves the world in pieces: it has to be folded anew.
void evolve(World& world, const Event& event);

// Remembers what a batch changes, so that a batch that did not become durable can be taken back.
//
//   Undo undo(world);                            // before the first decide(): it numbers texts
//   undo.before(event); evolve(world, event);    // for each event of the batch
//   undo.take_back();                            // only if it failed
//
// Taken back, the world saves to the same bytes as before the batch.
class Undo {
  public:
    explicit Undo(World& world);
    void before(const Event& event);
    void take_back();

  private:
    World& world_;
    std::uint32_t texts_;
    WorkerId highest_id_;
    Position position_;
    Time at_;
    struct Change {
        WorkerId worker;
        std::optional<Worker> was;  // none: there was no such record
    };
    struct PlaneChange {
        TextId plane;
        std::optional<ControlPlane> was;
    };
    std::vector<Change> workers_;
    std::vector<PlaneChange> planes_;
};

}  // namespace fenceline
