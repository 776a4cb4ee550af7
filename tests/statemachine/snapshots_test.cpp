// Operations on a row that somebody listed earlier.

#include "tests/support/scenario.hpp"

namespace fenceline::testing {
namespace {

Command adopted(State state, std::string owner = "cp-a") {
    return as("cp-z",
              worker_in(state, {.image = "i", .owner = std::move(owner), .epoch = Epoch{5}}));
}

Command retire(const WorkerSnapshot& seen, State target = State::retired) {
    return as("cp-j", RetireFromSnapshot{seen, target, "crash"});
}

}  // namespace

TEST_SUITE("statemachine/snapshots") {
    TEST_CASE("a row that nobody touched is retired") {
        Scenario s = given(adopted(State::hot));
        s.when(retire(s.observe())).then(Outcome::transitioned);
        CHECK(s.worker().state == State::retired);
        CHECK(s.text(s.worker().retire_reason) == "crash");
        CHECK(s.text(s.worker().owner) == "cp-a");
        CHECK(s.detail<SnapshotJudged>().target == State::retired);
        CHECK(s.detail<SnapshotJudged>().observed_version == Position{1});
    }

    TEST_CASE("a row may be called lost unless it is draining") {
        Scenario hot = given(adopted(State::hot));
        hot.when(retire(hot.observe(), State::lost)).moved(State::hot, State::lost);
        CHECK(hot.detail<SnapshotJudged>().target == State::lost);

        Scenario draining = given(adopted(State::draining));
        draining.when(retire(draining.observe(), State::lost));
        draining.then(Outcome::fence_miss_state, Check::legal_state);
        draining.when(retire(draining.observe())).moved(State::draining, State::retired);
    }

    TEST_CASE("a heartbeat since the look turns it away by version") {
        Scenario s = given(adopted(State::hot));
        const auto seen = s.observe();
        s.given(as("cp-a", Heartbeat{lease(1, "cp-a", 5)}));
        s.when(retire(seen)).then(Outcome::fence_miss_updated_at, Check::version);
        CHECK(s.event().version == Position{2});
    }

    TEST_CASE("an observation since the look does not") {
        Scenario s = given(adopted(State::hot));
        const auto seen = s.observe();
        s.given(as("cp-a", ReportPodDeleteFailed{WorkerId{1}}));
        s.when(retire(seen)).then(Outcome::transitioned);
    }

    TEST_CASE("a change of owner or epoch or state since the look is named") {
        Scenario s = given(adopted(State::hot));
        const auto at_first = s.observe();
        s.given(as("cp-a", Park{lease(1, "cp-a", 5)}));
        s.when(retire(at_first)).then(Outcome::fence_miss_state, Check::observed_state);
        const auto parked = s.observe();
        s.given(as("cp-a", RefreshLease{lease(1, "cp-a", 5)}));
        s.when(retire(parked)).then(Outcome::fence_miss_epoch, Check::epoch);
        s.given(as("cp-a", Unpark{lease(1, "cp-a", 6)}));
        const auto hot = s.observe();
        s.given(as("cp-b", TakeOver{WorkerId{1}, Epoch{6}, "acme"}));
        s.when(retire(hot)).then(Outcome::fence_miss_owner, Check::owner);
    }

    TEST_CASE("a worker that ended stays as it is") {
        Scenario s = given(adopted(State::hot));
        const auto seen = s.observe();
        s.given(retire(seen));
        s.when(retire(seen)).then(Outcome::fence_miss_state, Check::observed_state);
        s.when(retire(s.observe())).then(Outcome::fence_miss_state, Check::legal_state);
    }

    TEST_CASE("an unknown row is missing") {
        Scenario s = given(adopted(State::hot));
        auto row = s.observe().row();
        row.worker = WorkerId{2};
        s.when(retire(Minter::snapshot(row))).then(Outcome::row_missing, Check::exists);
        CHECK(s.text(s.event().image) == "i");
    }

    TEST_CASE("an orphan is retired when its owner is expired or unknown or not there") {
        for (const std::string owner : {"cp-gone", ""}) {
            Scenario s = given(adopted(State::hot, owner));
            s.when(as("cp-j", RetireOrphan{s.observe(), "orphaned"})).then(Outcome::transitioned);
        }
        Scenario s = given(as("cp-a", ControlPlaneHeartbeat{}), adopted(State::draining));
        s.later(seconds(60)).given(as("cp-j", ExpireStaleControlPlanes{s.now()}));
        s.when(as("cp-j", RetireOrphan{s.observe(), "orphaned"})).then(Outcome::transitioned);
    }

    TEST_CASE("an owner that came back keeps its worker") {
        Scenario s = given(as("cp-a", ControlPlaneHeartbeat{}), adopted(State::hot));
        s.later(seconds(60)).given(as("cp-j", ExpireStaleControlPlanes{s.now()}));
        const auto orphan = s.observe();
        s.given(as("cp-a", ControlPlaneHeartbeat{}));
        s.when(as("cp-j", RetireOrphan{orphan, "orphaned"}));
        s.then(Outcome::fence_miss_cp_revived, Check::owner_not_live);
    }

    TEST_CASE("a draining owner is live") {
        Scenario s = given(as("cp-a", ControlPlaneHeartbeat{}), as("cp-a", ControlPlaneDrain{}),
                           adopted(State::hot));
        s.when(as("cp-j", RetireOrphan{s.observe(), "orphaned"}));
        s.then(Outcome::fence_miss_cp_revived, Check::owner_not_live);
    }

    TEST_CASE("only idle variants are retired as such") {
        for (const State idle : {State::idle, State::hot_idle}) {
            Scenario s = given(adopted(idle));
            s.when(as("cp-j", RetireIdleVariant{s.observe(), "idle_timeout"}));
            s.then(Outcome::transitioned).moved(idle, State::retired);
        }
        Scenario s = given(adopted(State::hot));
        s.when(as("cp-j", RetireIdleVariant{s.observe(), "idle_timeout"}));
        s.then(Outcome::fence_miss_state, Check::legal_state);
    }
}

}  // namespace fenceline::testing
