// The store over a journal in memory: what it promises whatever the database is.

#include <doctest/doctest.h>

#include <algorithm>
#include <new>
#include <set>
#include <stdexcept>
#include <thread>

#include "journal/lifecycle_store.hpp"
#include "journal/memory/memory_journal.hpp"
#include "projections/metrics.hpp"
#include "tests/journal/store_pool.hpp"
#include "tests/support/noting_journal.hpp"

using namespace fenceline;
using namespace fenceline::testing;

namespace {

void check_equal(const MetricSnapshot& a, const MetricSnapshot& b) {
    REQUIRE(a.families.size() == b.families.size());
    for (std::size_t f = 0; f < a.families.size(); ++f) {
        CAPTURE(a.families[f].name);
        CHECK(a.families[f].name == b.families[f].name);
        REQUIRE(a.families[f].series.size() == b.families[f].series.size());
        for (std::size_t s = 0; s < a.families[f].series.size(); ++s) {
            const auto &x = a.families[f].series[s], &y = b.families[f].series[s];
            CHECK(x.labels == y.labels);
            CHECK(x.value == y.value);
            CHECK(x.buckets == y.buckets);
            CHECK(x.sum_ns == y.sum_ns);
        }
    }
}

}  // namespace

TEST_SUITE_BEGIN("journal/store");

TEST_CASE("I1 an answer's event is in the journal") {
    Pool pool;
    const auto spawned = pool.ok(pool.store->spawn({.image = "i"}));
    CHECK(spawned.transitioned());
    CHECK(spawned.position == Position{1});
    auto event = make_memory_journal(pool.storage)->event(Position{1});
    REQUIRE(event);
    CHECK(event->operation == Operation::spawn);
    CHECK(event->recorder == RecorderId{1});
}

TEST_CASE("I2 a refused operation is one event that says who had won") {
    Pool pool;
    const auto lease = pool.hot();
    const auto refreshed = pool.ok(pool.store->refresh_lease(lease));
    const auto late = pool.ok(pool.store->drain(lease));
    CHECK(late.outcome == Outcome::fence_miss_epoch);
    REQUIRE(late.refusal);
    CHECK(late.refusal->expected == "1");
    CHECK(late.refusal->found == "2");
    CHECK(late.refusal->winner == refreshed.position);
    CHECK(late.position == Position{refreshed.position.value + 1});
    CHECK(pool.head() == late.position);
}

TEST_CASE("commands of one call see one another and share a commit") {
    Pool pool;
    const auto lease = LifecycleStore::lease_for(WorkerId{1}, "cp-a", Epoch{0}, "i");
    const std::vector<Command> commands{
        {{}, Spawn{.image = "i"}}, {{}, PublishIdle{lease}}, {{}, ClaimIdle{.org = "acme"}}};
    const auto answers = pool.store->apply(commands);
    REQUIRE(answers.size() == 3);
    for (const auto& answer : answers) CHECK(answer->transitioned());
    CHECK(pool.storage->commits() == 1);
}

TEST_CASE("callers on many threads are all answered and share commits") {
    Pool pool;
    constexpr int callers = 16, each = 200;
    std::vector<std::thread> threads;
    std::vector<std::vector<Position>> positions(callers);
    for (int i = 0; i < callers; ++i)
        threads.emplace_back([&, i] {
            for (int n = 0; n < each; ++n) {
                auto answer = pool.store->spawn({.image = "i"});
                if (answer) positions[static_cast<std::size_t>(i)].push_back(answer->position);
            }
        });
    for (auto& thread : threads) thread.join();
    std::set<Position> seen;
    for (const auto& own : positions) {
        CHECK(own.size() == each);
        CHECK(std::ranges::is_sorted(own));
        seen.insert(own.begin(), own.end());
    }
    CHECK(seen.size() == callers * each);
    CHECK(pool.head() == Position{callers * each});
}

