// What must hold after every event: histories that no store would have written.

#include <doctest/doctest.h>

#include "projections/fold.hpp"
#include "replay/invariants.hpp"

using namespace fenceline;
using namespace fenceline::replay;

namespace {

// Folds events one second apart, and keeps what the invariants say.
class Past {
  public:
    Past() {
        for (const char* text : {"cp-a", "cp-b", "acme", "img"}) fold_.world.texts.intern(text);
    }
    Past& add(Event event) {
        event.position = Position{++position_};
        event.at = Time{position_ * 1'000'000'000};
        if (event.outcome == Outcome::none) event.outcome = Outcome::transitioned;
        invariants_.before(event, fold_.world);
        fold_.apply(event);
        invariants_.after(event, fold_.world);
        for (auto& violation : invariants_.take_ended()) found_.push_back(std::move(violation));
        return *this;
    }
    // A worker in that state, of cp-a at epoch 5.
    Past& adopt(std::int64_t id, State state, TextId org = {}) {
        return add({.operation = Operation::adopt,
                    .worker = WorkerId{id},
                    .image = TextId{4},
                    .to = state,
                    .payload = WorkerAdopted{
                        .org = org, .owner = TextId{1}, .epoch = Epoch{5}, .state = state}});
    }
    Past& claim(std::int64_t id, std::int64_t org_cap, Epoch epoch = Epoch{6},
                TextId by = TextId{2}) {
        return add(
            {.operation = Operation::claim_idle,
             .caller = by,
             .worker = WorkerId{id},
             .image = TextId{4},
             .from = State::idle,
             .to = State::reserved,
             .payload = WorkerClaimed{
                 .org = TextId{3}, .caps = {.max_org_workers = org_cap}, .new_epoch = epoch}});
    }
    Past& move(Operation operation, std::int64_t id, State from, State to) {
        return add({.operation = operation,
                    .caller = TextId{1},
                    .worker = WorkerId{id},
                    .image = TextId{4},
                    .from = from,
                    .to = to,
                    .payload = LeaseExercised{}});
    }
    std::vector<Violation> end() {
        for (auto& violation : invariants_.finish()) found_.push_back(std::move(violation));
        return found_;
    }

  private:
    Fold fold_;
    Invariants invariants_;
    std::int64_t position_ = 0;
    std::vector<Violation> found_;
};

}  // namespace

TEST_SUITE("replay/invariants") {
    TEST_CASE("an orderly life breaks nothing") {
        Past past;
        past.adopt(1, State::idle).claim(1, 1);
        past.move(Operation::drain, 1, State::reserved, State::draining);
        past.move(Operation::retire_drained, 1, State::draining, State::retired);
        CHECK(past.end().empty());
    }

    TEST_CASE("two owners at one epoch are told until the epoch rises") {
        Past past;
        past.adopt(1, State::idle).claim(1, 0, Epoch{5});
        past.move(Operation::begin_activation, 1, State::reserved, State::activating);
        past.claim(1, 0, Epoch{6});
        const auto found = past.end();
        REQUIRE(found.size() == 1);
        CHECK(found[0].what == "worker 1: two owners at epoch 5, cp-a and cp-b");
        CHECK(found[0].since == Position{2});
        CHECK(found[0].until == Position{4});
        CHECK(found[0].lasted == seconds(2));
    }

    TEST_CASE("an epoch that falls is told to the end when nothing raises it") {
        Past past;
        past.adopt(1, State::idle).claim(1, 0, Epoch{3}).adopt(2, State::idle);
        const auto found = past.end();
        REQUIRE(found.size() == 1);
        CHECK(found[0].what == "worker 1: its epoch fell from 5 to 3");
        CHECK_FALSE(found[0].until.has_value());
        CHECK(found[0].lasted == seconds(1));
    }

    TEST_CASE("a worker that comes back from its end is told until it ends again") {
        Past past;
        past.adopt(1, State::retired).move(Operation::unpark, 1, State::retired, State::hot);
        past.adopt(2, State::hot).move(Operation::mark_lost_from_lease, 1, State::hot, State::lost);
        const auto found = past.end();
        REQUIRE(found.size() == 1);
        CHECK(found[0].what == "worker 1: retired, and yet hot afterwards");
        CHECK(found[0].since == Position{2});
        CHECK(found[0].until == Position{4});
    }

    TEST_CASE("an org above the cap that its claim named is told until it is below again") {
        Past past;
        past.adopt(1, State::hot, TextId{3}).adopt(2, State::idle).adopt(3, State::hot);
        SUBCASE("at the cap") {
            past.claim(2, 2);
            CHECK(past.end().empty());
        }
        SUBCASE("above it") {
            past.claim(2, 1);
            past.move(Operation::mark_lost_from_lease, 3, State::hot, State::lost);
            past.move(Operation::mark_lost_from_lease, 1, State::hot, State::lost);
            const auto found = past.end();
            REQUIRE(found.size() == 1);
            CHECK(found[0].what == "org acme: 2 workers, where claim_idle named a cap of 1");
            CHECK(found[0].since == Position{4});
            CHECK(found[0].until == Position{6});
        }
    }

    TEST_CASE("a spawn above its caps and its warm target is told") {
        const auto spawn = [](Caps caps, std::int64_t target) {
            return Event{.operation = Operation::spawn,
                         .caller = TextId{1},
                         .worker = WorkerId{9},
                         .image = TextId{4},
                         .to = State::spawning,
                         .payload = WorkerSpawned{.caps = caps, .warm_target = target}};
        };
        Past past;
        past.adopt(1, State::idle).adopt(2, State::idle);
        SUBCASE("at both") {
            past.add(spawn({.max_global_workers = 3}, 3));
            CHECK(past.end().empty());
        }
        SUBCASE("above the pool's cap") {
            past.add(spawn({.max_global_workers = 2}, 0));
            CHECK(past.end().at(0).what == "the pool: 3 workers, where spawn named a cap of 2");
        }
        SUBCASE("above the target") {
            past.add(spawn({}, 2));
            CHECK(past.end().at(0).what ==
                  "image img: 3 warm workers, where spawn named a target of 2");
        }
    }
}
