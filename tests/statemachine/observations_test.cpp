#include "tests/support/scenario.hpp"

namespace fenceline::testing {
namespace {

Command hot_worker() {
    return as("cp-z", worker_in(State::hot,
                                {.image = "i", .org = "acme", .owner = "cp-a", .epoch = Epoch{5}}));
}
Command pod_deleted() {
    return as("cp-a", ReportPodDeleted{WorkerId{1}});
}

}  // namespace

TEST_SUITE("statemachine/observations") {
    TEST_CASE("an observation shows the worker that it is about and leaves it alone") {
        Scenario s = given(hot_worker());
        const Worker before = s.worker();
        s.when(as("cp-a", ReportPodDeleteFailed{WorkerId{1}})).then(Outcome::recorded);
        s.moved(State::hot, State::hot);
        CHECK(s.text(s.event().image) == "i");
        CHECK(s.text(s.event().org) == "acme");
        CHECK(s.text(s.event().owner) == "cp-a");
        CHECK(s.event().epoch == Epoch{5});
        CHECK(s.event().version == Position{1});
        CHECK(s.worker() == before);
    }

    TEST_CASE("an observation of an unknown worker is recorded all the same") {
        Scenario s;
        s.when(pod_deleted()).then(Outcome::recorded);
        CHECK(s.event().worker == WorkerId{1});
        CHECK(s.event().from == State::none);
        CHECK_FALSE(s.detail<PodDeleted>().drain_started_at.given());
    }

    TEST_CASE("a deleted pod ends the drain that was measured once") {
        Scenario s = given(hot_worker(), as("cp-a", Drain{lease(1, "cp-a", 5)}));
        s.later(seconds(4)).when(pod_deleted()).then(Outcome::recorded);
        CHECK(s.detail<PodDeleted>().drain_started_at == noon);
        CHECK_FALSE(s.worker().drain_started_at.given());
        CHECK(s.worker().version == Position{2});
        s.when(pod_deleted());
        CHECK_FALSE(s.detail<PodDeleted>().drain_started_at.given());
    }

    TEST_CASE("no drain is measured for a worker that is not draining") {
        Scenario s = given(hot_worker(), as("cp-a", Drain{lease(1, "cp-a", 5)}),
                           as("cp-a", RetireDrained{lease(1, "cp-a", 5), "normal"}));
        s.when(pod_deleted());
        CHECK_FALSE(s.detail<PodDeleted>().drain_started_at.given());
    }

    TEST_CASE("a health check names its result and how many it stands for") {
        Scenario s = given(hot_worker());
        s.when(as(
            "cp-a",
            ReportHealthChecked{
                .result = HealthResult::fail, .image = "j", .count = 12, .worker = WorkerId{1}}));
        s.then(Outcome::recorded);
        CHECK(s.event().count == 12);
        CHECK(s.detail<HealthChecked>().result == HealthResult::fail);
        CHECK(s.text(s.event().image) == "j");
        s.when(as("cp-a", ReportHealthChecked{.worker = WorkerId{1}}));
        CHECK(s.text(s.event().image) == "i");
        CHECK(s.event().count == 1);
    }

    TEST_CASE("failures carry their reason and image") {
        Scenario s = given(hot_worker());
        s.when(as("cp-a", ReportSpawnFailed{SpawnFailureReason::pod_create, "j", {}}));
        s.then(Outcome::recorded);
        CHECK(s.detail<SpawnFailed>().reason == SpawnFailureReason::pod_create);
        CHECK(s.text(s.event().image) == "j");
        s.when(as("cp-a", ReportActivationFailed{WorkerId{1}, ""}));
        CHECK(s.text(s.event().image) == "i");
        s.when(as("cp-a", ReportActivationFailed{WorkerId{1}, "j"}));
        CHECK(s.text(s.event().image) == "j");
        s.when(as("cp-a", ReportWarmCapacityMissed{"j", MissReason::org_cap}));
        CHECK(s.detail<WarmCapacityMissed>().reason == MissReason::org_cap);
        CHECK(s.text(s.event().image) == "j");
    }

    TEST_CASE("stranded things carry how they ended") {
        Scenario s;
        s.when(as("cp-a", ReportStrandedPod{StrandedOutcome::kept})).then(Outcome::recorded);
        CHECK(s.event().operation == Operation::stranded_pod);
        CHECK(s.detail<StrandedReconciled>().outcome == StrandedOutcome::kept);
        s.when(as("cp-a", ReportStrandedSecret{StrandedOutcome::delete_failed}));
        CHECK(s.event().operation == Operation::stranded_secret);
        CHECK(s.detail<StrandedReconciled>().outcome == StrandedOutcome::delete_failed);
    }

    TEST_CASE("warm targets are recorded in the order given") {
        Scenario s;
        s.when(as("cp-a", SetWarmCapacityTargets{{{"z", 3}, {"a", 0}}, 50}));
        const auto& detail = s.detail<WarmCapacityTargeted>();
        REQUIRE(detail.targets.size() == 2);
        CHECK(s.text(detail.targets[0].first) == "z");
        CHECK(detail.targets[0].second == 3);
        CHECK(s.text(detail.targets[1].first) == "a");
        CHECK(detail.max_workers == 50);
    }

    TEST_CASE("leadership belongs to the caller") {
        Scenario s;
        s.when(as("cp-a", ReportLeadership{Leadership::lost})).then(Outcome::recorded);
        CHECK(s.detail<LeadershipChanged>().leadership == Leadership::lost);
        CHECK(s.text(s.event().caller) == "cp-a");
    }
}

}  // namespace fenceline::testing