TEST_CASE("a commit that failed leaves nothing behind and is counted at once") {
    Pool pool;
    const auto lease = pool.hot();
    const auto before = pool.see(lease.worker()).row();
    pool.storage->fail_next_append(ErrorCode::no_space, Effect::not_applied);
    const auto failed = pool.store->drain(lease, {.origin = Origin::worker_drain});
    REQUIRE(!failed);
    CHECK(failed.error().code == ErrorCode::no_space);
    CHECK(failed.error().effect == Effect::not_applied);
    CHECK(pool.see(lease.worker()).row().state == State::hot);
    CHECK(pool.see(lease.worker()).row().version == before.version);

    // Counted before the journal knows of it, and once only after it does.
    const std::vector<std::pair<std::string, std::string>> labels{
        {"operation", "drain"}, {"outcome", "store_error"}, {"origin", "worker_drain"}};
    pool.storage->fail_next_append(ErrorCode::no_space);
    StoreStatus status;
    auto during = pool.store->metrics({}, status);
    REQUIRE(during);
    CHECK(status.incomplete != "");
    CHECK(status.pending_failures == 1);
    CHECK(counted(*during, transitions, labels) == 1);

    CHECK(pool.ok(pool.store->drain(lease)).transitioned());
    const auto after = metrics_of(*pool.store);
    CHECK(counted(after, transitions, labels) == 1);
    CHECK(pool.store->status().pending_failures == 0);
    const Fold fold = pool.folded();
    check_equal(after, snapshot(fold.pool, fold.tallies, fold.world.texts, {}));
}

TEST_CASE("a senseless request is an error that is counted") {
    Pool pool;
    const auto refused = pool.store->claim_idle({.org = ""}, {.origin = Origin::public_api});
    REQUIRE(!refused);
    CHECK(refused.error().code == ErrorCode::invalid_request);
    CHECK(counted(metrics_of(*pool.store), transitions,
                  {{"operation", "claim_idle"}, {"outcome", "store_error"}}) == 1);
}

TEST_CASE("an unknown commit stops the store until it is reopened") {
    Pool pool;
    const auto lease = pool.hot();
    pool.storage->fail_next_append(ErrorCode::io, Effect::unknown);
    const Ask ask{.request_id = "a"};
    const auto unknown = pool.store->refresh_lease(lease, ask);
    REQUIRE(!unknown);
    CHECK(unknown.error().effect == Effect::unknown);
    CHECK(pool.store->status().poisoned);

    const auto next = pool.store->spawn({.image = "i"});
    REQUIRE(!next);
    CHECK(next.error().code == ErrorCode::poisoned);
    CHECK(!pool.store->observe(lease.worker()));

    // This one was not there: the retry is decided for the first time.
    REQUIRE(pool.store->reopen(make_memory_journal(pool.storage)));
    CHECK(!pool.store->status().poisoned);
    const auto again = pool.ok(pool.store->refresh_lease(lease, ask));
    CHECK(!again.replayed);
    CHECK(again.lease->epoch() == Epoch{2});
}

// The journals that there are refuse too; another one need not.
TEST_CASE("an unknown commit stops the store whatever its journal goes on to do") {
    class Forgetful : public fenceline::testing::NotingJournal {
      public:
        using NotingJournal::NotingJournal;
        Result<Head> append(const Commit& commit) override {
            if (!unknown) return NotingJournal::append(commit);
            cancel_write();
            return tl::unexpected<Error>(
                {.code = ErrorCode::io, .effect = Effect::unknown, .text = "injected"});
        }
        bool unknown = false;
    };
    fenceline::testing::Noted noted;
    auto made =
        std::make_unique<Forgetful>(make_memory_journal(std::make_shared<MemoryStorage>()), noted);
    Forgetful& journal = *made;
    const auto opened = LifecycleStore::open({.instance = "cp-a"}, std::move(made));
    REQUIRE(opened);
    LifecycleStore& store = **opened;
    REQUIRE(store.spawn({.image = "i"}));

    journal.unknown = true;
    CHECK(store.spawn({.image = "i"}).error().effect == Effect::unknown);
    journal.unknown = false;
    REQUIRE(journal.head());
    const auto next = store.spawn({.image = "i"});
    REQUIRE(!next);
    CHECK(next.error().code == ErrorCode::poisoned);
    const auto seen = store.observe(WorkerId{1});
    REQUIRE(!seen);
    CHECK(seen.error().code == ErrorCode::poisoned);
}

