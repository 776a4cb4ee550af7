#include "projections/capacity.hpp"

#include <doctest/doctest.h>

#include "tests/projections/fixture.hpp"

using namespace fenceline;
using namespace fenceline::testing;

namespace {

Event targets(WarmCapacityTargeted targeted) {
    return report(Operation::warm_capacity_targets, std::move(targeted), TextId{});
}

Event miss(Time at, TextId image = TextId{1}) {
    Event event = report(Operation::warm_capacity_missed, WarmCapacityMissed{}, image);
    event.at = at;
    return event;
}

Event leads(TextId instance, Leadership leadership) {
    Event event = report(Operation::leadership, LeadershipChanged{leadership}, TextId{});
    event.caller = instance;
    return event;
}

constexpr Time at_second(std::int64_t n) {
    return Time{seconds(n).ns};
}

}  // namespace

TEST_SUITE("projections/capacity") {
    TEST_CASE("headroom is unknown before any target") {
        CHECK(Capacity{}.headroom() == -1);
    }

    TEST_CASE("headroom is what the targets leave of the workers") {
        Capacity capacity;
        capacity.apply(targets({{{TextId{1}, 3}, {TextId{2}, 4}}, 10}));
        CHECK(capacity.headroom() == 3);
        CHECK(capacity.max_workers() == 10);
        capacity.apply(targets({{{TextId{1}, 30}}, 10}));
        CHECK(capacity.headroom() == 0);
        capacity.apply(targets({{}, 10}));
        CHECK(capacity.headroom() == 10);
    }

    TEST_CASE("headroom is unbounded without a limit on workers") {
        Capacity capacity;
        for (const std::int64_t max_workers : {0, -1}) {
            capacity.apply(targets({{{TextId{1}, 3}}, max_workers}));
            CHECK(capacity.headroom() == -1);
        }
    }

    TEST_CASE("headroom does not overflow") {
        Capacity capacity;
        capacity.apply(targets({{{TextId{1}, INT64_MAX}, {TextId{2}, INT64_MAX}}, INT64_MAX}));
        CHECK(capacity.headroom() == 0);
        capacity.apply(targets({{{TextId{1}, INT64_MIN}, {TextId{2}, INT64_MIN}}, INT64_MAX}));
        CHECK(capacity.headroom() == INT64_MAX);
    }

    TEST_CASE("new targets replace all that were there") {
        Capacity capacity;
        capacity.apply(targets({{{TextId{1}, 3}, {TextId{2}, 4}}, 10}));
        capacity.apply(targets({{{TextId{3}, 1}, {TextId{3}, 2}}, 5}));
        REQUIRE(capacity.targets().size() == 1);
        CHECK(capacity.targets().at(TextId{3}) == 2);
    }

    TEST_CASE("targets that the journal could not take change nothing") {
        Capacity capacity;
        Event event = targets({{{TextId{1}, 3}}, 10});
        event.outcome = Outcome::store_error;
        capacity.apply(event);
        CHECK(capacity.headroom() == -1);
        CHECK(capacity.targets().empty());
    }

    TEST_CASE("missed demand falls into buckets of ten seconds by image") {
        Capacity capacity;
        capacity.apply(miss(at_second(100)));
        capacity.apply(miss(Time{at_second(110).ns - 1}));
        capacity.apply(miss(at_second(110)));
        Event many = miss(at_second(110), TextId{2});
        many.count = 5;
        capacity.apply(many);
        const Capacity::Demand expected{{{at_second(100), TextId{1}}, 2},
                                        {{at_second(110), TextId{1}}, 1},
                                        {{at_second(110), TextId{2}}, 5}};
        CHECK(capacity.demand() == expected);
    }

    TEST_CASE("missed demand before 1970 falls into the bucket it is in") {
        Capacity capacity;
        capacity.apply(miss(at_second(-1)));
        CHECK(capacity.demand().begin()->first.first == at_second(-10));
    }

    TEST_CASE("missed demand is kept for the last hour only") {
        Capacity capacity;
        for (std::int64_t i = 0; i < limits::demand_buckets; ++i)
            capacity.apply(miss(at_second(i * 10)));
        CHECK(capacity.demand().size() == 360);
        capacity.apply(miss(at_second(3600), TextId{2}));
        CHECK(capacity.demand().size() == 360);
        CHECK(capacity.demand().begin()->first.first == at_second(10));
        capacity.apply(miss(at_second(100'000)));
        CHECK(capacity.demand().size() == 1);
    }

    TEST_CASE("a time that went back counts in the newest bucket") {
        Capacity capacity;
        capacity.apply(miss(at_second(100)));
        capacity.apply(miss(at_second(10)));
        REQUIRE(capacity.demand().size() == 1);
        CHECK(capacity.demand().begin()->second == 2);
    }

    TEST_CASE("leadership is what each instance said last") {
        Capacity capacity;
        CHECK_FALSE(capacity.leadership(TextId{7}));
        capacity.apply(leads(TextId{7}, Leadership::acquired));
        capacity.apply(leads(TextId{8}, Leadership::acquired));
        capacity.apply(leads(TextId{7}, Leadership::lost));
        CHECK(capacity.leadership(TextId{7}) == Leadership::lost);
        CHECK(capacity.leadership(TextId{8}) == Leadership::acquired);
        CHECK_FALSE(capacity.leadership(TextId{9}));
    }

    TEST_CASE("saved bytes come back") {
        Capacity capacity;
        CHECK(survives_saving(capacity));
        capacity.apply(targets({{{TextId{5}, 3}, {TextId{2}, -4}}, 10}));
        capacity.apply(miss(at_second(100), TextId{3}));
        capacity.apply(miss(at_second(105), TextId{2}));
        capacity.apply(leads(TextId{9}, Leadership::lost));
        capacity.apply(leads(TextId{4}, Leadership::acquired));
        CHECK(survives_saving(capacity));
        CHECK(capacity.texts_needed() == 10);
    }
}
