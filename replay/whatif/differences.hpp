#pragma once

// Which workers are not the same in both courses of events, and since when, and why.
//
//   differences.blame(worker, {.why = Why::spawn_refused, ...});   // while an event is told again
//   differences.settle(recorded_event, told, recorded, course);     // after it
//   differences.now();                                             // the workers that differ
//
// Threading: as a std::map.

#include <map>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "replay/whatif/holdings.hpp"
#include "replay/whatif/otherwise.hpp"
#include "statemachine/world.hpp"

namespace fenceline::replay::whatif {

// What happened in the other course.
struct Told {
    Event event;
    std::optional<Limit> limit;  // a sweep that the record does not have
};

// Whether a record is the same in both; none and none are.
[[nodiscard]] bool alike(const Worker* one, const Worker* other);

class Differences {
  public:
    // What sets this worker apart if something does; the first word of a step counts. Without
    // one, `otherwise` of settle() does.
    void blame(WorkerId worker, const Cause& cause);
    // A claim on this worker that the other course does not have.
    void only_recorded(WorkerId worker, const Event& claim, TextId org);
    void only_told(WorkerId worker, const Event& claim, TextId org);

    // After one step. `recorded`: the event that was recorded, none for a step of our own.
    void settle(const Event* event, std::span<const Told> told, const Cause& otherwise,
                const World& recorded, const World& course);

    [[nodiscard]] const std::set<WorkerId>& now() const { return now_; }
    [[nodiscard]] bool differs(WorkerId worker) const { return now_.contains(worker); }
    // Whether one more began to differ since this was last asked.
    [[nodiscard]] bool more() { return std::exchange(more_, false); }

    // All whose end, claims or state are not the same, by worker.
    [[nodiscard]] std::vector<WorkerOtherwise> list(const World& recorded,
                                                    const World& course) const;

  private:
    struct End {
        Position position;
        Time at;
        Operation operation = Operation::none;
        Origin origin = Origin::unknown;
        std::optional<Limit> limit;
    };
    struct Apart {
        Position position;
        Time at;
        TextId caller, org;
    };
    struct Row {
        Cause why;
        std::optional<End> recorded_end, told_end;
        std::optional<Apart> recorded_claim, told_claim;
    };

    void look(WorkerId worker, const Cause& otherwise, const World& recorded, const World& course);
    void note_end(const Event& event, std::optional<Limit> limit, std::optional<End> Row::*end);
    [[nodiscard]] static Fate fate_of(const Worker* worker, const std::optional<End>& end,
                                      const Dictionary& texts);
    [[nodiscard]] static std::optional<Turn> turn_of(const Row& row, const Worker* recorded,
                                                     const Worker* told);

    std::map<WorkerId, Row> rows_;  // all that ever differed
    std::set<WorkerId> now_;
    std::vector<std::pair<WorkerId, Cause>> blamed_;
    struct Claim {
        WorkerId worker;
        Apart claim;
        std::optional<Apart> Row::*whose;
    };
    std::vector<Claim> claims_;
    bool more_ = false;
};

}  // namespace fenceline::replay::whatif
