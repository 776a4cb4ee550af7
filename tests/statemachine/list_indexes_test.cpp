// The lists by their indexes against a look at every record.

#include <algorithm>
#include <array>
#include <tuple>

#include "events/state_bytes.hpp"
#include "statemachine/ages.hpp"
#include "statemachine/lists.hpp"
#include "statemachine/owned.hpp"
#include "statemachine/world_state.hpp"
#include "tests/support/random_commands.hpp"
#include "tests/support/scenario.hpp"

namespace fenceline::testing {
namespace {

using lists::Selected;

template <typename Selects>
Selected scan(const World& world, const Selects& selects) {
    Selected rows;
    for (const Worker& worker : world.workers())
        if (selects(worker)) rows.push_back(&worker);
    std::ranges::sort(rows, {}, [](const Worker* row) { return row->id; });
    return rows;
}

Selected scan_orphaned(const World& world, Time before) {
    return scan(world, [&](const Worker& worker) {
        const auto since = lists::orphaned_since(world, worker);
        return since && *since <= before;
    });
}

Selected scan_stuck(const World& world, Time spawning, Time activating) {
    return scan(world, [&](const Worker& worker) {
        const auto since = lists::stuck_since(world, worker);
        return since && *since <= (worker.state == State::spawning ? spawning : activating);
    });
}

Selected scan_states(const World& world, std::span<const State> states, Time before) {
    return scan(world, [&](const Worker& worker) {
        return worker.updated_at <= before &&
               std::ranges::find(states, worker.state) != states.end();
    });
}

Selected scan_due(const World& world, TextId owner, Time cutoff) {
    auto rows = scan(world, [&](const Worker& worker) {
        const bool serves = worker.state == State::idle || worker.state == State::hot ||
                            worker.state == State::hot_idle;
        return serves && worker.owner == owner && worker.org.given() &&
               worker.credentials_expire_at <= cutoff;
    });
    std::ranges::sort(rows, {}, [](const Worker* row) {
        return std::tuple(row->credentials_expire_at, row->id);
    });
    return rows;
}

void check_lists(const World& world, Time before) {
    REQUIRE(lists::orphaned(world, before) == scan_orphaned(world, before));
    constexpr Time last{std::numeric_limits<std::int64_t>::max()};
    const Time later = before > last - seconds(40) ? last : before + seconds(40);
    REQUIRE(lists::stuck(world, before, later) == scan_stuck(world, before, later));
    const std::array parked{State::hot_idle};
    REQUIRE(lists::expired_hot_idle(world, before) == scan_states(world, parked, before));
    const std::array some{State::lost, State::hot, State::retired, State::hot, State::none};
    REQUIRE(lists::by_states_before(world, some, before) == scan_states(world, some, before));
    for (std::uint32_t i = 0; i < world.texts.size(); ++i) {
        const TextId owner{i};
        REQUIRE(lists::due_for_credential_refresh(world, world.texts.text(owner), before) ==
                scan_due(world, owner, before));
    }
}

Time just_before(Time time) {
    return time.ns == std::numeric_limits<std::int64_t>::min() ? time : time - Duration{1};
}

// Times that a list might be asked for: around what the records hold, at their very nanosecond
// and beside it, and far from all of them.
Time some_time(RandomCommands& random, const World& world, Time now) {
    const auto& worker = world.workers()[random.below(world.size())];
    switch (random.below(8)) {
        case 0: return now;
        case 1: return Time{};
        case 2: return Time{std::numeric_limits<std::int64_t>::max()};
        case 3: return Time{std::numeric_limits<std::int64_t>::min()};
        case 4: return worker.updated_at;
        case 5: return just_before(worker.last_heartbeat_at);
        case 6: return worker.credentials_expire_at;
        default: return now - seconds(static_cast<std::int64_t>(random.below(120)));
    }
}

World copy_of(const World& world) {
    StateWriter out;
    save(world, out);
    const std::string bytes = out.take();
    StateReader in(bytes);
    World copy;
    REQUIRE(load(copy, in));
    copy.index_lists();
    return copy;
}

}  // namespace

TEST_SUITE("statemachine/list indexes") {
    TEST_CASE("every list agrees with a look at every record after any commands") {
        for (const std::uint64_t seed : {11, 12, 13}) {
            CAPTURE(seed);
            RandomCommands random(seed);
            World world;
            world.index_lists();
            Time now = noon;
            for (int step = 0; step < 2'000; ++step) {
                CAPTURE(step);
                now = now + milliseconds(static_cast<std::int64_t>(random.below(2'000)));
                Undo undo(world);
                // Some of what is done is taken back, a few at a time.
                const bool regretted = random.chance(3);
                for (auto left = 1 + random.below(4); left > 0; --left) {
                    std::vector<Event> events;
                    decide(world, random.next(world, now), now, events);
                    for (Event& event : events) {
                        event.position = Position{world.position.value + 1};
                        undo.before(event);
                        evolve(world, event);
                    }
                    if (world.size() > 0) check_lists(world, some_time(random, world, now));
                }
                if (regretted) undo.take_back();
                if (world.size() > 0) check_lists(world, some_time(random, world, now));
                // Made late, of many records at once, the index is the same.
                if (step % 200 == 199) check_lists(copy_of(world), some_time(random, world, now));
            }
            CHECK(world.size() > 100);
        }
    }

    TEST_CASE("records with any fields at all are listed as a scan would list them") {
        RandomCommands random(21);
        World world;
        world.index_lists();
        for (const char* text : {"a", "b", "c"}) (void)world.texts.intern(text);
        const auto time = [&] {
            switch (random.below(5)) {
                case 0: return Time{};
                case 1: return Time{std::numeric_limits<std::int64_t>::max()};
                case 2: return Time{-static_cast<std::int64_t>(random.below(1'000))};
                case 3: return Time{std::numeric_limits<std::int64_t>::min()};
                default: return noon + milliseconds(static_cast<std::int64_t>(random.below(9'000)));
            }
        };
        const auto text = [&] { return TextId{static_cast<std::uint32_t>(random.below(4))}; };
        // States from a newer program are some numbers that this one has no names for.
        const std::array unknown{static_cast<State>(77), static_cast<State>(200)};
        for (int step = 0; step < 6'000; ++step) {
            CAPTURE(step);
            Worker worker;
            worker.id = WorkerId{static_cast<std::int64_t>(1 + random.below(1'000))};
            worker.owner = text();
            worker.org = text();
            worker.state = random.chance(9) ? unknown[random.below(2)]
                                            : static_cast<State>(random.below(state_count));
            worker.updated_at = time();
            worker.last_heartbeat_at = time();
            worker.credentials_expire_at = time();
            world.put(worker);
            if (random.chance(20))
                world.put(ControlPlane{.id = text(),
                                       .state = static_cast<ControlPlaneState>(random.below(4)),
                                       .expired_at = time()});
            if (step % 7 != 0) continue;
            const Time before = random.chance(2) ? time() : some_time(random, world, noon);
            check_lists(world, before);
            REQUIRE(lists::by_states_before(world, unknown, before) ==
                    scan_states(world, unknown, before));
        }
    }

    TEST_CASE("a list reads what it selects and not the others") {
        constexpr std::uint32_t many = 100'000;
        Ages ages;
        for (std::uint32_t slot = 0; slot < many; ++slot) ages.set(slot, 5, 1'000 + slot);
        ages.set(70'000, 5, 3);
        ages.set(12, 5, 4);
        ages.set(13, 6, 4);
        std::vector<std::uint32_t> met;
        const auto meet = [&](std::uint32_t slot) {
            met.push_back(slot);
            return true;
        };
        CHECK(ages.visit(5, 999, meet));
        CHECK(met == std::vector<std::uint32_t>{12, 70'000});
        met.clear();
        ages.set(12, 5, 2'000'000);
        ages.clear(70'000);
        CHECK(ages.visit(5, 999, meet));
        CHECK(ages.visit(7, 999, meet));
        CHECK(met.empty());
        // Whoever has seen enough is not shown more.
        CHECK_FALSE(ages.visit(5, 2'000'000, [&](std::uint32_t slot) {
            met.push_back(slot);
            return met.size() < 3;
        }));
        CHECK(met == std::vector<std::uint32_t>{0, 1, 2});
    }

    TEST_CASE("an owner without workers leaves nothing behind") {
        Owned owned;
        for (std::uint32_t boot = 1; boot <= 50'000; ++boot) {
            owned.add(TextId{boot}, 0);
            owned.add(TextId{boot}, 1);
            CHECK(owned.count(TextId{boot}) == 2);
            owned.remove(TextId{boot}, 0);
            owned.remove(TextId{boot}, 1);
        }
        owned.visit_owners([](TextId) { FAIL("nobody owns anything"); });
        CHECK(owned.memory_bytes() < 1'024);
    }
}

}  // namespace fenceline::testing
