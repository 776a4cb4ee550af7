#pragma once

// This program, run once more as a user runs it: how long it took, and what it held at most.
//
//   auto ran = run_self({"ps", path, "--at", "#1000"});
//   ran->seconds; ran->most_memory_bytes;

#include <cstdint>
#include <string>
#include <vector>

#include "events/result.hpp"

namespace fenceline::tools::bench {

struct Ran {
    double seconds = 0;
    // Resident. Never below what this process itself has held: the system counts that in.
    std::int64_t most_memory_bytes = 0;
};

// Its output goes nowhere. An error when it cannot be started or does not end with `expected`.
[[nodiscard]] Result<Ran> run_self(const std::vector<std::string>& arguments, int expected = 0);

}  // namespace fenceline::tools::bench
