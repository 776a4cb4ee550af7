#pragma once

// Waiting by looking: a waiter that lets others run a few times takes less of a processor than one
// that sleeps and is woken, while what it waits for comes soon. Whoever waits for what took long
// the last time sleeps at once.
//
// Threading: pure.

#include <chrono>
#include <thread>

namespace fenceline {

// For no longer than this, and only where the last time was no longer: to sleep and be woken takes
// some 3 us of a processor, and what runs beside it runs late; a turn of the others some 1 us.
inline constexpr std::chrono::microseconds worth_looking(500);

// True: `come()` said so. False: the time is over.
template <typename Come>
[[nodiscard]] bool look_for(Come&& come) {
    using Steady = std::chrono::steady_clock;
    const auto until = Steady::now() + worth_looking;
    while (!come()) {
        if (Steady::now() >= until) return false;
        std::this_thread::yield();
    }
    return true;
}

}  // namespace fenceline
