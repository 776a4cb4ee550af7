#pragma once

// Several control planes on one journal, in one thread and in simulated time: clocks that are off,
// drift, are stepped and stall; planes that pause, are cut off, lose their disk, die and come back;
// workers that fall silent; a leadership that moves or is held twice. A judge knows what every
// answer must have been. At the end everything heals, and the pool has to come into order.
//
//   SimulationResult result = simulate({.seed = 7, .steps = 300});
//   CHECK_MESSAGE(result.failure.empty(), result.failure);   // says the seed and what happened
//   last
//
// The same options give the same run, byte for byte: `trace` says so.
//
// Threading: one simulation, one thread.

#include <cstdint>
#include <string>

#include "tests/simulation/judge.hpp"
#include "tests/simulation/plane.hpp"

namespace fenceline::testing {

struct SimulationOptions {
    std::uint64_t seed = 1;
    std::int64_t steps = 300;
    Plant plant = Plant::none;  // one plane's journal lies
};

struct SimulationCounts {
    std::int64_t seeds = 0, planes = 0, steps = 0, events = 0, troubles = 0, outages = 0;
    std::int64_t clock_troubles = 0, leaders_moved = 0;
    std::int64_t rounds = 0, most_rounds = 0;  // until the pool was in order
    PlaneCounts plane;
    JudgeCounts judge;

    void add(const SimulationCounts& other);
    [[nodiscard]] std::string words() const;
};

struct SimulationResult {
    std::string failure;  // empty: the stores did as the contract says
    std::uint64_t trace = 0;
    SimulationCounts counts;
};

[[nodiscard]] SimulationResult simulate(const SimulationOptions& options);

}  // namespace fenceline::testing
