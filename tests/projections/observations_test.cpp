#include "projections/observations.hpp"

#include <doctest/doctest.h>

#include "tests/projections/fixture.hpp"

using namespace fenceline;
using namespace fenceline::testing;

TEST_SUITE("projections/observations") {
    TEST_CASE("spawn failures are counted by reason and image") {
        Observations seen;
        for (const auto& reason : all_labels<SpawnFailureReason>())
            seen.apply(report(Operation::spawn_failed, SpawnFailed{reason.value}, TextId{3}));
        seen.apply(
            report(Operation::spawn_failed, SpawnFailed{SpawnFailureReason::other}, TextId{}));
        const auto rows = seen.spawn_failures();
        REQUIRE(rows.size() == 10);
        CHECK(rows.front().image == TextId{});
        for (const auto& row : rows) CHECK(row.count == 1);
    }

    TEST_CASE("health checks add the count that an embedder tallied") {
        Observations seen;
        Event event = report(Operation::health_checked, HealthChecked{HealthResult::fail});
        event.count = 250;
        seen.apply(event);
        event.count = 0;
        seen.apply(event);
        seen.apply(report(Operation::health_checked, HealthChecked{HealthResult::pass}));
        const auto rows = seen.health_checks();
        REQUIRE(rows.size() == 2);
        CHECK(rows[0].label == HealthResult::pass);
        CHECK(rows[0].count == 1);
        CHECK(rows[1].label == HealthResult::fail);
        CHECK(rows[1].count == 250);
    }

    TEST_CASE("a stranded pod is not a stranded secret") {
        Observations seen;
        seen.apply(report(Operation::stranded_pod, StrandedReconciled{StrandedOutcome::kept}));
        seen.apply(
            report(Operation::stranded_secret, StrandedReconciled{StrandedOutcome::deleted}));
        REQUIRE(seen.stranded_pods().size() == 1);
        REQUIRE(seen.stranded_secrets().size() == 1);
        CHECK(seen.stranded_pods()[0].label == StrandedOutcome::kept);
        CHECK(seen.stranded_secrets()[0].label == StrandedOutcome::deleted);
    }

    TEST_CASE("activation failures and missed capacity are counted by image") {
        Observations seen;
        seen.apply(report(Operation::activation_failed, NoDetail{}, TextId{5}));
        seen.apply(report(Operation::activation_failed, NoDetail{}, TextId{5}));
        seen.apply(report(Operation::warm_capacity_missed, WarmCapacityMissed{MissReason::org_cap},
                          TextId{6}));
        REQUIRE(seen.activation_failures().size() == 1);
        CHECK(seen.activation_failures()[0].image == TextId{5});
        CHECK(seen.activation_failures()[0].count == 2);
        REQUIRE(seen.capacity_misses().size() == 1);
        CHECK(seen.capacity_misses()[0].image == TextId{6});
        CHECK(seen.capacity_misses()[0].label == MissReason::org_cap);
    }

    TEST_CASE("a report that the journal could not take is not a series") {
        Observations seen;
        for (const auto& operation : all_labels<Operation>()) {
            Event event = event_of(operation.value, Outcome::store_error);
            event.payload = OperationFailed{ErrorCode::no_space, {}};
            seen.apply(event);
        }
        CHECK(bytes_of(seen) == bytes_of(Observations{}));
    }

    TEST_CASE("operations on workers leave no observation") {
        Observations seen;
        for (const auto& operation : all_labels<Operation>())
            if (acts_on_worker(operation.value)) seen.apply(event_of(operation.value));
        CHECK(bytes_of(seen) == bytes_of(Observations{}));
    }

    TEST_CASE("saved bytes come back") {
        Observations seen;
        const SpawnFailed not_ready{SpawnFailureReason::pod_ready};
        seen.apply(report(Operation::spawn_failed, not_ready, TextId{9}));
        seen.apply(report(Operation::health_checked, HealthChecked{}, TextId{4'000'000'000}));
        seen.apply(report(Operation::stranded_pod, StrandedReconciled{StrandedOutcome::kept}));
        seen.apply(report(Operation::stranded_secret, StrandedReconciled{}));
        seen.apply(report(Operation::activation_failed, NoDetail{}));
        seen.apply(report(Operation::warm_capacity_missed, WarmCapacityMissed{}));
        CHECK(survives_saving(seen));
        CHECK(survives_saving(Observations{}));
        CHECK(seen.texts_needed() == 4'000'000'001);
    }

    TEST_CASE("a key beyond the images is not read") {
        Observations seen;
        seen.apply(report(Operation::spawn_failed, SpawnFailed{}, TextId{9}));
        std::string bytes = bytes_of(seen);
        bytes[4 + 7] = 1;
        Observations loaded;
        CHECK_FALSE(reads(loaded, bytes));
    }
}
