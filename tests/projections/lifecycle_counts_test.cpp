#include "projections/lifecycle_counts.hpp"

#include <map>
#include <tuple>

#include <doctest/doctest.h>

#include "statemachine/evolve.hpp"
#include "tests/projections/fixture.hpp"
#include "tests/projections/random_events.hpp"

using namespace fenceline;
using namespace fenceline::testing;

namespace {

using Cell = std::tuple<std::uint32_t, State, Binding>;
using Cells = std::map<Cell, std::int64_t>;

Cells cells_of(const LifecycleCounts& counts) {
    Cells out;
    for (const auto& row : counts.images())
        for (const auto& state : all_labels<State>())
            for (const auto& binding : all_labels<Binding>())
                if (const auto n = counts.count(row.image, state.value, binding.value); n != 0)
                    out[{row.image.value, state.value, binding.value}] = n;
    return out;
}

Cells cells_of(const World& world) {
    Cells out;
    for (const Worker& worker : world.workers())
        if (worker.image.given() && is_active(worker.state))
            ++out[{worker.image.value, worker.state, worker.binding()}];
    return out;
}

Cells cells_of(const std::map<std::int64_t, RandomEvents::Row>& rows) {
    Cells out;
    for (const auto& [id, row] : rows)
        if (row.image.given() && is_active(row.state))
            ++out[{row.image.value, row.state,
                   row.org.given() ? Binding::org_bound : Binding::neutral}];
    return out;
}

Event spawned(TextId image, TextId org) {
    Event event = event_of(Operation::spawn, Outcome::transitioned, image);
    event.to = State::spawning;
    event.payload = WorkerSpawned{.org = org};
    return event;
}

Event moved(Operation operation, State from, State to, TextId org = {}) {
    Event event = event_of(operation);
    event.from = from;
    event.to = to;
    event.org = org;
    return event;
}

}  // namespace

TEST_SUITE("projections/lifecycle_counts") {
    TEST_CASE("a random history counts what its records add up to") {
        for (std::uint64_t seed = 1; seed <= 20; ++seed) {
            CAPTURE(seed);
            World world;
            RandomEvents random(seed, world.texts);
            LifecycleCounts counts;
            for (int i = 0; i < 2'000; ++i) {
                const Event event = random.next();
                evolve(world, event);
                counts.apply(event);
                if (i % 97 != 0) continue;
                REQUIRE(cells_of(counts) == cells_of(world));
                REQUIRE(cells_of(counts) == cells_of(random.rows()));
            }
            REQUIRE(!cells_of(counts).empty());
            CHECK(cells_of(counts) == cells_of(world));
        }
    }

    TEST_CASE("a spawn for an org is bound from the start") {
        LifecycleCounts counts;
        counts.apply(spawned(TextId{1}, TextId{9}));
        counts.apply(spawned(TextId{1}, TextId{}));
        CHECK(counts.count(TextId{1}, State::spawning, Binding::org_bound) == 1);
        CHECK(counts.count(TextId{1}, State::spawning, Binding::neutral) == 1);
    }

    TEST_CASE("a claim moves the worker to its org") {
        LifecycleCounts counts;
        counts.apply(spawned(TextId{1}, TextId{}));
        counts.apply(moved(Operation::publish_idle, State::spawning, State::idle));
        Event claim = moved(Operation::claim_idle, State::idle, State::reserved);
        claim.payload = WorkerClaimed{.org = TextId{9}, .new_epoch = Epoch{1}};
        counts.apply(claim);
        CHECK(cells_of(counts) == Cells{{{1, State::reserved, Binding::org_bound}, 1}});
    }

    TEST_CASE("a take-over by another org stays bound") {
        LifecycleCounts counts;
        Event adopted = event_of(Operation::adopt);
        adopted.to = State::hot;
        adopted.payload = WorkerAdopted{.org = TextId{8}, .state = State::hot};
        counts.apply(adopted);
        Event taken = moved(Operation::take_over, State::hot, State::reserved, TextId{8});
        taken.payload = WorkerTakenOver{TextId{9}, {}, Epoch{1}};
        counts.apply(taken);
        CHECK(cells_of(counts) == Cells{{{1, State::reserved, Binding::org_bound}, 1}});
    }

    TEST_CASE("a terminal worker is not counted and its image goes with it") {
        LifecycleCounts counts;
        counts.apply(spawned(TextId{1}, TextId{}));
        counts.apply(moved(Operation::retire_local, State::spawning, State::retired));
        CHECK(counts.images().empty());
        CHECK(bytes_of(counts) == bytes_of(LifecycleCounts{}));
        Event adopted = event_of(Operation::adopt);
        adopted.to = State::lost;
        adopted.payload = WorkerAdopted{.state = State::lost};
        counts.apply(adopted);
        CHECK(counts.images().empty());
    }

    TEST_CASE("refusals and observations move nobody") {
        LifecycleCounts counts;
        counts.apply(spawned(TextId{1}, TextId{}));
        const std::string before = bytes_of(counts);
        Event refused = moved(Operation::drain, State::spawning, State::draining);
        refused.outcome = Outcome::fence_miss_epoch;
        counts.apply(refused);
        Event deleted = report(Operation::pod_deleted, PodDeleted{});
        deleted.from = deleted.to = State::spawning;
        counts.apply(deleted);
        CHECK(bytes_of(counts) == before);
    }

    TEST_CASE("a worker without an image is left out") {
        LifecycleCounts counts;
        counts.apply(spawned(TextId{}, TextId{9}));
        CHECK(counts.images().empty());
    }

    TEST_CASE("states that are not active have no count") {
        LifecycleCounts counts;
        counts.apply(spawned(TextId{1}, TextId{}));
        for (const State state : {State::none, State::retired, State::lost})
            CHECK(counts.count(TextId{1}, state, Binding::neutral) == 0);
    }

    TEST_CASE("saved bytes come back") {
        Dictionary texts;
        RandomEvents random(5, texts);
        LifecycleCounts counts;
        CHECK(survives_saving(counts));
        for (int i = 0; i < 500; ++i) counts.apply(random.next());
        CHECK(survives_saving(counts));
        CHECK(counts.texts_needed() > 1);
    }
}
