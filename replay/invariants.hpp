#pragma once

// What must hold after every event, and for how long it did not.
//
//   invariants.before(event, world);  fold.apply(event);  invariants.after(event, world);
//   for (const Violation& v : invariants.take_ended()) ...
//   for (const Violation& v : invariants.finish()) ...      // those that nothing ended
//
// - a worker's epoch never falls, and no two owners hold it at one epoch (I4)
// - a worker that has ended stays as it ended (I5)
// - where an accepted spawn or claim named a cap, the count that it left keeps it
//
// Legality (legality.hpp) judges an event by itself; this judges the world that it leaves.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "events/event.hpp"
#include "statemachine/world.hpp"

namespace fenceline::replay {

struct Violation {
    Position since;
    Time at;
    std::string what;
    std::optional<Position> until;  // the event that mended it; none: nothing did
    Duration lasted;                // until then, or to the last event
};

class Invariants {
  public:
    void before(const Event& event, const World& world);
    void after(const Event& event, const World& world);
    // Those that have ended since the last call, in the order of their end.
    [[nodiscard]] std::vector<Violation> take_ended();
    // Those that still last, with their time up to the last event.
    [[nodiscard]] std::vector<Violation> finish();

  private:
    enum class Kind { shared_epoch, fallen_epoch, left_its_end, org_cap, global_cap, warm_target };
    struct Open {
        Violation violation;
        // What mends it: an epoch above this one, a state that is terminal, a count within a cap.
        std::int64_t bound = 0;
    };
    // The worker, org or image that it is about.
    using Key = std::pair<Kind, std::int64_t>;

    void open(Key key, std::int64_t bound, const Event& event, std::string what);
    void judge_worker(const Event& event, const World& world);
    void judge_caps(const Event& event, const World& world);
    void end_mended(const Event& event, const World& world);

    std::optional<Worker> was_;
    std::map<Key, Open> open_;
    std::vector<Violation> ended_;
    Time last_;
};

}  // namespace fenceline::replay
