// The page of a running store, and the page of a fold of the journal that it wrote.

#include <doctest/doctest.h>
#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "journal/fold_sink.hpp"
#include "journal/lifecycle_store.hpp"
#include "journal/memory/memory_journal.hpp"
#include "metrics/exposition.hpp"
#include "tests/metrics/fixture.hpp"
#include "tests/support/fake_clock.hpp"

using namespace fenceline;
using namespace fenceline::testing;

namespace {

struct Running {
    std::shared_ptr<MemoryStorage> storage = std::make_shared<MemoryStorage>();
    FakeClock clock;
    std::unique_ptr<LifecycleStore> store;

    Running() {
        clock.step(milliseconds(3));
        StoreOptions options;
        options.instance = "cp-a:1";
        options.run = "run-1";
        options.clock = &clock;
        auto opened = LifecycleStore::open(options, make_memory_journal(storage));
        REQUIRE(opened);
        store = std::move(*opened);
    }
    void live_a_little() {
        const auto spawned = store->spawn({.image = "i\"\n", .org = "acme"});
        REQUIRE(spawned);
        REQUIRE(store->publish_reserved(*spawned->lease)->transitioned());
        REQUIRE(store->begin_activation(*spawned->lease)->transitioned());
        clock.advance(milliseconds(250));
        REQUIRE(store->complete_activation(*spawned->lease)->transitioned());
        REQUIRE_FALSE(store->publish_idle(*spawned->lease)->transitioned());
        REQUIRE(store->drain(*spawned->lease)->transitioned());
        clock.advance(seconds(2));
        REQUIRE(store->apply(Command{{}, ReportPodDeleted{spawned->worker}}));
        REQUIRE(store->spawn({.image = "j"}));
        REQUIRE(store->apply(Command{{}, SetWarmCapacityTargets{{{"j", 3}}, 10}}));
    }
    std::string folded_page() {
        Fold fold;
        FoldSink sink(fold);
        const auto journal = make_memory_journal(storage);
        REQUIRE(journal->read({}, journal->head()->position, sink));
        return expose_text(snapshot(fold.pool, fold.tallies, fold.world.texts, {}),
                           {.position = fold.world.position,
                            .instance = "cp-a:1",
                            .run = "run-1",
                            .version = "1.2.3"});
    }
};

std::string page_of(const prometheus::Collectable& collectable) {
    return prometheus::TextSerializer().Serialize(collectable.Collect());
}

}  // namespace

TEST_SUITE("metrics/store_exporter") {
    TEST_CASE("I3 the live page is the page of a fold of its journal") {
        Running running;
        running.live_a_little();
        const auto collectable = make_collectable(*running.store, {.view = {}, .version = "1.2.3"});
        const std::string live = page_of(*collectable);
        const std::string folded = running.folded_page();
        CHECK(live.substr(0, live.find("# HELP fenceline_collect_failures_total")) == folded);

        const auto scrape = parse_exposition(live);
        REQUIRE(scrape);
        CHECK(scrape->value("duckgres_worker_lifecycle_transitions_total",
                            {{"image", "i\"\n"},
                             {"operation", "publish_idle"},
                             {"origin", "unknown"},
                             {"outcome", "fence_miss_state"}}) == 1);
        CHECK(scrape->value("duckgres_warm_capacity_headroom", {}) == 7);
        const auto* drains = scrape->series("duckgres_worker_drain_total_duration_seconds", {});
        REQUIRE(drains);
        CHECK(drains->count == 1);
        const auto* activations =
            scrape->series("duckgres_activation_duration_seconds", {{"image", "i\"\n"}});
        REQUIRE(activations);
        CHECK(activations->count == 1);
    }

    TEST_CASE("a store that lost leadership exposes no pool") {
        Running running;
        running.live_a_little();
        const auto collectable = make_collectable(*running.store, {});
        CHECK(page_of(*collectable).find("lifecycle_count{") != std::string::npos);
        REQUIRE(running.store->apply(Command{{}, ReportLeadership{Leadership::lost}}));
        const std::string follower = page_of(*collectable);
        CHECK(follower.find("lifecycle_count{") == std::string::npos);
        CHECK(follower.find("effective_target{") == std::string::npos);
        CHECK(has_line(follower, "duckgres_warm_capacity_headroom -1"));
        REQUIRE(running.store->apply(Command{{}, ReportLeadership{Leadership::acquired}}));
        CHECK(has_line(page_of(*collectable), "duckgres_warm_capacity_headroom 7"));
    }

    TEST_CASE("failures that are not in the journal yet are on the page at once") {
        Running running;
        running.live_a_little();
        running.storage->fail_appends(100, {.code = ErrorCode::no_space});
        CHECK_FALSE(running.store->spawn({.image = "j"}));
        const auto collectable = make_collectable(*running.store, {});
        const std::string page = page_of(*collectable);
        CHECK(has_line(page, "fenceline_pending_failures 1"));
        CHECK(has_line(page, R"(duckgres_worker_lifecycle_transitions_total{operation="spawn",)"
                             R"(outcome="store_error",image="j",origin="unknown"} 1)"));
        running.storage->fail_appends(0, {});
        const std::string after = page_of(*collectable);
        CHECK(has_line(after, "fenceline_pending_failures 0"));
        CHECK(has_line(after, R"(duckgres_worker_lifecycle_transitions_total{operation="spawn",)"
                              R"(outcome="store_error",image="j",origin="unknown"} 1)"));
    }
}
