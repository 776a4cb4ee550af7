// Who holds what in the other course, and what is forgotten of it.

#include <doctest/doctest.h>

#include "replay/whatif/holdings.hpp"
#include "replay/whatif/spares.hpp"

using namespace fenceline;
using namespace fenceline::replay::whatif;

namespace {

constexpr TextId a{1}, b{2}, acme{3}, image{4};

constexpr Held held(std::int64_t worker, std::int64_t epoch, TextId owner = a) {
    return {WorkerId{worker}, owner, Epoch{epoch}};
}

}  // namespace

TEST_SUITE("replay/holdings") {
    TEST_CASE("what was never given otherwise is as recorded") {
        Holdings holdings;
        CHECK(holdings.of(held(1, 0)).as_recorded);
        holdings.give(held(1, 0), held(1, 0));
        CHECK(holdings.of(held(1, 0)).as_recorded);
        holdings.give(held(1, 1), std::nullopt);
        CHECK(holdings.of(held(1, 0)).as_recorded);
        CHECK_FALSE(holdings.of(held(1, 1)).as_recorded);
        CHECK_FALSE(holdings.of(held(1, 1)).what);
        holdings.give(held(1, 2), held(7, 5));
        CHECK(holdings.of(held(1, 2)).what == held(7, 5));
        CHECK(holdings.of(WorkerId{1}, Epoch{2}).what == held(7, 5));
        // Given again as recorded: the other is gone.
        holdings.give(held(1, 2), held(1, 2));
        CHECK(holdings.of(held(1, 2)).as_recorded);
    }

    TEST_CASE("a lease of somebody else's is nobody's here either") {
        Holdings holdings;
        holdings.give(held(1, 3, a), held(7, 5, a));
        CHECK(holdings.of(held(1, 3, b)).as_recorded);
        CHECK(holdings.of(held(1, 3, a)).what == held(7, 5, a));
    }

    TEST_CASE("what is forgotten holds nothing") {
        Holdings holdings;
        const auto last = static_cast<std::int64_t>(grants_remembered) + 2;
        for (std::int64_t epoch = 1; epoch <= last; ++epoch)
            holdings.give(held(1, epoch), held(7, epoch));
        for (const std::int64_t epoch : {std::int64_t{1}, std::int64_t{2}}) {
            CHECK_FALSE(holdings.of(held(1, epoch)).as_recorded);
            CHECK_FALSE(holdings.of(held(1, epoch)).what);
        }
        CHECK(holdings.of(held(1, 3)).what == held(7, 3));
        CHECK(holdings.of(held(1, last)).what == held(7, last));

        const auto newest = static_cast<std::int64_t>(sights_remembered) + 1;
        for (std::int64_t version = 1; version <= newest; ++version)
            holdings.saw(WorkerId{2}, Position{version}, Worker{.version = Position{version}});
        CHECK_FALSE(holdings.seen(WorkerId{2}, Position{1}).what);
        CHECK_FALSE(holdings.seen(WorkerId{2}, Position{1}).as_recorded);
        CHECK(holdings.seen(WorkerId{2}, Position{2}).what->version == Position{2});
        CHECK(holdings.seen(WorkerId{2}, Position{newest + 1}).as_recorded);
        CHECK(holdings.seen(WorkerId{1}, Position{1}).as_recorded);
    }

    TEST_CASE("a spare stands in for its caller and its org and its image alone") {
        Spares spares;
        const Spare claimed{.held = held(1, 1, a), .org = acme, .image = image, .until = Time{20}};
        const Spare spawned{.held = held(2, 0, a),
                            .org = acme,
                            .image = image,
                            .from = Spare::From::spawn,
                            .until = Time{10}};
        spares.add(claimed);
        spares.add(spawned);
        CHECK(spares.next() == Time{10});
        CHECK_FALSE(spares.take(b, acme, image, Spare::From::claim));
        CHECK_FALSE(spares.take(a, b, image, Spare::From::claim));
        CHECK_FALSE(spares.take(a, acme, b, Spare::From::claim));
        // A claim wants one that is ready, whatever its image when it names none.
        CHECK(spares.take(a, acme, TextId{}, Spare::From::claim)->held == claimed.held);
        CHECK_FALSE(spares.take(a, acme, image, Spare::From::claim));
        CHECK(spares.take_next().held == spawned.held);
        CHECK_FALSE(spares.next());
    }
}
