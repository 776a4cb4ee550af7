#pragma once

// The time of a simulation. It moves to the next thing that happens, and while a store works: each
// look at elapsed() takes a drawn time, as a commit and its sync would. So a duration is the same
// for the same seed, and histograms look like those of a real disk.
//
// Threading: one thread, unlike other clocks: a simulation has no second one.

#include <algorithm>

#include "events/time.hpp"
#include "tools/simulator/random.hpp"

namespace fenceline::tools {

class SimulatedClock final : public Clock {
  public:
    SimulatedClock(Time start, std::uint64_t seed) : now_(start), latency_(seed, "latency") {}

    [[nodiscard]] Time now() override { return now_; }
    [[nodiscard]] Duration elapsed() override;

    // Moves on to a moment; one already past changes nothing.
    void wait_until(Time moment) { now_ = std::max(now_, moment); }

  private:
    Time now_;
    Random latency_;
};

}  // namespace fenceline::tools
