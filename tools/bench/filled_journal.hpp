#pragma once

// A journal to measure reading on: a pool whose workers are claimed, used, parked and drained, with
// a stale owner turned away in each life.

#include <cstdint>
#include <string>

#include "events/result.hpp"

namespace fenceline::tools::bench {

// Makes a journal of about `events` events, ten for each worker.
[[nodiscard]] Result<void> fill_journal(const std::string& path, std::int64_t events);

}  // namespace fenceline::tools::bench
