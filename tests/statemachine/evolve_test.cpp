// The fold takes every fact; what a batch changed can be taken back.

#include "statemachine/world_state.hpp"
#include "tests/support/random_commands.hpp"
#include "tests/support/scenario.hpp"

namespace fenceline::testing {
namespace {

std::string bytes_of(const World& world) {
    StateWriter out;
    save(world, out);
    return out.take();
}

Event fact(Operation operation, State to, std::int64_t worker = 1) {
    Event event;
    event.position = Position{1};
    event.at = noon;
    event.operation = operation;
    event.outcome = Outcome::transitioned;
    event.worker = WorkerId{worker};
    event.to = to;
    return event;
}

}  // namespace

TEST_SUITE("statemachine/evolve") {
    TEST_CASE("a fact about an unknown worker moves the position alone") {
        World world;
        evolve(world, fact(Operation::drain, State::draining));
        CHECK(world.size() == 0);
        CHECK(world.position == Position{1});
        CHECK(world.at == noon);
    }

    TEST_CASE("no fact is refused whatever its numbers say I6") {
        World world;
        evolve(world, fact(Operation::spawn, State::spawning));
        for (int operation = 0; operation < 256; ++operation)
            for (int outcome = 0; outcome < 256; outcome += 5)
                for (const auto& payload :
                     {Payload{NoDetail{}}, Payload{WorkerClaimed{}}, Payload{HeartbeatsTallied{}},
                      Payload{ControlPlaneMarked{.instance = TextId{}}}}) {
                    Event event = fact(static_cast<Operation>(operation),
                                       static_cast<State>(outcome), operation % 3);
                    event.outcome = static_cast<Outcome>(outcome);
                    event.payload = payload;
                    evolve(world, event);
                }
        CHECK(world.find(WorkerId{1}) != nullptr);
        CHECK(world.find(WorkerId{0}) == nullptr);
    }

    TEST_CASE("a worker in a state that is not known yet is touched by nothing") {
        Scenario s = given(as("cp-a", Spawn{}));
        Event event = fact(Operation::heartbeat, static_cast<State>(99));
        s.given(event);
        s.when(as("cp-a", Drain{lease(1, "cp-a", 0)}));
        s.then(Outcome::fence_miss_state, Check::legal_state);
        CHECK(s.world().active() == 0);
    }

    TEST_CASE("an illegal transition that was recorded is folded all the same I6") {
        Scenario s = given(as("cp-a", worker_in(State::retired)));
        s.given(fact(Operation::unpark, State::hot));
        CHECK(s.worker().state == State::hot);
        CHECK(s.world().active() == 1);
    }

    TEST_CASE("a refused operation changes no record") {
        Scenario s = given(as("cp-a", Spawn{}));
        const Worker before = s.worker();
        Event event = fact(Operation::drain, State::draining);
        event.outcome = Outcome::fence_miss_owner;
        s.given(event);
        CHECK(s.worker() == before);
    }

    TEST_CASE("tallied heartbeats touch neither version nor update") {
        Scenario s = given(as("cp-a", Spawn{}));
        const Worker before = s.worker();
        Event event = fact(Operation::heartbeat, State::spawning);
        event.count = 3;
        event.payload = HeartbeatsTallied{.last_at = noon + seconds(9), .took = {}};
        s.given(event);
        CHECK(s.worker().last_heartbeat_at == noon + seconds(9));
        CHECK(s.worker().version == before.version);
        CHECK(s.worker().updated_at == before.updated_at);
    }

    TEST_CASE("an update at the end of time stays there") {
        const Time end{std::numeric_limits<std::int64_t>::max()};
        Scenario s = given(as("cp-a", worker_in(State::hot, {.owner = "cp-a", .updated_at = end})));
        s.given(as("cp-a", Heartbeat{lease(1, "cp-a", 0)}));
        CHECK(s.worker().updated_at == end);
    }
}

TEST_SUITE("statemachine/undo") {
    TEST_CASE("a batch that is taken back leaves the same bytes") {
        const std::uint64_t seed = 20260524;
        CAPTURE(seed);
        RandomCommands random(seed);
        World world;
        Time now = noon;
        for (int batch = 0; batch < 600; ++batch) {
            CAPTURE(batch);
            const bool durable = random.chance(2);
            const std::string before = bytes_of(world);
            const auto idle = world.idle(TextId{});
            const auto active = world.active();
            const auto highest = world.highest_id();
            Undo undo(world);
            for (std::uint64_t i = random.below(20); i > 0; --i) {
                now = now + milliseconds(static_cast<std::int64_t>(random.below(3000)));
                std::vector<Event> events;
                decide(world, random.next(world, now), now, events);
                for (Event& event : events) {
                    event.position = Position{world.position.value + 1};
                    undo.before(event);
                    evolve(world, event);
                }
            }
            if (durable) continue;
            undo.take_back();
            REQUIRE(bytes_of(world) == before);
            REQUIRE(world.idle(TextId{}) == idle);
            REQUIRE(world.active() == active);
            REQUIRE(world.highest_id() == highest);
        }
        CHECK(world.size() > 100);
    }

    TEST_CASE("the number of a worker that was taken back is given again") {
        Scenario s;
        {
            Undo undo(s.world());
            std::vector<Event> events;
            decide(s.world(), as("cp-new", Spawn{}), noon, events);
            undo.before(events[0]);
            evolve(s.world(), events[0]);
            undo.take_back();
        }
        TextId id;
        CHECK_FALSE(s.world().texts.find("cp-new", id));
        s.when(as("cp-a", Spawn{}));
        CHECK(s.event().worker == WorkerId{1});
    }
}

TEST_SUITE("statemachine/world_state") {
    TEST_CASE("a world that was saved and loaded goes on as if nothing was") {
        RandomCommands random(7);
        World world;
        Time now = noon;
        const auto step = [&](World& each, const Command& command) {
            std::vector<Event> events;
            decide(each, command, now, events);
            for (Event& event : events) {
                event.position = Position{each.position.value + 1};
                evolve(each, event);
            }
            return events;
        };
        for (int i = 0; i < 2000; ++i) {
            now = now + seconds(1);
            step(world, random.next(world, now));
        }
        const std::string bytes = bytes_of(world);
        World again;
        StateReader in(bytes);
        REQUIRE(load(again, in));
        CHECK(in.complete());
        CHECK(bytes_of(again) == bytes);
        CHECK(again.highest_id() == world.highest_id());
        for (int i = 0; i < 2000; ++i) {
            now = now + seconds(1);
            const Command command = random.next(world, now);
            REQUIRE(step(world, command) == step(again, command));
        }
        CHECK(bytes_of(again) == bytes_of(world));
    }

    TEST_CASE("bytes that are cut or touched are refused or read to the end of them") {
        Scenario s = given(as("cp-a", Spawn{.image = "i"}), as("cp-a", ControlPlaneHeartbeat{}));
        const std::string bytes = bytes_of(s.world());
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            World world;
            StateReader in(std::string_view(bytes).substr(0, size));
            CHECK_FALSE(load(world, in));
        }
        for (std::size_t at = 0; at < bytes.size(); ++at) {
            std::string touched = bytes;
            touched[at] = static_cast<char>(touched[at] ^ 0xff);
            World world;
            StateReader in(touched);
            if (load(world, in)) CHECK(bytes_of(world) == touched);
        }
    }
}

}  // namespace fenceline::testing
