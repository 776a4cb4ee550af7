// The indexes against what a look at every record says.

#include <algorithm>

#include "statemachine/claimable.hpp"
#include "tests/support/random_commands.hpp"
#include "tests/support/scenario.hpp"

namespace fenceline::testing {
namespace {

template <typename Selects>
std::optional<WorkerId> lowest(const World& world, const Selects& selects) {
    std::optional<WorkerId> found;
    for (const Worker& worker : world.workers())
        if (selects(worker) && (!found || worker.id < *found)) found = worker.id;
    return found;
}

template <typename Selects>
std::int64_t count(const World& world, const Selects& selects) {
    return std::ranges::count_if(world.workers(), selects);
}

void check_indexes(const World& world) {
    REQUIRE(world.active() == count(world, [](const Worker& w) { return is_active(w.state); }));
    for (std::uint32_t i = 0; i < world.texts.size(); ++i) {
        const TextId text{i};
        const bool any = !text.given();
        REQUIRE(world.idle(text) == lowest(world, [&](const Worker& w) {
                    return w.state == State::idle && !w.org.given() && (any || w.image == text);
                }));
        REQUIRE(world.warm(text) == count(world, [&](const Worker& w) {
                    return (w.state == State::idle || w.state == State::spawning) &&
                           !w.org.given() && (any || w.image == text);
                }));
        if (any) continue;
        REQUIRE(world.active_of(text) ==
                count(world, [&](const Worker& w) { return is_active(w.state) && w.org == text; }));
        REQUIRE(world.hot_idle_of(text) == count(world, [&](const Worker& w) {
                    return w.state == State::hot_idle && w.org == text;
                }));
        for (std::uint32_t j = 0; j < world.texts.size(); ++j) {
            const TextId image{j};
            REQUIRE(world.hot_idle(text, image) == lowest(world, [&](const Worker& w) {
                        return w.state == State::hot_idle && w.org == text &&
                               (!image.given() || w.image == image);
                    }));
        }
    }
}

}  // namespace

TEST_SUITE("statemachine/world") {
    TEST_CASE("every index agrees with every record after any commands") {
        for (const std::uint64_t seed : {1, 2, 3}) {
            CAPTURE(seed);
            RandomCommands random(seed);
            World world;
            Time now = noon;
            for (int step = 0; step < 3000; ++step) {
                CAPTURE(step);
                now = now + milliseconds(700);
                std::vector<Event> events;
                decide(world, random.next(world, now), now, events);
                for (Event& event : events) {
                    event.position = Position{world.position.value + 1};
                    evolve(world, event);
                }
                if (step % 25 == 0) check_indexes(world);
            }
            check_indexes(world);
            CHECK(world.size() > 150);
        }
    }

    TEST_CASE("a record that changes its image moves between the indexes") {
        World world;
        Worker worker;
        worker.id = WorkerId{5};
        worker.state = State::idle;
        worker.image = TextId{1};
        world.put(worker);
        CHECK(world.idle(TextId{1}) == WorkerId{5});
        worker.image = TextId{2};
        world.put(worker);
        CHECK_FALSE(world.idle(TextId{1}));
        CHECK(world.idle(TextId{2}) == WorkerId{5});
        CHECK(world.idle(TextId{}) == WorkerId{5});
        world.erase(WorkerId{5}, WorkerId{});
        CHECK_FALSE(world.idle(TextId{}));
        CHECK(world.highest_id() == WorkerId{});
        CHECK(world.find(WorkerId{5}) == nullptr);
    }

    TEST_CASE("a worker that comes and goes forever takes no more memory") {
        Claimable claimable;
        bool in = false;
        const auto belongs = [&](WorkerId id) { return id == WorkerId{1} || in; };
        claimable.add(0, WorkerId{1});
        for (int i = 0; i < 100'000; ++i) {
            in = true;
            claimable.add(0, WorkerId{2});
            in = false;
            claimable.remove(0, WorkerId{2}, belongs);
        }
        CHECK(claimable.lowest(0) == WorkerId{1});
        CHECK(claimable.memory_bytes() < 8'192);
    }

    TEST_CASE("only what is known and not expired is live") {
        Scenario s = given(as("cp-a", ControlPlaneHeartbeat{}));
        const TextId known = s.plane("cp-a").id;
        CHECK(s.world().is_live(known));
        CHECK_FALSE(s.world().is_live(TextId{}));
        s.given(as("cp-j", ExpireStaleControlPlanes{noon + Duration{1}}));
        CHECK_FALSE(s.world().is_live(known));
    }
}

}  // namespace fenceline::testing
