#pragma once

// The other course of events: a world of its own, to which commands are put as the store would
// put them.
//
//   Course course(begin, std::move(texts));
//   Event event = course.judge(command, at, position);   // decided, nothing has changed
//   course.fold(event);                                  // now it has
//   course.told();                                       // since settled()
//
// Threading: as a std::vector.

#include <optional>
#include <set>
#include <vector>

#include "replay/whatif/differences.hpp"
#include "replay/whatif/holdings.hpp"
#include "statemachine/commands.hpp"
#include "statemachine/world.hpp"

namespace fenceline::replay::whatif {

class Course {
  public:
    // `texts`: those of the whole window, so that its events can be folded as they are.
    Course(World begin, Dictionary texts);

    [[nodiscard]] const World& world() const { return world_; }
    // Workers that have not ended, by id.
    [[nodiscard]] const std::set<WorkerId>& active() const { return active_; }

    // The command must be sound.
    [[nodiscard]] Event judge(const Command& command, Time at, Position position);
    void fold(const Event& event, std::optional<Limit> limit = std::nullopt);
    // Both at once; whether it transitioned.
    bool put(const Command& command, Time at, Position position,
             std::optional<Limit> limit = std::nullopt);

    // The record, if it is held so and has not ended.
    [[nodiscard]] const Worker* held(const Held& held) const;
    [[nodiscard]] WorkerLease lease(const Held& held) const;
    // What somebody would have been given who looked at the record now.
    [[nodiscard]] WorkerSnapshot snapshot(const Worker& worker) const;
    [[nodiscard]] std::string text(TextId id) const { return std::string(world_.texts.text(id)); }

    // What was folded in this step and changed a worker.
    [[nodiscard]] const std::vector<Told>& told() const { return told_; }
    void settled() { told_.clear(); }

  private:
    World world_;
    std::set<WorkerId> active_;
    std::vector<Told> told_;
    std::vector<Event> decided_;
};

}  // namespace fenceline::replay::whatif