TEST_CASE("what an unknown commit turned out to hold is counted after reopening") {
    Pool pool;
    const auto lease = pool.hot();
    pool.storage->fail_next_append(ErrorCode::io, Effect::unknown, Landed::yes);
    CHECK(!pool.store->park(lease, {.request_id = "once"}));
    REQUIRE(pool.store->reopen(make_memory_journal(pool.storage)));
    const auto again = pool.ok(pool.store->park(lease, {.request_id = "once"}));
    CHECK(again.replayed);
    CHECK(again.from == State::hot);
    CHECK(again.to == State::hot_idle);
    CHECK(counted(metrics_of(*pool.store), transitions,
                  {{"operation", "park"}, {"outcome", "transitioned"}}) == 1);
}

TEST_CASE("a request id gives the first answer again") {
    Pool pool;
    pool.hot();
    const Ask ask{.request_id = "r-1"};
    const auto first = pool.ok(pool.store->spawn({.image = "i"}, ask));
    const auto head = pool.head();
    const auto check_same = [&](const Answer& again) {
        CHECK(again.replayed);
        CHECK(again.worker == first.worker);
        CHECK(again.position == first.position);
        CHECK(again.outcome == first.outcome);
        REQUIRE(again.lease);
        CHECK(again.lease->epoch() == first.lease->epoch());
    };
    SUBCASE("at once") {
        check_same(pool.ok(pool.store->spawn({.image = "i"}, ask)));
    }
    SUBCASE("after a restart") {
        pool.open();
        check_same(pool.ok(pool.store->spawn({.image = "i"}, ask)));
    }
    SUBCASE("from another process") {
        auto other = pool.another();
        check_same(pool.ok(other->spawn({.image = "i"}, ask)));
    }
    SUBCASE("but not to another caller") {
        const auto other =
            pool.ok(pool.store->spawn({.image = "i"}, {.caller = "cp-b", .request_id = "r-1"}));
        CHECK(!other.replayed);
        CHECK(other.worker != first.worker);
        return;
    }
    CHECK(pool.head() == head);
}

TEST_CASE("a request id twice in one batch is decided once") {
    Pool pool;
    const std::vector<Command> commands{{{.request_id = "x"}, Spawn{.image = "i"}},
                                        {{.request_id = "x"}, Spawn{.image = "i"}}};
    const auto answers = pool.store->apply(commands);
    CHECK(!answers[0]->replayed);
    CHECK(answers[1]->replayed);
    CHECK(answers[0]->worker == answers[1]->worker);
    CHECK(pool.head() == Position{1});
}

TEST_CASE("a request id of two callers in one batch is two requests") {
    Pool pool;
    // Of a caller who never asked before nothing can be known: it would not be looked for.
    for (const auto* caller : {"cp-a", "cp-b"})
        pool.ok(pool.store->cp_heartbeat({.caller = caller}));
    const std::vector<Command> commands{
        {{.caller = "cp-a", .request_id = "x"}, Spawn{.image = "i"}},
        {{.caller = "cp-b", .request_id = "x"}, Spawn{.image = "i"}}};
    const auto answers = pool.store->apply(commands);
    CHECK(!answers[0]->replayed);
    CHECK(!answers[1]->replayed);
    CHECK(answers[0]->worker != answers[1]->worker);
    CHECK(pool.head() == Position{4});
}

TEST_CASE("an expiry of several control planes is replayed whole") {
    Pool pool;
    for (const auto* caller : {"cp-b", "cp-a", "cp-c"})
        pool.ok(pool.store->cp_heartbeat({.caller = caller}));
    pool.clock.advance(seconds(60));
    const Ask ask{.caller = "cp-z", .request_id = "e"};
    const auto first = pool.ok(pool.store->cp_expire_stale(pool.clock.now(), ask));
    CHECK(first.expired == std::vector<std::string>{"cp-a", "cp-b", "cp-c"});
    const auto again = pool.ok(pool.store->cp_expire_stale(pool.clock.now(), ask));
    CHECK(again.replayed);
    CHECK(again.expired == first.expired);
}

