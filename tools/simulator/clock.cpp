#include "tools/simulator/clock.hpp"

namespace fenceline::tools {

namespace {
constexpr Duration microseconds(std::int64_t n) {
    return {n * 1'000};
}
}  // namespace

// Mostly a commit on a local disk, now and then one that waits for others, seldom a stall.
Duration SimulatedClock::elapsed() {
    const auto draw = latency_.below(1000);
    Duration took;
    if (draw < 930)
        took = latency_.between(microseconds(280), microseconds(900));
    else if (draw < 990)
        took = latency_.between(microseconds(900), milliseconds(4));
    else if (draw < 999)
        took = latency_.between(milliseconds(4), milliseconds(20));
    else
        took = latency_.between(milliseconds(20), milliseconds(260));
    now_ = now_ + took;
    return now_ - Time{};
}

}  // namespace fenceline::tools
