// Decisions made again: what a store recorded ends the same, and what no store would have recorded
// is told.

#include <doctest/doctest.h>

#include "journal/lifecycle_store.hpp"
#include "journal/memory/memory_journal.hpp"
#include "replay/asked.hpp"
#include "replay/decision_check.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/journal_script.hpp"
#include "tests/support/payload_samples.hpp"

using namespace fenceline;
using namespace fenceline::replay;
using fenceline::testing::FakeClock;
using fenceline::testing::JournalScript;

namespace {

struct Past {
    std::shared_ptr<MemoryStorage> storage = std::make_shared<MemoryStorage>();
    FakeClock clock;

    std::unique_ptr<LifecycleStore> store(std::string instance) {
        auto opened = LifecycleStore::open({.instance = std::move(instance), .clock = &clock},
                                           make_memory_journal(storage));
        REQUIRE(opened);
        return std::move(*opened);
    }
    Judged judged(const CheckOptions& options = {}) {
        auto out = check_decisions(*make_memory_journal(storage), options);
        REQUIRE_MESSAGE(out, (out ? "" : out.error().text));
        return *out;
    }
    // An event that no store decided, at the end of the journal.
    void forge(Event event) {
        auto journal = make_memory_journal(storage);
        JournalScript(*journal, "forger").appends({std::move(event)});
    }
};

WorkerView hot(std::int64_t id, std::string owner = "cp-a") {
    return {.worker = WorkerId{id},
            .pod = "w",
            .image = "i",
            .org = "acme",
            .owner = std::move(owner),
            .state = State::hot,
            .epoch = Epoch{5}};
}

WorkerLease lease(std::int64_t id, std::string_view owner = "cp-a", Epoch epoch = Epoch{5}) {
    return LifecycleStore::lease_for(WorkerId{id}, owner, epoch, "i");
}

std::int64_t skipped(const Judged& judged, Skip why) {
    return judged.skipped[static_cast<std::size_t>(why)];
}

}  // namespace