TEST_CASE("heartbeats within the resolution wait for the worker's next event") {
    Pool pool;
    const auto lease = pool.hot();
    pool.clock.advance(seconds(20));
    CHECK(pool.ok(pool.store->heartbeat(lease)).position.given());
    const auto head = pool.head();
    for (int i = 0; i < 5; ++i) {
        pool.clock.advance(seconds(1));
        const auto beat = pool.ok(pool.store->heartbeat(lease));
        CHECK(beat.transitioned());
        CHECK(!beat.position.given());
    }
    CHECK(pool.head() == head);
    const auto last = pool.clock.now();
    const auto seen = pool.see(lease.worker());

    SUBCASE("and are tallied with it") {
        // The snapshot was taken before the tally and is still good: a tally touches no version.
        CHECK(pool.ok(pool.store->retire_from_snapshot(seen, State::retired, "normal"))
                  .transitioned());
        CHECK(pool.head() == Position{head.value + 2});
    }
    SUBCASE("or are recorded at close") {
        REQUIRE(pool.store->close());
    }
    SUBCASE("and a stale one is refused at once") {
        pool.ok(pool.store->refresh_lease(lease));
        CHECK(pool.ok(pool.store->heartbeat(lease)).outcome == Outcome::fence_miss_epoch);
    }
    const Fold fold = pool.folded();
    CHECK(fold.world.find(lease.worker())->last_heartbeat_at == last);
    const auto made = snapshot(fold.pool, fold.tallies, fold.world.texts, {});
    CHECK(counted(made, transitions, {{"operation", "heartbeat"}, {"outcome", "transitioned"}}) ==
          6);
}

TEST_CASE("a heartbeat after the resolution is an event of its own") {
    Pool pool;
    const auto lease = pool.hot();
    pool.clock.advance(seconds(11));
    CHECK(pool.ok(pool.store->heartbeat(lease)).position.given());
    pool.clock.advance(seconds(10));
    CHECK(pool.ok(pool.store->heartbeat(lease)).position.given());
}

TEST_CASE("I3 a fold of the journal gives the metrics of the process that lived it") {
    Pool pool({.heartbeat_resolution = {}});
    pool.clock.step(milliseconds(3));
    const auto lease = pool.hot();
    pool.ok(pool.store->heartbeat(lease));
    pool.ok(pool.store->drain(lease));
    pool.ok(pool.store->drain(lease));
    pool.clock.advance(seconds(2));
    pool.ok(pool.store->apply({{}, ReportPodDeleted{lease.worker()}}));
    pool.ok(pool.store->retire_drained(lease, "normal"));
    const auto live = metrics_of(*pool.store);
    const Fold fold = pool.folded();
    check_equal(live, snapshot(fold.pool, fold.tallies, fold.world.texts, {}));
    CHECK(counted(live, durations, {{"operation", "drain"}}) == 2);
    for (const auto& series : family(live, durations).series) CHECK(series.sum_ns > 0);
    CHECK(counted(live, "duckgres_worker_drain_total_duration_seconds", {}) == 1);
}

TEST_CASE("a scrape leaves no hole in the positions") {
    Pool pool;
    pool.hot();
    const auto head = pool.head();
    metrics_of(*pool.store);
    CHECK(pool.head() == head);
    CHECK(pool.ok(pool.store->spawn({.image = "i"})).position == Position{head.value + 1});
}

TEST_CASE("counters are this process's and gauges the pool's") {
    Pool pool;
    pool.hot();
    auto other = pool.another({.instance = "cp-b"});
    CHECK(other->status().counting_from == pool.head());
    pool.ok(other->spawn({.image = "i"}));
    const auto made = metrics_of(*other);
    CHECK(counted(made, transitions, {}) == 1);
    CHECK(counted(made, "duckgres_worker_lifecycle_count", {}) == 2);
}

