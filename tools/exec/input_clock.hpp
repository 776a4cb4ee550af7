#pragma once

// The clock of `exec --clock input`: time is what the lines say, and goes on only with them.
// Durations of calls are still the machine's: they measure this process, not the story.
//
// Threading: set from the thread that reads the input, read from any.

#include <atomic>

#include "events/time.hpp"

namespace fenceline::tools {

class InputClock final : public Clock {
  public:
    [[nodiscard]] Time now() override { return {now_ns_.load()}; }
    [[nodiscard]] Duration elapsed() override { return system_clock().elapsed(); }
    void set(Time now) { now_ns_.store(now.ns); }

  private:
    std::atomic<std::int64_t> now_ns_{0};
};

}  // namespace fenceline::tools
