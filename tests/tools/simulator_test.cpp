#include <algorithm>
#include <map>
#include <memory>

#include <doctest/doctest.h>

#include "journal/memory/memory_journal.hpp"
#include "journal/open.hpp"
#include "replay/verify.hpp"
#include "tests/support/temp_dir.hpp"
#include "tools/simulator/census.hpp"
#include "tools/simulator/scenario.hpp"
#include "tools/simulator/simulation.hpp"

using namespace fenceline;
using namespace fenceline::tools;

namespace {

using enum Operation;

struct Lived {
    std::unique_ptr<Journal> journal;
    Census census;

    [[nodiscard]] std::int64_t of(Operation operation, Outcome outcome) const {
        return census.of(operation, outcome);
    }
};

SimulationSettings small(std::string scenario, std::uint64_t seed) {
    return {
        .scenario = std::move(scenario), .workers = 60, .duration = seconds(15 * 60), .seed = seed};
}

Lived live_through(SimulationSettings settings) {
    auto storage = std::make_shared<MemoryStorage>();
    settings.open_journal = [storage](Clock&) -> Result<std::unique_ptr<Journal>> {
        return make_memory_journal(storage);
    };
    auto done = Simulation(settings).run();
    if (!done) FAIL(done.error().text);
    Lived lived{.journal = make_memory_journal(storage), .census = {}};
    auto census = take_census(*lived.journal);
    if (!census) FAIL(census.error().text);
    lived.census = std::move(*census);
    return lived;
}

// Each scenario is lived through once for all cases that look at it.
Lived& of_scenario(std::string_view name) {
    static std::map<std::string, Lived, std::less<>> all;
    const auto found = all.find(name);
    if (found != all.end()) return found->second;
    return all.emplace(name, live_through(small(std::string(name), 1))).first->second;
}

// The fence misses of snapshot, lease and epoch operations alike.
std::int64_t misses(const Lived& lived) {
    std::int64_t sum = 0;
    for (const auto& [outcome, count] : lived.census.outcomes)
        if (outcome >= Outcome::row_missing && outcome <= Outcome::fence_miss_cp_revived)
            sum += count;
    return sum;
}

Epoch highest_epoch(Reader& reader) {
    struct Highest final : Sink {
        Epoch epoch;
        bool event(const Event& event) override {
            epoch = std::max(epoch, event.epoch);
            return true;
        }
    } highest;
    const auto head = reader.head();
    REQUIRE(head);
    REQUIRE(reader.read(Head{}, head->position, highest));
    return highest.epoch;
}

}  // namespace