TEST_CASE("the gauges vanish from a store that lost leadership") {
    Pool pool;
    pool.hot();
    pool.ok(pool.store->apply({{}, SetWarmCapacityTargets{{{"i", 3}}, 10}}));
    CHECK(counted(metrics_of(*pool.store), "duckgres_warm_capacity_headroom", {}) == 7);
    pool.ok(pool.store->apply({{}, ReportLeadership{Leadership::lost}}));
    const auto made = metrics_of(*pool.store);
    CHECK(family(made, "duckgres_worker_lifecycle_count").series.empty());
    CHECK(counted(made, "duckgres_warm_capacity_headroom", {}) == -1);
    CHECK(pool.store->warm_targets()->headroom == -1);
    pool.ok(pool.store->apply({{}, ReportLeadership{Leadership::acquired}}));
    CHECK(pool.store->warm_targets()->headroom == 7);
}

TEST_CASE("I5 cleanup runs for durable snapshot transitions and for nothing else") {
    Pool pool;
    const auto lease = pool.hot();
    const auto stale = pool.see(lease.worker());
    pool.ok(pool.store->park(lease));
    CHECK(pool.ok(pool.store->retire_from_snapshot(stale, State::retired, "normal")).outcome ==
          Outcome::fence_miss_state);
    CHECK(pool.cleanups.empty());

    const auto seen = pool.see(lease.worker());
    pool.storage->fail_next_append(ErrorCode::no_space, Effect::not_applied);
    CHECK(!pool.store->retire_idle_variant_from_snapshot(seen, "mismatched_version"));
    CHECK(pool.cleanups.empty());

    const Ask ask{.request_id = "c"};
    CHECK(pool.ok(pool.store->retire_idle_variant_from_snapshot(seen, "mismatched_version", ask))
              .cleanup_scheduled);
    REQUIRE(pool.cleanups.size() == 1);
    CHECK(pool.cleanups[0].worker == lease.worker());
    CHECK(pool.cleanups[0].pod == "worker-1");
    CHECK(pool.cleanups[0].reason == "mismatched_version");
    CHECK(pool.ok(pool.store->retire_idle_variant_from_snapshot(seen, "mismatched_version", ask))
              .replayed);
    CHECK(pool.cleanups.size() == 1);

    const auto second = pool.hot();
    CHECK(!pool.ok(pool.store->retire_local(second, "crash")).cleanup_scheduled);
    CHECK(pool.cleanups.size() == 1);
}

TEST_CASE("every answer and every cleanup comes though a cleanup throws") {
    Pool pool;
    std::vector<WorkerId> told;
    auto store = LifecycleStore::open({.instance = "cp-b",
                                       .clock = &pool.clock,
                                       .cleanup =
                                           [&](const Cleanup& cleanup) {
                                               told.push_back(cleanup.worker);
                                               if (told.size() == 1) throw std::bad_alloc();
                                               throw std::runtime_error("no pod");
                                           }},
                                      make_memory_journal(pool.storage));
    REQUIRE(store);
    std::vector<Command> commands;
    for (int i = 0; i < 3; ++i) {
        const auto spawned = pool.ok((*store)->spawn({.image = "i"}));
        commands.push_back(
            {{}, RetireFromSnapshot{pool.see(spawned.worker), State::retired, "normal"}});
    }
    for (const auto& answer : (*store)->apply(commands)) {
        REQUIRE(answer);
        CHECK(answer->transitioned());
        CHECK(answer->cleanup_scheduled);
    }
    CHECK(told == std::vector{WorkerId{1}, WorkerId{2}, WorkerId{3}});
}

TEST_CASE("two stores on one journal see each other's operations") {
    Pool pool;
    auto other = pool.another({.instance = "cp-b"});
    const auto lease = pool.hot();
    const auto taken = pool.ok(other->take_over(lease.worker(), lease.epoch(), "acme"));
    CHECK(taken.transitioned());
    CHECK(taken.lease->owner() == "cp-b");
    CHECK(pool.ok(pool.store->park(lease)).outcome == Outcome::fence_miss_owner);
    CHECK(pool.see(lease.worker()).row().owner == "cp-b");
}

