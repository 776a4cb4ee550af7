// Control planes in simulated trouble, thousands of times.
//
//   --seed 17     that one simulation again
//   --scale 10    ten times as many
//   --long        thousands of them, each of thousands of steps
//   FENCELINE_TELL=1  says all that happens while it happens

#include <doctest/doctest.h>

#include <string>

#include "tests/simulation/simulation.hpp"
#include "tests/support/extent.hpp"
#include "tests/support/guarantees.hpp"

using namespace fenceline;
using namespace fenceline::testing;

namespace {

// From seed `first` on until one fails.
SimulationCounts run(std::uint64_t first, std::int64_t seeds, std::int64_t steps,
                     std::string& failure) {
    const Extent extent;
    if (extent.seed) {
        first = *extent.seed;
        seeds = 1;
    }
    SimulationCounts counts;
    for (std::int64_t i = 0; i < seeds && failure.empty(); ++i) {
        const auto result =
            simulate({.seed = first + static_cast<std::uint64_t>(i), .steps = steps});
        counts.add(result.counts);
        failure = result.failure;
    }
    MESSAGE(counts.words());
    return counts;
}

}  // namespace

TEST_SUITE("simulation/planes") {
    TEST_CASE("every answer is what the journal says whatever the clocks and the storage do") {
        const Extent extent;
        std::string failure;
        const auto counts = run(1, extent.runs(40), 300, failure);
        REQUIRE_MESSAGE(failure.empty(), failure);
        CHECK(is_guaranteed(figure(counts.planes) + " planes asked for " +
                            figure(counts.judge.commands) + " operations, died " +
                            figure(counts.plane.deaths) + " times, " + figure(counts.outages) +
                            " times all at once, and lost " + figure(counts.plane.unanswered) +
                            " answers"));
        CHECK(is_guaranteed(figure(counts.judge.unknown) + " operations ended unknown, " +
                            figure(counts.judge.landed) + " commits were there"));
        CHECK(is_guaranteed(figure(counts.judge.sweeps) + " sweeps ended " +
                            figure(counts.judge.swept_workers) + " workers"));
        if (!extent.judged()) return;
        CHECK(counts.judge.unknown > 10);
        CHECK(counts.judge.landed > 5);
        CHECK(counts.judge.replayed > 100);
        CHECK(counts.judge.in_memory > 100);
        CHECK(counts.judge.swept_workers > 10);
        CHECK(counts.judge.outcomes.at("fence_miss_owner") > 100);
        CHECK(counts.judge.outcomes.at("fence_miss_epoch") > 10);
    }

    TEST_CASE("a long history of trouble ends in order") {
        const Extent extent;
        std::string failure;
        run(1'000'001, extent.runs(1), 1'500, failure);
        CHECK_MESSAGE(failure.empty(), failure);
    }
}

TEST_SUITE("simulation/itself") {
    TEST_CASE("the same seed gives the same run") {
        const auto a = simulate({.seed = 5, .steps = 200});
        const auto b = simulate({.seed = 5, .steps = 200});
        const auto other = simulate({.seed = 6, .steps = 200});
        CHECK(a.trace == b.trace);
        CHECK(a.counts.words() == b.counts.words());
        CHECK(a.trace != other.trace);
    }

    TEST_CASE("a journal that lies is found out") {
        for (int n = 1; n < plant_count; ++n) {
            const auto plant = static_cast<Plant>(n);
            std::uint64_t seed = 1;
            std::string failure;
            for (; failure.empty() && seed <= 12; ++seed)
                failure = simulate({.seed = seed, .steps = 200, .plant = plant}).failure;
            CAPTURE(to_text(plant));
            CHECK(!failure.empty());
            MESSAGE(to_text(plant) << ": " << failure.substr(0, failure.find('\n')));
        }
    }
}
