#pragma once

// A journal to measure reading on: a pool whose workers are claimed, used, parked and drained, with
// a stale owner turned away in each life.

#include <cstdint>
#include <string>

#include "events/result.hpp"

namespace fenceline {
class LifecycleStore;
}

namespace fenceline::tools::bench {

// About `events` events, ten for each worker, whose workers are of so many images in turn.
[[nodiscard]] Result<void> fill(LifecycleStore& store, std::int64_t events, std::int64_t images);
// Makes a journal of it.
[[nodiscard]] Result<void> fill_journal(const std::string& path, std::int64_t events,
                                        std::int64_t images = 4);

}  // namespace fenceline::tools::bench