TEST_SUITE("tools/simulator/random") {
    TEST_CASE("a seed and a purpose give the same numbers for ever") {
        Random random(1, "pods");
        CHECK(hexadecimal(random.next()) == "2015bdce5a42680f");
        CHECK(hexadecimal(random.next()) == "30fb9b967681d5bf");
        CHECK(random.below(1'000) == 368u);
        CHECK(random.exponential(seconds(10)).ns == 7'504'529'000);
    }

    TEST_CASE("each purpose has a stream of its own") {
        Random pods(1, "pods"), clients(1, "clients"), other_seed(2, "pods");
        const auto first = pods.next();
        CHECK(clients.next() != first);
        CHECK(other_seed.next() != first);
    }

    TEST_CASE("waiting times have the mean that was asked for") {
        Random random(3, "waits");
        constexpr std::int64_t draws = 50'000;
        std::int64_t sum = 0, short_ones = 0;
        for (std::int64_t i = 0; i < draws; ++i) {
            const auto wait = random.exponential(seconds(10));
            CHECK(wait.ns >= 0);
            sum += wait.ns / draws;
            short_ones += wait < seconds(10) ? 1 : 0;
        }
        CHECK(sum > seconds(10).ns * 97 / 100);
        CHECK(sum < seconds(10).ns * 103 / 100);
        // 1 - 1/e of them are shorter than the mean.
        CHECK(short_ones > draws * 62 / 100);
        CHECK(short_ones < draws * 65 / 100);
    }

    TEST_CASE("weights of nothing are never drawn") {
        Random random(4, "weights");
        constexpr std::array<std::uint64_t, 4> odds{0, 3, 0, 1};
        std::array<int, 4> drawn{};
        for (int i = 0; i < 4'000; ++i) ++drawn[random.weighted(odds)];
        CHECK(drawn[0] == 0);
        CHECK(drawn[2] == 0);
        CHECK(drawn[1] > 2'800);
        CHECK(drawn[3] > 850);
    }
}

TEST_SUITE("tools/simulator") {
    TEST_CASE("the same settings give the same journal") {
        for (const auto* name : {"rollout", "epoch-pileup"}) {
            CAPTURE(name);
            const auto again = live_through(small(name, 1));
            CHECK(again.census.head == of_scenario(name).census.head);
        }
    }

    TEST_CASE("another seed gives another course of events") {
        const auto other = live_through(small("steady", 2));
        CHECK(other.census.head.chain != of_scenario("steady").census.head.chain);
    }

    TEST_CASE("a journal on disk is the same as one in memory") {
        const testing::TempDir dir;
        auto settings = small("cp-partition", 5);
        settings.workers = 12;
        settings.duration = seconds(4 * 60);
        const auto in_memory = live_through(settings);
        settings.open_journal = [path = dir / "pool.db"](Clock& clock) {
            return open_journal({.path = path, .create = true, .id = "1", .clock = &clock});
        };
        REQUIRE(Simulation(settings).run());
        const auto reader = open_reader(dir / "pool.db");
        REQUIRE(reader);
        CHECK(*(*reader)->head() == in_memory.census.head);
        CHECK(replay::verify(**reader)->sound());
    }

    TEST_CASE("every scenario ends in a sound journal") {
        for (const auto& scenario : scenarios()) {
            CAPTURE(scenario.name);
            const auto verified = replay::verify(*of_scenario(scenario.name).journal);
            REQUIRE(verified);
            for (const auto& finding : verified->findings) MESSAGE(finding.what);
            CHECK(verified->sound());
            CHECK(verified->events > 1'000);
        }
    }

    TEST_CASE("no operation of the contract is missing from the scenarios together") {
        for (const auto& label : all_labels<Operation>()) {
            if (label.value == Operation::none) continue;
            CAPTURE(label.text);
            const bool occurs = std::ranges::any_of(scenarios(), [&](const Scenario& scenario) {
                const auto& lived = of_scenario(scenario.name);
                return lived.of(label.value, Outcome::transitioned) +
                           lived.of(label.value, Outcome::recorded) >
                       0;
            });
            CHECK(occurs);
        }
    }

    TEST_CASE("a journal that has events is refused") {
        auto storage = std::make_shared<MemoryStorage>();
        auto settings = small("steady", 1);
        settings.workers = 4;
        settings.duration = seconds(60);
        settings.open_journal = [storage](Clock&) -> Result<std::unique_ptr<Journal>> {
            return make_memory_journal(storage);
        };
        REQUIRE(Simulation(settings).run());
        const auto commits = storage->commits();
        const auto again = Simulation(settings).run();
        REQUIRE_FALSE(again);
        CHECK(again.error().code == ErrorCode::already_exists);
        CHECK(storage->commits() == commits);
    }

    TEST_CASE("a journal that fails ends the simulation with its error") {
        auto storage = std::make_shared<MemoryStorage>();
        auto settings = small("steady", 1);
        settings.open_journal = [storage](Clock&) -> Result<std::unique_ptr<Journal>> {
            return make_memory_journal(storage);
        };
        settings.progress = [storage](Duration done) {
            if (done > seconds(120)) storage->fail_appends(1'000, {.code = ErrorCode::no_space});
        };
        const auto done = Simulation(settings).run();
        REQUIRE_FALSE(done);
        CHECK(done.error().code == ErrorCode::no_space);
    }

    TEST_CASE("settings out of range are refused by name") {
        const auto refused = [](SimulationSettings settings, std::string_view what) {
            const auto checked = check_settings(settings);
            REQUIRE_FALSE(checked);
            CHECK(checked.error().code == ErrorCode::invalid_request);
            CHECK(checked.error().text.find(what) != std::string::npos);
        };
        CHECK(check_settings({}));
        refused({.workers = 0}, "workers");
        refused({.orgs = 1'001}, "orgs");
        refused({.images = 0}, "images");
        refused({.replicas = 1}, "replicas");
        refused({.duration = seconds(59)}, "duration");
        refused({.scenario = "sunny"}, "sunny");
    }
}

TEST_SUITE("tools/simulator/scenarios") {
    TEST_CASE("steady is calm") {
        const auto& lived = of_scenario("steady");
        CHECK(misses(lived) * 50 < lived.census.head.position.value);
        CHECK(lived.of(cp_expire_stale, Outcome::transitioned) == 1);
        CHECK(lived.of(complete_activation, Outcome::transitioned) > 100);
    }

    TEST_CASE("rollout drains every replica and reaps the old image") {
        const auto& lived = of_scenario("rollout");
        CHECK(lived.of(cp_drain, Outcome::transitioned) == 3);
        CHECK(lived.of(cp_expire_draining, Outcome::transitioned) == 1);
        CHECK(lived.of(retire_idle_variant_from_snapshot, Outcome::transitioned) > 3);
        CHECK(lived.of(leadership, Outcome::recorded) >= 3);
    }

    TEST_CASE("epoch-pileup drives epochs up and turns old leases away") {
        auto& lived = of_scenario("epoch-pileup");
        CHECK(highest_epoch(*lived.journal) > Epoch{20});
        CHECK(highest_epoch(*of_scenario("steady").journal) <= Epoch{20});
        CHECK(lived.of(take_over, Outcome::transitioned) > 50);
        CHECK(lived.of(take_over, Outcome::fence_miss_epoch) > 10);
        CHECK(lived.of(heartbeat, Outcome::fence_miss_epoch) > 10);
        CHECK(lived.of(refresh_lease, Outcome::fence_miss_owner) > 5);
    }

    TEST_CASE("losers that lag behind the end of a contest do so in peace") {
        // Seeds whose last lag is longer than the pause before the contest noticed its end.
        for (const std::uint64_t seed : {27, 36, 48}) {
            auto settings = small("epoch-pileup", seed);
            settings.workers = 40;
            settings.orgs = 6;
            settings.duration = seconds(12 * 60);
            CHECK(live_through(settings).of(drain, Outcome::fence_miss_owner) > 0);
        }
    }

    TEST_CASE("orphan-race lets owners come back under the janitor's hands") {
        const auto& lived = of_scenario("orphan-race");
        CHECK(lived.of(retire_orphan_from_snapshot, Outcome::fence_miss_cp_revived) > 5);
        CHECK(lived.of(retire_orphan_from_snapshot, Outcome::fence_miss_updated_at) > 0);
        CHECK(lived.of(retire_orphan_from_snapshot, Outcome::transitioned) > 2);
    }

    TEST_CASE("stuck-activating leaves it to the janitor and turns late ends away") {
        const auto& lived = of_scenario("stuck-activating");
        const auto& calm = of_scenario("steady");
        CHECK(lived.of(retire_from_snapshot, Outcome::transitioned) >
              10 + calm.of(retire_from_snapshot, Outcome::transitioned));
        CHECK(lived.of(complete_activation, Outcome::fence_miss_state) > 5);
    }

    TEST_CASE("pod-delete-failures strands pods") {
        const auto& lived = of_scenario("pod-delete-failures");
        CHECK(lived.of(pod_delete_failed, Outcome::recorded) > 50);
        CHECK(lived.of(stranded_pod, Outcome::recorded) > 20);
        CHECK(of_scenario("steady").of(pod_delete_failed, Outcome::recorded) < 10);
    }

    TEST_CASE("cp-partition turns the returned leader away and leaves another in its place") {
        const auto& lived = of_scenario("cp-partition");
        CHECK(lived.of(cp_expire_stale, Outcome::transitioned) == 1);
        CHECK(lived.of(leadership, Outcome::recorded) == 3);
        CHECK(lived.of(retire_orphan_from_snapshot, Outcome::transitioned) > 0);
        CHECK(lived.of(heartbeat, Outcome::fence_miss_owner) +
                  lived.of(heartbeat, Outcome::fence_miss_state) +
                  lived.of(park, Outcome::fence_miss_owner) +
                  lived.of(park, Outcome::fence_miss_state) >
              3);
    }

    TEST_CASE("capacity-crunch meets every cap") {
        const auto& lived = of_scenario("capacity-crunch");
        CHECK(lived.of(claim_hot_idle, Outcome::org_cap) > 20);
        CHECK(lived.of(claim_idle, Outcome::global_cap) > 10);
        CHECK(lived.of(spawn, Outcome::global_cap) > 20);
        CHECK(lived.of(claim_hot_idle, Outcome::shutting_down) > 0);
        CHECK(lived.of(warm_capacity_missed, Outcome::recorded) > 50);
        CHECK(misses(lived) * 20 < lived.census.head.position.value);
    }
}
