// Simulated incidents told again: a policy that names nothing, or what was there, changes nothing.

#include <map>
#include <memory>

#include <doctest/doctest.h>

#include "journal/memory/memory_journal.hpp"
#include "replay/whatif/what_if.hpp"
#include "tools/simulator/scenario.hpp"
#include "tools/simulator/simulation.hpp"

using namespace fenceline;
using namespace fenceline::replay;
using namespace fenceline::tools;

namespace {

std::unique_ptr<Journal> lived(std::string scenario, std::uint64_t seed, std::int64_t workers = 40,
                               std::int64_t minutes = 12) {
    auto storage = std::make_shared<MemoryStorage>();
    SimulationSettings settings{.scenario = std::move(scenario),
                                .workers = workers,
                                .orgs = 6,
                                .duration = seconds(minutes * 60),
                                .seed = seed};
    settings.open_journal = [storage](Clock&) -> Result<std::unique_ptr<Journal>> {
        return make_memory_journal(storage);
    };
    const auto done = Simulation(settings).run();
    REQUIRE_MESSAGE(done, (done ? "" : done.error().text));
    return make_memory_journal(storage);
}

WhatIf asked(Journal& journal, const Policy& policy, Position after = {}) {
    auto found = what_if(journal, {.policy = policy, .after = after});
    REQUIRE_MESSAGE(found, (found ? "" : found.error().text));
    return std::move(*found);
}

void check_same(const WhatIf& found) {
    CHECK(found.workers.empty());
    CHECK(found.by_table == 0);
    CHECK(found.unasked == 0);
    CHECK(found.recorded.claims_served == found.policy.claims_served);
    CHECK(found.recorded.claims_refused == found.policy.claims_refused);
    CHECK(found.recorded.spawned == found.policy.spawned);
    CHECK(found.recorded.spawns_refused == found.policy.spawns_refused);
    CHECK(found.recorded.peak_active == found.policy.peak_active);
    CHECK(found.recorded.at_end == found.policy.at_end);
    CHECK(found.policy.swept == 0);
}

std::int64_t sum(const CourseTotals& totals, bool active) {
    std::int64_t out = 0;
    for (std::size_t i = 1; i < totals.at_end.size(); ++i)
        if (!active || is_active(static_cast<State>(i))) out += totals.at_end[i];
    return out;
}

// What is listed accounts for all that the totals differ by.
void check_sums(const WhatIf& found) {
    CHECK(found.by_table == 0);
    CHECK(sum(found.policy, false) - sum(found.recorded, false) ==
          found.of(Turn::spawned) - found.of(Turn::not_spawned));
    std::int64_t more_active = 0;
    for (const auto& worker : found.workers)
        more_active += int{is_active(worker.policy.state)} - int{is_active(worker.recorded.state)};
    CHECK(sum(found.policy, true) - sum(found.recorded, true) == more_active);
    CHECK(found.policy.spawned - found.recorded.spawned ==
          found.of(Turn::spawned) - found.of(Turn::not_spawned));
    for (const auto& worker : found.workers) {
        CAPTURE(worker.worker.value);
        // Whoever ended did so by something, and at a time.
        for (const Fate& fate : {worker.recorded, worker.policy})
            if (is_terminal(fate.state)) CHECK((fate.at.given() && fate.operation != Operation{}));
    }
}

}  // namespace

TEST_SUITE("tools/what_if_scenarios") {
    TEST_CASE("a policy that names nothing or what the record has kept changes nothing") {
        for (const Scenario& scenario : scenarios())
            for (std::uint64_t seed = 1; seed <= 4; ++seed) {
                CAPTURE(scenario.name);
                CAPTURE(seed);
                auto journal = lived(std::string(scenario.name), seed);
                check_same(asked(*journal, {}));
                // What the simulator's janitor is given.
                const Policy kept{.hot_idle_ttl = seconds(120),
                                  .stuck_spawning = seconds(120),
                                  .stuck_activating = seconds(120),
                                  .orphan_grace = seconds(30)};
                const auto whole = asked(*journal, kept);
                check_same(whole);
                check_same(asked(*journal, kept, Position{whole.to.value / 3}));
            }
    }

    TEST_CASE("under any policy the workers add up") {
        const Policy policies[] = {
            {.hot_idle_ttl = seconds(0), .stuck_activating = seconds(20)},
            {.stuck_spawning = seconds(5), .orphan_grace = seconds(0), .max_org_workers = 3},
            {.hot_idle_ttl = seconds(90), .orphan_grace = seconds(600), .max_global_workers = 15},
            {.stuck_activating = seconds(600), .max_org_workers = 0, .max_global_workers = 0},
            {.hot_idle_ttl = seconds(3'600), .warm_target = 1},
        };
        for (const Scenario& scenario : scenarios()) {
            CAPTURE(scenario.name);
            auto journal = lived(std::string(scenario.name), 9);
            for (const Policy& policy : policies) check_sums(asked(*journal, policy));
        }
    }

    TEST_CASE("stuck activations that a longer limit lets be live or end later") {
        auto journal = lived("stuck-activating", 2, 60, 15);
        const auto found = asked(*journal, {.stuck_activating = seconds(300)});
        std::int64_t looked_at = 0;
        for (const auto& worker : found.workers) {
            if (worker.why.why != Why::limit_not_passed) continue;
            ++looked_at;
            CAPTURE(worker.worker.value);
            CHECK(worker.recorded.origin == Origin::janitor_stuck_activating);
            CHECK(worker.why.position == worker.recorded.position);
            const bool later = worker.policy.at > worker.recorded.at + seconds(60);
            CHECK((worker.turn == Turn::lives || later));
        }
        CHECK(looked_at > 5);
        CHECK(found.of(Turn::lives) > 0);
    }

    TEST_CASE("in a crunch the pool is as large as the policy lets it be") {
        auto journal = lived("capacity-crunch", 3);
        const auto more = asked(*journal, {.max_org_workers = 30, .max_global_workers = 50});
        CHECK(more.recorded.peak_active == 40);
        CHECK(more.policy.peak_active > 40);
        CHECK(more.policy.peak_active <= 50);
        CHECK(more.policy.claims_served > more.recorded.claims_served);
        CHECK(more.of(Turn::spawned) > 3);
        const auto fewer = asked(*journal, {.max_global_workers = 32});
        CHECK(fewer.policy.peak_active <= 32);
        CHECK(fewer.policy.claims_served < fewer.recorded.claims_served);
        CHECK(fewer.of(Turn::not_spawned) > 0);
    }
}
