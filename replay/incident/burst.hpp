#pragma once

// Finds stretches in which something happens often: at least so many within so long, going on
// until it has been quiet for as long. Events of one kind go in, in order; episodes come out.
//
//   BurstDetector bursts(Rate{10, seconds(60)});
//   bursts.add(event);
//   for (const Episode& episode : bursts.episodes()) ...
//
// Memory: fewer events than the rate asks for, and per episode what its sentence needs.

#include <deque>
#include <set>
#include <vector>

#include "events/event.hpp"
#include "replay/incident/limits.hpp"
#include "replay/incident/words.hpp"

namespace fenceline::replay::incident {

struct Episode {
    Position first, last;
    Time from, to;
    std::int64_t count = 0;
    Census<Operation> operations;
    Census<TextId> callers;
    std::set<WorkerId> workers;
    Event example;  // the first of them
};

class BurstDetector {
  public:
    explicit BurstDetector(Rate rate) : rate_(rate) {}

    void add(const Event& event);
    [[nodiscard]] const std::vector<Episode>& episodes() const { return episodes_; }

  private:
    void begin();
    static void extend(Episode& episode, const Event& event);

    Rate rate_;
    std::deque<Event> recent_;  // not yet an episode
    std::int64_t recent_count_ = 0;
    bool open_ = false;
    std::vector<Episode> episodes_;
};

}  // namespace fenceline::replay::incident
