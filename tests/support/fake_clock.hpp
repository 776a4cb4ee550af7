#pragma once

// A clock that stands still until a test moves it. Each look at elapsed() may take a little time
// of its own, so that durations are known exactly.

#include <atomic>

#include "events/time.hpp"

namespace fenceline::testing {

class FakeClock : public Clock {
  public:
    explicit FakeClock(Time start = Time{1'779'616'800'000'000'000}) : now_(start.ns) {}

    Time now() override { return {now_}; }
    Duration elapsed() override { return {elapsed_.fetch_add(step_)}; }

    void advance(Duration by) { now_ += by.ns; }
    void set(Time to) { now_ = to.ns; }
    // What each call of elapsed() adds: a store call looks at its entry and at its end.
    void step(Duration by) { step_ = by.ns; }

  private:
    std::atomic<std::int64_t> now_;
    std::atomic<std::int64_t> elapsed_{1'000};
    std::atomic<std::int64_t> step_{0};
};

}  // namespace fenceline::testing
