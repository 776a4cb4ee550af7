// Lease and epoch operations: what they change beyond the state, and how they miss.

#include "tests/support/scenario.hpp"

namespace fenceline::testing {
namespace {

const Command spawned = as("cp-a", Spawn{.image = "i"});

Command adopted(State state, WorkerView row = {}) {
    row.image = "i";
    if (row.owner.empty()) row.owner = "cp-a";
    if (!row.epoch.given()) row.epoch = Epoch{5};
    return as("cp-z", worker_in(state, row));
}

}  // namespace

TEST_SUITE("statemachine/leases") {
    TEST_CASE("a worker goes from its spawn to its retirement") {
        Scenario s = given(spawned);
        const auto first = lease(1, "cp-a", 0);
        s.when(as("cp-a", PublishIdle{first})).then(Outcome::transitioned);
        s.when(as("cp-a", ClaimIdle{.org = "acme"})).then(Outcome::transitioned);
        const auto held = lease(1, "cp-a", 1);
        s.when(as("cp-a", BeginActivation{held})).moved(State::reserved, State::activating);
        s.when(as("cp-a", CompleteActivation{held})).moved(State::activating, State::hot);
        s.when(as("cp-a", Park{held})).moved(State::hot, State::hot_idle);
        s.when(as("cp-a", Unpark{held})).moved(State::hot_idle, State::hot);
        s.when(as("cp-a", Drain{held})).moved(State::hot, State::draining);
        s.when(as("cp-a", RetireDrained{held, "normal"})).moved(State::draining, State::retired);
        CHECK(s.text(s.worker().retire_reason) == "normal");
        CHECK(s.worker().version == Position{9});
    }

    TEST_CASE("an event shows the record as it was found") {
        Scenario s = given(adopted(State::hot, {.org = "acme"}));
        s.when({{.caller = "cp-b", .origin = Origin::worker_drain, .request_id = "r1"},
                Drain{lease(1, "cp-a", 4)}});
        s.then(Outcome::fence_miss_epoch, Check::epoch);
        const Event& event = s.event();
        CHECK(event.at == noon);
        CHECK(event.operation == Operation::drain);
        CHECK(event.origin == Origin::worker_drain);
        CHECK(s.text(event.caller) == "cp-b");
        CHECK(event.worker == WorkerId{1});
        CHECK(s.text(event.image) == "i");
        CHECK(s.text(event.owner) == "cp-a");
        CHECK(s.text(event.org) == "acme");
        CHECK(event.epoch == Epoch{5});
        CHECK(event.version == Position{1});
        CHECK(event.from == State::hot);
        CHECK(event.to == State::hot);
        CHECK(event.request_id == "r1");
        CHECK(s.detail<LeaseExercised>().lease.epoch == Epoch{4});
        CHECK(s.text(s.detail<LeaseExercised>().lease.owner) == "cp-a");
    }

    TEST_CASE("a miss changes nothing but the position") {
        Scenario s = given(adopted(State::hot));
        const Worker before = s.worker();
        s.later(seconds(1)).when(as("cp-b", Drain{lease(1, "cp-b", 5)}));
        s.then(Outcome::fence_miss_owner, Check::owner);
        CHECK(s.worker() == before);
        CHECK(s.world().position == Position{2});
        CHECK(s.world().at == s.now());
    }

    TEST_CASE("every lease operation refuses another owner and another epoch") {
        const auto refused = [](State state, const auto& make) {
            Scenario s = given(adopted(state));
            s.when(as("cp-b", make(lease(1, "cp-b", 5))));
            s.then(Outcome::fence_miss_owner, Check::owner);
            s.when(as("cp-a", make(lease(1, "cp-a", 4))));
            s.then(Outcome::fence_miss_epoch, Check::epoch);
            CHECK(s.worker().state == state);
        };
        refused(State::spawning, [](auto l) { return PublishIdle{l}; });
        refused(State::spawning, [](auto l) { return PublishReserved{l}; });
        refused(State::reserved, [](auto l) { return BeginActivation{l}; });
        refused(State::activating, [](auto l) { return CompleteActivation{l}; });
        refused(State::hot, [](auto l) { return Park{l}; });
        refused(State::hot_idle, [](auto l) { return Unpark{l}; });
        refused(State::draining, [](auto l) { return Heartbeat{l}; });
        refused(State::hot, [](auto l) { return RefreshLease{l}; });
        refused(State::hot, [](auto l) { return RefreshCredentials{l, Time{9}}; });
        refused(State::hot, [](auto l) { return Drain{l}; });
        refused(State::draining, [](auto l) { return RetireDrained{l, "normal"}; });
        refused(State::hot, [](auto l) { return MarkLost{l, "crash"}; });
        refused(State::hot, [](auto l) { return RetireLocal{l, "crash"}; });
    }

    TEST_CASE("an unknown worker is missing and its lease still gives the image") {
        Scenario s;
        s.when(as("cp-a", Heartbeat{lease(9, "cp-a", 0, "img")}));
        s.then(Outcome::row_missing, Check::exists);
        CHECK(s.event().worker == WorkerId{9});
        CHECK(s.text(s.event().image) == "img");
        CHECK(s.event().version == Position{});
    }

    TEST_CASE("a worker without an image keeps none whatever its lease names") {
        Scenario s = given(as("cp-a", Spawn{}));
        s.when(as("cp-a", Heartbeat{lease(1, "cp-a", 0, "img")}));
        CHECK_FALSE(s.event().image.given());
        CHECK_FALSE(s.worker().image.given());
    }

    TEST_CASE("a neutral worker is published idle and an org's worker is not") {
        Scenario s = given(spawned, as("cp-a", Spawn{.org = "acme"}));
        s.when(as("cp-a", PublishIdle{lease(1, "cp-a", 0)})).then(Outcome::transitioned);
        s.when(as("cp-a", PublishIdle{lease(2, "cp-a", 0)}));
        s.then(Outcome::fence_miss_state, Check::neutral);
        s.when(as("cp-a", PublishReserved{lease(2, "cp-a", 0)})).then(Outcome::transitioned);
        CHECK(s.worker(2).reserved_at == noon);
    }

    TEST_CASE("an activation is measured from the reservation") {
        Scenario s = given(spawned, as("cp-a", PublishIdle{lease(1, "cp-a", 0)}));
        s.later(seconds(1)).given(as("cp-a", ClaimIdle{.org = "acme"}));
        const Time reserved_at = s.now();
        const auto held = lease(1, "cp-a", 1);
        s.later(seconds(1)).given(as("cp-a", BeginActivation{held}));
        CHECK(s.worker().activation_started_at == s.now());
        s.later(seconds(3)).when(as("cp-a", CompleteActivation{held}));
        CHECK(s.detail<ActivationCompleted>().reserved_at == reserved_at);
    }

    TEST_CASE("a heartbeat says only that the worker was heard of") {
        Scenario s = given(adopted(State::hot));
        s.later(seconds(5)).when(as("cp-a", Heartbeat{lease(1, "cp-a", 5)}));
        s.then(Outcome::transitioned).moved(State::hot, State::hot);
        CHECK(s.worker().last_heartbeat_at == s.now());
        CHECK(s.worker().version == Position{2});
    }

    TEST_CASE("a refresh raises the epoch and the older lease is fenced I4") {
        Scenario s = given(adopted(State::hot));
        s.when(as("cp-a", RefreshLease{lease(1, "cp-a", 5)})).then(Outcome::transitioned);
        CHECK(s.detail<LeaseRefreshed>().new_epoch == Epoch{6});
        CHECK(s.worker().epoch == Epoch{6});
        s.when(as("cp-a", Drain{lease(1, "cp-a", 5)}));
        s.then(Outcome::fence_miss_epoch, Check::epoch);
        s.when(as("cp-a", RefreshLease{lease(1, "cp-a", 5)}));
        CHECK(s.detail<LeaseRefreshed>().new_epoch == Epoch{});
        s.when(as("cp-a", Drain{lease(1, "cp-a", 6)})).then(Outcome::transitioned);
    }

    TEST_CASE("refreshed credentials expire when given") {
        const Time expiry = noon + seconds(3600);
        Scenario s = given(adopted(State::hot));
        s.when(as("cp-a", RefreshCredentials{lease(1, "cp-a", 5), expiry}));
        s.then(Outcome::transitioned);
        CHECK(s.worker().credentials_expire_at == expiry);
        CHECK(s.detail<CredentialsRefreshed>().expires_at == expiry);
    }

    TEST_CASE("a drain remembers when it began") {
        Scenario s = given(adopted(State::hot));
        s.later(seconds(2)).when(as("cp-a", Drain{lease(1, "cp-a", 5)}));
        CHECK(s.worker().drain_started_at == s.now());
    }

    TEST_CASE("a caller ahead of the record retires its own worker but does nothing else") {
        Scenario s = given(adopted(State::hot));
        s.when(as("cp-a", Drain{lease(1, "cp-a", 6)}));
        s.then(Outcome::fence_miss_epoch, Check::epoch);
        s.when(as("cp-a", RetireLocal{lease(1, "cp-a", 4), "normal"}));
        s.then(Outcome::fence_miss_epoch, Check::epoch);
        s.when(as("cp-a", RetireLocal{lease(1, "cp-a", 6), "crash"}));
        s.then(Outcome::transitioned).moved(State::hot, State::retired);
        CHECK(s.worker().epoch == Epoch{5});
        CHECK(s.text(s.worker().retire_reason) == "crash");
    }

    TEST_CASE("a worker that is lost says why") {
        Scenario s = given(adopted(State::activating));
        s.when(as("cp-a", MarkLost{lease(1, "cp-a", 5), "crash"})).then(Outcome::transitioned);
        CHECK(s.worker().state == State::lost);
        CHECK(s.text(s.worker().retire_reason) == "crash");
        CHECK(s.text(s.detail<WorkerEnded>().reason) == "crash");
    }

    TEST_CASE("a take-over needs the epoch that was seen and nothing of the owner") {
        Scenario s = given(adopted(State::hot, {.org = "acme"}));
        s.when(as("cp-b", TakeOver{WorkerId{1}, Epoch{4}, "acme"}));
        s.then(Outcome::fence_miss_epoch, Check::epoch);
        CHECK(s.detail<WorkerTakenOver>().new_epoch == Epoch{});
        s.later(seconds(1)).when(as("cp-b", TakeOver{WorkerId{1}, Epoch{5}, "umbrella"}));
        s.then(Outcome::transitioned).moved(State::hot, State::reserved);
        CHECK(s.detail<WorkerTakenOver>().new_epoch == Epoch{6});
        CHECK(s.text(s.event().owner) == "cp-a");
        CHECK(s.text(s.worker().owner) == "cp-b");
        CHECK(s.text(s.worker().org) == "umbrella");
        CHECK(s.worker().epoch == Epoch{6});
        CHECK(s.worker().reserved_at == s.now());
        s.when(as("cp-a", Heartbeat{lease(1, "cp-a", 5)}));
        s.then(Outcome::fence_miss_owner, Check::owner);
    }

    TEST_CASE("a take-over starts the way to hot again") {
        Scenario s =
            given(adopted(State::hot, {.org = "acme", .activation_started_at = noon - seconds(9)}));
        s.given(as("cp-b", TakeOver{WorkerId{1}, Epoch{5}, "acme"}));
        CHECK_FALSE(s.worker().activation_started_at.given());
    }

    TEST_CASE("updates of one record rise even when the clock stands still") {
        Scenario s = given(adopted(State::hot));
        CHECK(s.worker().updated_at == noon);
        s.given(as("cp-a", Heartbeat{lease(1, "cp-a", 5)}));
        CHECK(s.worker().updated_at == noon + Duration{1});
        s.later(seconds(1)).given(as("cp-a", Heartbeat{lease(1, "cp-a", 5)}));
        CHECK(s.worker().updated_at == s.now());
    }
}

}  // namespace fenceline::testing