TEST_SUITE("replay/decision_check") {
    TEST_CASE("accepted and refused operations end again as they were recorded") {
        Past past;
        auto store = past.store("cp-a");
        REQUIRE(store->adopt(hot(1)));
        REQUIRE(store->park(lease(1)));
        REQUIRE(store->drain(lease(1, "cp-a", Epoch{4})));  // refused
        REQUIRE(store->drain(lease(7)));                    // no such worker
        REQUIRE(store->claim_idle({.org = "acme", .image = "i"}, {.request_id = "r-1"}));
        REQUIRE(
            store->claim_idle({.org = "acme", .image = "i"}, {.request_id = "r-1"}));  // answered
        const auto spawned = store->spawn({.image = "i"});
        REQUIRE(spawned);
        REQUIRE(store->publish_idle(*spawned->lease));
        REQUIRE(store->claim_idle({.org = "acme", .image = ""}));
        REQUIRE(store->take_over(WorkerId{1}, Epoch{5}, "acme"));  // refused: hot_idle
        const auto judged = past.judged();
        CHECK(judged.same());
        CHECK(judged.events == 9);
        CHECK(judged.decided == 9);
        const auto& met = judged.coverage.met();
        CHECK(met.at({State::hot_idle, Operation::drain, Outcome::fence_miss_epoch}) == 1);
        CHECK(met.at({State::none, Operation::claim_idle, Outcome::no_idle}) == 1);
        CHECK(met.at({State::idle, Operation::claim_idle, Outcome::transitioned}) == 1);
        CHECK(judged.coverage.rows_never_taken().size() == transition_rows().size() - 5);
    }

    TEST_CASE("a request that was senseless is counted and not decided") {
        Past past;
        auto store = past.store("cp-a");
        REQUIRE_FALSE(store->claim_idle({.org = "", .image = "i"}));
        REQUIRE(store->adopt(hot(1)));
        const auto judged = past.judged();
        CHECK(judged.same());
        CHECK(judged.events == 2);
        CHECK(judged.decided == 1);
        CHECK(skipped(judged, Skip::senseless) == 1);
    }

    TEST_CASE("an operation that failed with the journal is counted and not decided") {
        Past past;
        auto store = past.store("cp-a");
        REQUIRE(store->adopt(hot(1)));
        past.storage->fail_next_append(ErrorCode::no_space);
        REQUIRE_FALSE(store->park(lease(1)));
        REQUIRE(store->drain(lease(1)));
        const auto judged = past.judged();
        CHECK(judged.same());
        CHECK(skipped(judged, Skip::journal_failing) == 1);
        CHECK(judged.decided == 2);
    }

    TEST_CASE("tallied heartbeats are decided unless another process came between") {
        Past past;
        auto a = past.store("cp-a");
        REQUIRE(a->adopt(hot(1)));
        past.clock.advance(seconds(1));
        REQUIRE(a->heartbeat(lease(1)));  // from memory: adopted a second ago
        past.clock.advance(seconds(1));
        SUBCASE("its own drain") {
            REQUIRE(a->drain(lease(1)));
            const auto judged = past.judged();
            CHECK(judged.same());
            CHECK(judged.decided == 3);
            CHECK(skipped(judged, Skip::tally_outdated) == 0);
            const auto& met = judged.coverage.met();
            CHECK(met.at({State::hot, Operation::heartbeat, Outcome::transitioned}) == 1);
        }
        SUBCASE("another's take-over") {
            auto b = past.store("cp-b");
            REQUIRE(b->take_over(WorkerId{1}, Epoch{5}, "acme"));
            REQUIRE(a->close());
            const auto judged = past.judged();
            CHECK(judged.same());
            CHECK(judged.events == 3);
            CHECK(skipped(judged, Skip::tally_outdated) == 1);
        }
    }

    TEST_CASE("an expiry is one decision whatever it expired") {
        Past past;
        auto store = past.store("cp-a");
        for (const char* plane : {"cp-b", "cp-c", "cp-d"})
            REQUIRE(store->cp_heartbeat({.caller = plane}));
        past.clock.advance(seconds(60));
        REQUIRE(store->cp_heartbeat({.caller = "cp-e"}));
        REQUIRE(store->cp_expire_stale(past.clock.now() - seconds(20)));
        REQUIRE(store->cp_heartbeat({.caller = "cp-b"}));
        SUBCASE("whole") {
            const auto judged = past.judged();
            CHECK(judged.same());
            CHECK(judged.decided == 8);
        }
        SUBCASE("ended by the window in its middle") {
            const auto judged = past.judged({.to = Position{5}});
            CHECK(judged.same());
            CHECK(skipped(judged, Skip::cut) == 1);
        }
        SUBCASE("begun by the window in its middle") {
            const auto judged = past.judged({.after = Position{5}});
            CHECK(judged.same());
            CHECK(judged.events == 3);
        }
        SUBCASE("of one that was not stale, and without one that was") {
            past.clock.advance(seconds(60));
            auto head = replay::replay(*make_memory_journal(past.storage));
            REQUIRE(head);
            TextId plane;
            REQUIRE(head->fold.world.texts.find("cp-d", plane));  // expired already
            past.forge({.at = past.clock.now(),
                        .operation = Operation::cp_expire_stale,
                        .outcome = Outcome::transitioned,
                        .payload = ControlPlaneMarked{plane, past.clock.now() - seconds(20)}});
            const auto judged = past.judged();
            REQUIRE(judged.diverged == 3);
            CHECK(judged.divergences[0].instance == "cp-d");
            CHECK(judged.divergences[0].today.outcome == Outcome::none);
            CHECK(judged.divergences[1].instance == "cp-b");
            CHECK(judged.divergences[1].recorded.outcome == Outcome::none);
            CHECK(judged.divergences[2].instance == "cp-e");
        }
    }

    TEST_CASE("a transition that today's fences refuse is told with its row") {
        Past past;
        REQUIRE(past.store("cp-a")->adopt(hot(1)));
        auto then = replay::replay(*make_memory_journal(past.storage));
        REQUIRE(then);
        const Worker worker = *then->fold.world.find(WorkerId{1});
        past.forge({.operation = Operation::drain,
                    .outcome = Outcome::transitioned,
                    .caller = worker.owner,
                    .worker = worker.id,
                    .image = worker.image,
                    .owner = worker.owner,
                    .org = worker.org,
                    .epoch = worker.epoch,
                    .from = State::hot,
                    .version = worker.version,
                    .to = State::draining,
                    .payload = LeaseExercised{{worker.owner, Epoch{4}}}});
        const auto judged = past.judged();
        REQUIRE(judged.diverged == 1);
        const Divergence& d = judged.divergences[0];
        CHECK(d.position == Position{2});
        CHECK(d.operation == Operation::drain);
        CHECK(d.caller == "cp-a");
        CHECK(d.recorded.outcome == Outcome::transitioned);
        CHECK(d.today.outcome == Outcome::fence_miss_epoch);
        CHECK(d.today.failed_check == Check::epoch);
        CHECK(d.today.to == State::hot);
        REQUIRE(d.row.has_value());
        CHECK(d.row->from == State::hot);
        CHECK(d.row->to == State::draining);
        CHECK(d.row->fences == "exists, owner, epoch");
    }

    TEST_CASE("an event of an operation that is unknown is counted and not decided") {
        Past past;
        REQUIRE(past.store("cp-a")->adopt(hot(1)));
        past.forge({.operation = Operation::leadership,
                    .outcome = Outcome::recorded,
                    .payload = LeaseExercised{}});
        const auto judged = past.judged();
        CHECK(judged.same());
        CHECK(skipped(judged, Skip::unknown) == 1);
    }

    TEST_CASE("a window judges only what lies in it and a place beyond the end is an error") {
        Past past;
        auto store = past.store("cp-a");
        REQUIRE(store->adopt(hot(1)));
        REQUIRE(store->park(lease(1)));
        REQUIRE(store->unpark(lease(1)));
        const auto judged = past.judged({.after = Position{1}, .to = Position{2}});
        CHECK(judged.events == 1);
        CHECK(judged.head.position == Position{2});
        const auto beyond =
            check_decisions(*make_memory_journal(past.storage), {.to = Position{9}});
        REQUIRE_FALSE(beyond);
        CHECK(beyond.error().code == ErrorCode::not_found);
    }

    TEST_CASE("of many divergences the first are kept and all are counted") {
        Past past;
        REQUIRE(past.store("cp-a")->adopt(hot(1)));
        for (int i = 0; i < 3; ++i)
            past.forge({.operation = Operation::drain,
                        .outcome = Outcome::row_missing,
                        .worker = WorkerId{1},
                        .payload = LeaseExercised{}});
        const auto judged = past.judged({.most_divergences = 2});
        CHECK(judged.diverged == 3);
        CHECK(judged.divergences.size() == 2);
        CHECK_FALSE(judged.same());
    }
}