TEST_CASE("checkpoints are written as events come and give the same state") {
    Pool pool({.checkpoint_events = 50});
    for (int i = 0; i < 30; ++i) pool.hot();
    auto journal = make_memory_journal(pool.storage);
    CHECK(journal->checkpoints()->size() >= 2);
    pool.open();
    CHECK(counted(metrics_of(*pool.store), transitions, {}) == 0);
    const Fold fold = pool.folded();
    CHECK(fold.world.size() == 30);
    const auto checkpoint = journal->checkpoint(pool.head());
    REQUIRE(checkpoint);
    Fold resumed;
    REQUIRE(resumed.load(checkpoint->state));
    FoldSink sink(resumed);
    REQUIRE(journal->read(checkpoint->head, pool.head(), sink));
    CHECK(resumed.save() == fold.save());
}

TEST_CASE("a checkpoint of many workers waits for as many events as it is worth") {
    Pool pool;
    const std::vector<Command> spawns(8'000, Command{{}, Spawn{.image = "i"}});
    const auto checkpoints_after = [&](std::size_t heartbeats) {
        const std::vector<Command> beats(heartbeats, Command{{}, ControlPlaneHeartbeat{}});
        for (const auto& answer : pool.store->apply(beats)) REQUIRE(answer.has_value());
        REQUIRE(pool.store->close().has_value());
        pool.open();
        return make_memory_journal(pool.storage)->checkpoints()->size();
    };
    for (const auto& answer : pool.store->apply(spawns)) REQUIRE(answer.has_value());
    CHECK(checkpoints_after(0) == 1);
    CHECK(checkpoints_after(1'500) == 1);
    CHECK(checkpoints_after(600) == 2);
}

TEST_CASE("time never goes back in the journal") {
    Pool pool;
    const auto first = pool.ok(pool.store->spawn({.image = "i"}));
    pool.clock.set(Time{1});
    const auto second = pool.ok(pool.store->spawn({.image = "i"}));
    CHECK(second.at == first.at);
}

TEST_CASE("a sweep ends what nobody answers for") {
    Pool pool;
    pool.ok(pool.store->cp_heartbeat({.caller = "cp-gone"}));
    pool.ok(pool.store->cp_heartbeat({.caller = "cp-late"}));
    pool.ok(pool.store->cp_drain({.caller = "cp-late"}));
    const auto orphan = pool.ok(pool.store->spawn({.image = "i"}, {.caller = "cp-gone"}));
    pool.ok(pool.store->cp_heartbeat());
    const auto stuck = pool.ok(pool.store->spawn({.image = "i"}));
    const auto parked = pool.hot();
    pool.ok(pool.store->park(parked));
    pool.clock.advance(seconds(16 * 60));
    pool.ok(pool.store->cp_heartbeat());
    pool.ok(pool.store->cp_heartbeat({.caller = "cp-late"}));

    auto first = pool.store->janitor_sweep();
    REQUIRE(first);
    CHECK(first->expired_stale == std::vector<std::string>{"cp-gone"});
    CHECK(first->expired_draining == std::vector<std::string>{"cp-late"});
    CHECK(first->orphans.empty());  // the grace runs from the expiry
    REQUIRE(first->stuck.size() == 1);
    CHECK(first->stuck[0].worker == stuck.worker);
    REQUIRE(first->hot_idle.size() == 1);
    CHECK(first->hot_idle[0].worker == parked.worker());

    pool.clock.advance(seconds(31));
    pool.ok(pool.store->cp_heartbeat());
    auto second = pool.store->janitor_sweep();
    REQUIRE(second);
    REQUIRE(second->orphans.size() == 1);
    CHECK(second->orphans[0].worker == orphan.worker);
    const auto row = pool.see(orphan.worker).row();
    CHECK(row.state == State::retired);
    CHECK(row.retire_reason == "orphaned");
    CHECK(pool.cleanups.size() == 3);
}

TEST_SUITE_END();
