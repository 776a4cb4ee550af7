// The indexes against what a look at every record says.

#include <algorithm>
#include <array>
#include <limits>
#include <map>

#include "events/limits.hpp"
#include "statemachine/blocks.hpp"
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

TEST_SUITE("statemachine/records") {
    TEST_CASE("records are found by any number and listed as they came") {
        Records<std::string> records;
        std::vector<std::int64_t> numbers;
        const auto add = [&](std::int64_t number) {
            records.add(number, std::to_string(number));
            numbers.push_back(number);
        };
        add(limits::worker_id_max);  // far beyond what an array may hold
        add(5'000);                  // too far for a pool of one
        for (std::int64_t number = 3'000; number > 0; number -= 2) add(number);
        add(5'001);  // near enough by now
        REQUIRE(records.size() == numbers.size());
        for (const std::int64_t number : numbers) {
            REQUIRE(records.find(number) != nullptr);
            CHECK(*records.find(number) == std::to_string(number));
        }
        for (const std::int64_t missing :
             {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1}, std::int64_t{4'999},
              std::int64_t{5'002}, limits::worker_id_max - 1})
            CHECK(records.find(missing) == nullptr);
        std::size_t i = 0;
        for (const std::string& record : records) CHECK(record == std::to_string(numbers[i++]));
        CHECK(i == numbers.size());
    }

    TEST_CASE("the newest record is taken back and its number is free again") {
        Records<int> records;
        for (int number = 0; number < 1025; ++number) records.add(number, number);
        records.add(limits::worker_id_max, -1);
        records.remove_last(limits::worker_id_max);
        records.remove_last(1024);
        CHECK(records.find(limits::worker_id_max) == nullptr);
        CHECK(records.find(1024) == nullptr);
        CHECK(records.back() == 1023);
        records.add(1024, 7);
        CHECK(*records.find(1024) == 7);
        CHECK(records.size() == 1025);
    }

    TEST_CASE("numbers one after the other need no table and may begin anywhere") {
        for (const std::int64_t first : {std::int64_t{1}, std::int64_t{-3}, std::int64_t{70'000}}) {
            CAPTURE(first);
            Records<int> records;
            for (int i = 0; i < 5'000; ++i) records.add(first + i, i);
            CHECK(records.memory_bytes() < 5'000 * sizeof(int) + HugePages<int>::page_bytes);
            records.add(first + 6'000, -1);  // a gap: what follows is looked up
            records.add(first + 5'000, -2);
            records.add(first + 6'001, -3);
            for (int i = 0; i < 5'000; ++i) REQUIRE(*records.find(first + i) == i);
            CHECK(*records.find(first + 6'000) == -1);
            CHECK(*records.find(first + 5'000) == -2);
            CHECK(*records.find(first + 6'001) == -3);
            CHECK(records.find(first - 1) == nullptr);
            CHECK(records.find(first + 5'001) == nullptr);
            for (const int back : {6'001, 5'000, 6'000}) records.remove_last(first + back);
            for (int back = 4'999; back >= 0; --back) records.remove_last(first + back);
            CHECK(records.empty());
            CHECK(records.find(first) == nullptr);
            records.add(9, 9);  // from here on, another number is the first
            records.add(10, 10);
            CHECK(*records.find(9) == 9);
            CHECK(*records.find(10) == 10);
        }
    }

    TEST_CASE("a record stays where it is while others come") {
        Records<std::array<std::int64_t, 14>> records;
        std::vector<const void*> places;
        constexpr std::int64_t more_than_a_large_page_holds = 20'000;
        for (std::int64_t number = 0; number < more_than_a_large_page_holds; ++number) {
            records.add(number, {number});
            places.push_back(records.find(number));
        }
        for (std::int64_t number = 0; number < more_than_a_large_page_holds; ++number) {
            REQUIRE(records.find(number) == places[static_cast<std::size_t>(number)]);
            REQUIRE(records.find(number)->front() == number);
            records.prefetch(records.slot(number));
        }
        for (auto number = more_than_a_large_page_holds; number-- > 1'000;)
            records.remove_last(number);
        CHECK(records.size() == 1'000);
        CHECK(records.back().front() == 999);
        records.add(1'000, {7});
        CHECK(records.find(1'000)->front() == 7);
    }

    TEST_CASE("one far number does not make the array long") {
        Records<int> records;
        records.add(limits::worker_id_max, 1);
        records.add(1'000'000'000, 2);
        CHECK(records.memory_bytes() < 64 * 1024);
    }

    TEST_CASE("an array that grows moves a small block at most and keeps what is in it") {
        Blocks<std::uint64_t, small_block> small;
        Blocks<std::uint64_t, large_block> large;
        constexpr std::size_t count = 600'000, first_block = small_block / sizeof(std::uint64_t);
        std::vector<const void*> places;
        for (std::size_t i = 0; i < count; ++i) {
            if (i % 2 == 0) small.grow_to(i + 2, i);  // two at once
            small[i] = i;
            large.push_back(i);
            places.push_back(&large[i]);
        }
        REQUIRE(small.size() == count);
        for (std::size_t i = 0; i < count; ++i) {
            REQUIRE(small[i] == i);
            REQUIRE(large[i] == i);
            if (i >= first_block) REQUIRE(&large[i] == places[i]);
        }
        small.grow_to(1, 0);
        CHECK(small.size() == count);
        CHECK(small.memory_bytes() < count * sizeof(std::uint64_t) + 2 * small_block);
        const auto copy = small;
        small[count - 1] = 0;
        CHECK(copy[count - 1] == count - 1);
    }
}

TEST_SUITE("statemachine/world") {
    TEST_CASE("a copy of a world lives its own life") {
        Scenario s = given(as("cp-a", Spawn{.image = "i"}));
        World copy = s.world();
        s.given(as("cp-a", PublishIdle{lease(1, "cp-a", 0)}));
        CHECK(copy.find(WorkerId{1})->state == State::spawning);
        CHECK_FALSE(copy.idle(TextId{}).has_value());
        CHECK(s.world().idle(TextId{}) == WorkerId{1});
    }

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
        const TextId org{1}, image{2};
        claimable.make_room(0);
        claimable.make_room(1);
        claimable.add(org, image, 1, WorkerId{1});
        const auto bytes = claimable.memory_bytes();
        for (int i = 0; i < 100'000; ++i) {
            claimable.add(org, image, 0, WorkerId{2});
            claimable.remove(org, image, 0);
        }
        CHECK(claimable.lowest(org, image) == WorkerId{1});
        CHECK(claimable.memory_bytes() == bytes);
    }

    TEST_CASE("the lowest worker is found whoever came and went before") {
        RandomCommands random(5);
        Claimable claimable;
        for (std::uint32_t slot = 0; slot <= 3'000; ++slot) claimable.make_room(slot);
        // Two orgs with two images each, and workers without one: few of some, many of others.
        struct Member {
            TextId org, image;
        };
        std::map<std::int64_t, Member> members;
        const auto text = [&](std::uint64_t texts) {
            return TextId{static_cast<std::uint32_t>(random.below(texts))};
        };
        const auto expected = [&](TextId org, TextId image) {
            const auto selects = [&](const auto& member) {
                return member.second.org == org && (!image.given() || member.second.image == image);
            };
            const auto found = std::ranges::find_if(members, selects);
            return found == members.end() ? std::nullopt : std::optional(WorkerId{found->first});
        };
        const auto leave = [&](std::int64_t id) {
            const auto [org, image] = members.at(id);
            claimable.remove(org, image, static_cast<std::uint32_t>(id));
            members.erase(id);
        };
        for (int step = 0; step < 60'000; ++step) {
            const auto id = static_cast<std::int64_t>(1 + random.below(step % 3 == 0 ? 20 : 3'000));
            if (members.contains(id)) {
                leave(id);
            } else {
                const Member member{text(2), random.chance(40) ? TextId{} : text(3)};
                members[id] = member;
                claimable.add(member.org, member.image, static_cast<std::uint32_t>(id),
                              WorkerId{id});
            }
            // Drained to the last one now and then: lowest first, as claims do.
            const TextId org = text(2), image = text(3);
            while (step % 15'000 < 2) {
                const auto lowest = claimable.lowest(org, image);
                REQUIRE(lowest == expected(org, image));
                if (!lowest) break;
                leave(lowest->value);
            }
            REQUIRE(claimable.lowest(org, image) == expected(org, image));
        }
        CHECK(members.size() > 1'000);
    }

    TEST_CASE("whatever number a worker bears it is found") {
        Claimable claimable;
        std::uint32_t slot = 0;
        constexpr auto highest = std::numeric_limits<std::int64_t>::max();
        for (const std::int64_t id :
             {highest, highest - 1, std::int64_t{0}, std::numeric_limits<std::int64_t>::min()}) {
            claimable.make_room(slot);
            claimable.add(TextId{1}, TextId{2}, slot++, WorkerId{id});
            CHECK(claimable.lowest(TextId{1}, TextId{2}) == WorkerId{id});
            CHECK(claimable.lowest(TextId{1}, TextId{}) == WorkerId{id});
        }
    }

    TEST_CASE("the highest number of all is found while it is there and no longer") {
        constexpr WorkerId highest{std::numeric_limits<std::int64_t>::max()};
        Claimable claimable;
        for (std::uint32_t slot = 0; slot < 100; ++slot) claimable.make_room(slot);
        const TextId org{1}, image{2}, other{3};
        for (const TextId its : {image, TextId{}}) {
            claimable.add(org, its, 0, highest);
            CHECK(claimable.lowest(org, its) == highest);
            CHECK(claimable.lowest(org, TextId{}) == highest);
            CHECK_FALSE(claimable.lowest(org, other));
            // Others of its image, more than a leaf has, and of another, come and go.
            for (std::uint32_t slot = 1; slot < 100; ++slot)
                claimable.add(org, slot % 3 == 0 ? other : its, slot, WorkerId{slot});
            CHECK(claimable.lowest(org, its) == WorkerId{1});
            for (std::uint32_t slot = 1; slot < 100; ++slot)
                claimable.remove(org, slot % 3 == 0 ? other : its, slot);
            CHECK(claimable.lowest(org, its) == highest);
            CHECK(claimable.lowest(org, TextId{}) == highest);
            CHECK_FALSE(claimable.lowest(org, other));
            claimable.remove(org, its, 0);
            CHECK_FALSE(claimable.lowest(org, its));
            CHECK_FALSE(claimable.lowest(org, TextId{}));
        }
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
