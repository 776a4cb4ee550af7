#pragma once

// One machine's clock: wrong by an offset, going wrong by a drift, stepped and stalled. It follows
// the true time that only the simulation knows.
//
//   SkewedClock clock(truth, seconds(-3'600), 10'000);   // an hour behind, 1 % too fast
//   clock.pass(seconds(5));
//
// Threading: one thread.

#include "events/time.hpp"

namespace fenceline::testing {

class SkewedClock final : public Clock {
  public:
    SkewedClock(Time truth, Duration offset, std::int64_t drift_ppm)
        : shown_(truth + offset), drift_ppm_(drift_ppm) {}

    Time now() override { return shown_ + leap_; }
    // Each look takes a microsecond, so that every duration is known and none is nothing.
    Duration elapsed() override { return {elapsed_ns_ += 1'000}; }

    void pass(Duration true_time) {
        elapsed_ns_ += true_time.ns;
        if (stalled_) return;
        shown_.ns += true_time.ns + true_time.ns / 1'000'000 * drift_ppm_;
    }
    void step(Duration by) { shown_ = shown_ + by; }
    void drift(std::int64_t ppm) { drift_ppm_ = ppm; }
    void stall() { stalled_ = true; }
    void go_on() { stalled_ = false; }
    void set_right(Time truth) {
        shown_ = truth;
        drift_ppm_ = 0;
        stalled_ = false;
    }

    // What the machine believes; a planted leap shows to the store alone.
    [[nodiscard]] Time shown() const { return shown_; }
    void leap(Duration by) { leap_ = by; }

  private:
    Time shown_;
    Duration leap_;
    std::int64_t drift_ppm_ = 0;
    std::int64_t elapsed_ns_ = 0;
    bool stalled_ = false;
};

}  // namespace fenceline::testing
