#include "projections/transitions.hpp"

#include <doctest/doctest.h>

#include "tests/projections/fixture.hpp"

using namespace fenceline;
using namespace fenceline::testing;

TEST_SUITE("projections/transitions") {
    TEST_CASE("each operation on a worker is counted with its outcome and origin") {
        Transitions transitions;
        for (const auto& operation : all_labels<Operation>()) {
            Event event = event_of(operation.value, Outcome::fence_miss_epoch, TextId{7});
            event.origin = Origin::worker_drain;
            transitions.apply(event);
        }
        const auto rows = transitions.rows();
        CHECK(rows.size() == 21);
        for (const auto& row : rows) {
            CHECK(acts_on_worker(row.operation));
            CHECK(row.outcome == Outcome::fence_miss_epoch);
            CHECK(row.origin == Origin::worker_drain);
            CHECK(row.image == TextId{7});
            CHECK(row.count == 1);
        }
    }

    TEST_CASE("an event adds what it stands for") {
        Transitions transitions;
        Event event = event_of(Operation::heartbeat);
        event.count = 41;
        transitions.apply(event);
        event.count = 1;
        transitions.apply(event);
        event.count = 0;
        transitions.apply(event);
        REQUIRE(transitions.rows().size() == 1);
        CHECK(transitions.rows().front().count == 42);
    }

    TEST_CASE("an event that stands for nothing makes no series") {
        Transitions transitions;
        Event event = event_of(Operation::heartbeat);
        event.count = 0;
        transitions.apply(event);
        CHECK(transitions.rows().empty());
    }

    TEST_CASE("outcomes of an observation or of nothing are never a series") {
        Transitions transitions;
        transitions.apply(event_of(Operation::drain, Outcome::recorded));
        transitions.apply(event_of(Operation::drain, Outcome::none));
        CHECK(transitions.rows().empty());
    }

    TEST_CASE("an idle variant tells what its snapshot had seen") {
        Transitions transitions;
        for (const State seen : {State::idle, State::hot_idle, State::hot}) {
            Event event =
                event_of(Operation::retire_idle_variant_from_snapshot, Outcome::fence_miss_state);
            event.payload = SnapshotJudged{.observed_state = seen};
            transitions.apply(event);
        }
        const auto rows = transitions.rows();
        REQUIRE(rows.size() == 2);
        CHECK(rows[0].observed == State::none);
        CHECK(rows[0].count == 1);
        CHECK(rows[1].observed == State::idle);
        CHECK(rows[1].count == 2);
    }

    TEST_CASE("other snapshot operations keep one series whatever they had seen") {
        Transitions transitions;
        for (const State seen : {State::idle, State::hot}) {
            Event event = event_of(Operation::retire_from_snapshot, Outcome::fence_miss_owner);
            event.payload = SnapshotJudged{.observed_state = seen};
            transitions.apply(event);
        }
        REQUIRE(transitions.rows().size() == 1);
        CHECK(transitions.rows().front().count == 2);
    }

    TEST_CASE("counts stick at the end of their range") {
        Transitions transitions;
        Event event = event_of(Operation::drain);
        transitions.apply(event);
        std::string bytes = bytes_of(transitions);
        bytes.replace(bytes.size() - 8, 8, std::string("\xff\xff\xff\xff\xff\xff\xff\x7f", 8));
        REQUIRE(reads(transitions, bytes));
        transitions.apply(event);
        CHECK(transitions.rows().front().count == INT64_MAX);
    }

    TEST_CASE("the order of events leaves no trace in the saved bytes") {
        Transitions forward, backward;
        std::vector<Event> events;
        for (std::uint32_t image = 0; image < 40; ++image)
            events.push_back(event_of(Operation::spawn, Outcome::org_cap, TextId{image}));
        for (auto it = events.begin(); it != events.end(); ++it) forward.apply(*it);
        for (auto it = events.rbegin(); it != events.rend(); ++it) backward.apply(*it);
        CHECK(bytes_of(forward) == bytes_of(backward));
        CHECK(survives_saving(forward));
        CHECK(forward.texts_needed() == 40);
    }

    TEST_CASE("rows out of order or below zero are not read") {
        Transitions transitions;
        transitions.apply(event_of(Operation::spawn, Outcome::org_cap, TextId{1}));
        transitions.apply(event_of(Operation::spawn, Outcome::org_cap, TextId{2}));
        const std::string good = bytes_of(transitions);
        REQUIRE(good.size() == 4 + 2 * 16);

        std::string swapped = good.substr(0, 4) + good.substr(20, 16) + good.substr(4, 16);
        std::string twice = good.substr(0, 4) + good.substr(4, 16) + good.substr(4, 16);
        std::string negative = good;
        negative.back() = '\x80';
        for (const auto& bad : {swapped, twice, negative}) {
            Transitions loaded;
            CHECK_FALSE(reads(loaded, bad));
            CHECK(loaded.rows().empty());
        }
    }
}
