// Claims and spawns: which worker is chosen, and which cap turns the caller away.

#include "events/limits.hpp"
#include "tests/support/scenario.hpp"

namespace fenceline::testing {
namespace {

Command worker(std::int64_t id, State state, std::string image = "i", std::string org = {}) {
    return as("cp-z", worker_in(state, {.worker = WorkerId{id},
                                        .image = std::move(image),
                                        .org = std::move(org),
                                        .owner = "cp-a",
                                        .epoch = Epoch{3}}));
}

Command claim(std::string image = {}, Caps caps = {}) {
    return as("cp-b", ClaimIdle{"acme", std::move(image), caps});
}

Command claim_parked(std::string image = {}, Caps caps = {}) {
    return as("cp-b", ClaimHotIdle{"acme", std::move(image), caps});
}

}  // namespace

TEST_SUITE("statemachine/claims") {
    TEST_CASE("the idle worker with the lowest id is claimed") {
        Scenario s = given(worker(9, State::idle), worker(4, State::idle), worker(7, State::idle));
        s.later(seconds(1)).when(claim()).then(Outcome::transitioned);
        s.moved(State::idle, State::reserved);
        CHECK(s.event().worker == WorkerId{4});
        CHECK(s.text(s.event().owner) == "cp-a");
        CHECK(s.detail<WorkerClaimed>().new_epoch == Epoch{4});
        const Worker& claimed = s.worker(4);
        CHECK(s.text(claimed.owner) == "cp-b");
        CHECK(s.text(claimed.org) == "acme");
        CHECK(claimed.epoch == Epoch{4});
        CHECK(claimed.reserved_at == s.now());
        s.when(claim());
        CHECK(s.event().worker == WorkerId{7});
        s.when(claim());
        CHECK(s.event().worker == WorkerId{9});
        s.when(claim()).then(Outcome::no_idle, Check::match);
    }

    TEST_CASE("an image that is asked for must match") {
        Scenario s = given(worker(1, State::idle, "old"), worker(2, State::idle, "new"),
                           worker(3, State::idle, ""));
        s.when(claim("new"));
        CHECK(s.event().worker == WorkerId{2});
        s.when(claim("new")).then(Outcome::no_idle, Check::match);
        CHECK(s.event().worker == WorkerId{});
        CHECK(s.event().from == State::none);
        CHECK(s.event().to == State::none);
        CHECK(s.text(s.event().image) == "new");
        CHECK(s.detail<WorkerClaimed>().new_epoch == Epoch{});
        s.when(claim());
        CHECK(s.event().worker == WorkerId{1});
        CHECK(s.text(s.event().image) == "old");
    }

    TEST_CASE("an idle worker of an org is claimable by nobody") {
        Scenario s = given(worker(1, State::idle, "i", "acme"));
        s.when(claim()).then(Outcome::no_idle, Check::match);
        s.when(claim_parked()).then(Outcome::no_idle, Check::match);
    }

    TEST_CASE("an org at its cap claims nothing and the worker stays untouched") {
        Scenario s = given(worker(1, State::hot, "i", "acme"), worker(2, State::idle));
        const Worker before = s.worker(2);
        s.when(claim("", {.max_org_workers = 1})).then(Outcome::org_cap, Check::org_cap);
        CHECK(s.event().worker == WorkerId{});
        CHECK(s.worker(2) == before);
        s.when(claim("", {.max_org_workers = 2})).then(Outcome::transitioned);
    }

    TEST_CASE("the org cap answers before the missing match and the full pool") {
        Scenario s = given(worker(1, State::hot, "i", "acme"));
        s.when(claim("", {.max_org_workers = 1, .max_global_workers = 1}));
        s.then(Outcome::org_cap, Check::org_cap);
    }

    TEST_CASE("an idle match is claimable in a full pool") {
        Scenario s = given(worker(1, State::idle));
        s.when(claim("", {.max_global_workers = 1})).then(Outcome::transitioned);
        s.when(claim("", {.max_global_workers = 1})).then(Outcome::global_cap, Check::global_cap);
        s.when(claim("", {.max_global_workers = 2})).then(Outcome::no_idle, Check::match);
    }

    TEST_CASE("draining workers fill a cap and ended ones do not") {
        Scenario s =
            given(worker(1, State::draining, "i", "acme"), worker(2, State::retired, "i", "acme"),
                  worker(3, State::lost, "i", "acme"), worker(4, State::idle));
        s.when(claim("", {.max_org_workers = 1})).then(Outcome::org_cap, Check::org_cap);
        s.when(claim("", {.max_org_workers = 2})).then(Outcome::transitioned);
    }

    TEST_CASE("a parked worker goes back to its own org alone") {
        Scenario s =
            given(worker(1, State::hot_idle, "i", "umbrella"),
                  worker(2, State::hot_idle, "j", "acme"), worker(3, State::hot_idle, "i", "acme"));
        s.when(claim_parked("i")).moved(State::hot_idle, State::reserved);
        CHECK(s.event().worker == WorkerId{3});
        CHECK(s.worker(3).epoch == Epoch{4});
        s.when(claim_parked());
        CHECK(s.event().worker == WorkerId{2});
        s.when(claim_parked()).then(Outcome::no_idle, Check::match);
        s.when(claim()).then(Outcome::no_idle, Check::match);
    }

    TEST_CASE("parked workers do not count against the org that wants one back") {
        Scenario s =
            given(worker(1, State::hot_idle, "i", "acme"), worker(2, State::hot_idle, "i", "acme"));
        s.when(claim_parked("", {.max_org_workers = 1})).then(Outcome::transitioned);
        s.when(claim_parked("", {.max_org_workers = 1})).then(Outcome::org_cap, Check::org_cap);
        s.when(claim("", {.max_org_workers = 2})).then(Outcome::org_cap, Check::org_cap);
    }

    TEST_CASE("a full pool does not turn a claim of a parked worker away") {
        Scenario s = given(worker(1, State::hot_idle, "i", "acme"));
        s.when(claim_parked("", {.max_global_workers = 1})).then(Outcome::transitioned);
        s.when(claim_parked("", {.max_global_workers = 1})).then(Outcome::no_idle, Check::match);
    }

    TEST_CASE("a claim forgets when an earlier activation began") {
        Scenario s = given(
            as("cp-z", worker_in(State::hot_idle, {.org = "acme", .activation_started_at = noon})));
        s.given(claim_parked());
        CHECK_FALSE(s.worker().activation_started_at.given());
    }

    TEST_CASE("a draining control plane takes no new workers") {
        Scenario s = given(as("cp-b", ControlPlaneHeartbeat{}), as("cp-b", ControlPlaneDrain{}),
                           worker(1, State::idle), worker(2, State::hot_idle, "i", "acme"));
        s.when(claim("", {.max_org_workers = 1})).then(Outcome::shutting_down, Check::caller_stays);
        s.when(claim_parked()).then(Outcome::shutting_down, Check::caller_stays);
        s.when(as("cp-b", Spawn{})).then(Outcome::shutting_down, Check::caller_stays);
        s.when(as("cp-a", Spawn{})).then(Outcome::transitioned);
    }

    TEST_CASE("an expired control plane that was draining may claim again") {
        Scenario s = given(as("cp-b", ControlPlaneHeartbeat{}), as("cp-b", ControlPlaneDrain{}),
                           as("cp-j", ExpireDrainingControlPlanes{noon}), worker(1, State::idle));
        s.when(claim()).then(Outcome::transitioned);
    }
}

TEST_SUITE("statemachine/spawns") {
    TEST_CASE("a spawned worker takes the next number and the caller owns it") {
        Scenario s = given(worker(41, State::retired));
        s.when(as("cp-a", Spawn{.prefix = "w", .image = "i", .org = "acme", .epoch = Epoch{2}}));
        s.then(Outcome::transitioned).moved(State::none, State::spawning);
        CHECK(s.event().worker == WorkerId{42});
        const Worker& spawned = s.worker(42);
        CHECK(spawned.pod.numbered);
        CHECK(s.text(spawned.pod.text) == "w");
        CHECK(s.text(spawned.image) == "i");
        CHECK(s.text(spawned.org) == "acme");
        CHECK(s.text(spawned.owner) == "cp-a");
        CHECK(spawned.epoch == Epoch{2});
        CHECK(spawned.created_at == noon);
        CHECK(spawned.updated_at == noon);
        CHECK(spawned.last_heartbeat_at == noon);
        CHECK_FALSE(spawned.reserved_at.given());
        CHECK(spawned.version == Position{2});
        CHECK(s.detail<WorkerSpawned>().asked_worker == WorkerId{});
    }

    TEST_CASE("a number that is asked for is taken and a taken one refused") {
        Scenario s;
        s.when(as("cp-a", Spawn{.worker = WorkerId{61}, .image = "i"}));
        s.then(Outcome::transitioned);
        CHECK(s.detail<WorkerSpawned>().asked_worker == WorkerId{61});
        s.when(as("cp-b", Spawn{.worker = WorkerId{61}, .image = "j"}));
        s.then(Outcome::fence_miss_state, Check::legal_state);
        CHECK(s.event().worker == WorkerId{61});
        CHECK(s.event().from == State::spawning);
        CHECK(s.event().version == Position{1});
        CHECK(s.text(s.worker(61).image) == "i");
        s.when(as("cp-a", Spawn{}));
        CHECK(s.event().worker == WorkerId{62});
    }

    TEST_CASE("an org at its cap and then a full pool refuse a spawn") {
        Scenario s = given(worker(1, State::hot_idle, "i", "acme"));
        const Caps both{.max_org_workers = 1, .max_global_workers = 1};
        s.when(as("cp-a", Spawn{.org = "acme", .caps = both}));
        s.then(Outcome::org_cap, Check::org_cap);
        CHECK(s.event().worker == WorkerId{});
        s.when(as("cp-a", Spawn{.org = "umbrella", .caps = both}));
        s.then(Outcome::global_cap, Check::global_cap);
        s.when(as("cp-a", Spawn{.caps = both})).then(Outcome::global_cap, Check::global_cap);
        s.when(as("cp-a", Spawn{.caps = {.max_org_workers = 1}})).then(Outcome::transitioned);
    }

    TEST_CASE("a warm target is met by neutral spawning and idle workers of the image") {
        Scenario s = given(worker(1, State::idle, "i"), worker(2, State::spawning, "j"),
                           worker(3, State::idle, "i", "acme"), worker(4, State::hot, "i"));
        const auto spawn = [](std::string image, std::int64_t target, std::string org = {}) {
            return as(
                "cp-a",
                Spawn{.image = std::move(image), .org = std::move(org), .warm_target = target});
        };
        s.when(spawn("i", 1)).then(Outcome::warm_target_met, Check::warm_target);
        s.when(spawn("", 2)).then(Outcome::warm_target_met, Check::warm_target);
        s.when(spawn("i", 1, "acme")).then(Outcome::transitioned);
        s.when(spawn("i", 2)).then(Outcome::transitioned);
        s.when(spawn("i", 2)).then(Outcome::warm_target_met, Check::warm_target);
        s.when(spawn("", 4)).then(Outcome::transitioned);
        s.when(spawn("i", 0)).then(Outcome::transitioned);
    }

    TEST_CASE("when the last number is taken a spawn has to name one") {
        Scenario s = given(worker(limits::worker_id_max, State::hot));
        s.when(as("cp-a", Spawn{})).then(Outcome::store_error, Check::request);
        CHECK(s.world().size() == 1);
        s.when(as("cp-a", Spawn{.worker = WorkerId{5}})).then(Outcome::transitioned);
    }
}

TEST_SUITE("statemachine/adoptions") {
    TEST_CASE("a worker comes into the journal with every field as given") {
        const WorkerView row{.worker = WorkerId{61},
                             .pod = "duckling-61",
                             .image = "i",
                             .org = "acme",
                             .owner = "cp-old",
                             .retire_reason = "normal",
                             .state = State::hot,
                             .epoch = Epoch{5},
                             .created_at = Time{1},
                             .updated_at = Time{2},
                             .last_heartbeat_at = Time{3},
                             .reserved_at = Time{4},
                             .activation_started_at = Time{5},
                             .credentials_expire_at = Time{6}};
        Scenario s;
        s.when(as("cp-a", Adopt{row})).then(Outcome::transitioned).moved(State::none, State::hot);
        const Worker& adopted = s.worker(61);
        CHECK(s.text(adopted.pod.text) == "duckling");
        CHECK(adopted.pod.numbered);
        CHECK(s.text(adopted.image) == "i");
        CHECK(s.text(adopted.org) == "acme");
        CHECK(s.text(adopted.owner) == "cp-old");
        CHECK(s.text(adopted.retire_reason) == "normal");
        CHECK(adopted.epoch == Epoch{5});
        CHECK(adopted.created_at == Time{1});
        CHECK(adopted.updated_at == Time{2});
        CHECK(adopted.last_heartbeat_at == Time{3});
        CHECK(adopted.reserved_at == Time{4});
        CHECK(adopted.activation_started_at == Time{5});
        CHECK(adopted.credentials_expire_at == Time{6});
        CHECK_FALSE(adopted.drain_started_at.given());
        CHECK(adopted.version == Position{1});
        CHECK(s.text(s.event().caller) == "cp-a");
    }

    TEST_CASE("a pod with a name of its own keeps it") {
        for (const std::string pod : {"duckling-7", "61", "", "duckling-061"}) {
            Scenario s =
                given(as("cp-a", worker_in(State::hot, {.worker = WorkerId{61}, .pod = pod})));
            CHECK_FALSE(s.worker(61).pod.numbered);
            CHECK(s.text(s.worker(61).pod.text) == pod);
        }
    }

    TEST_CASE("times that were not given begin with the adoption") {
        Scenario s = given(as("cp-a", worker_in(State::hot_idle)));
        CHECK(s.worker().created_at == noon);
        CHECK(s.worker().updated_at == noon);
        CHECK(s.worker().last_heartbeat_at == noon);
        CHECK_FALSE(s.worker().reserved_at.given());
    }

    TEST_CASE("a worker that is there already is not adopted") {
        Scenario s = given(as("cp-a", worker_in(State::retired)));
        const Worker before = s.worker();
        s.when(as("cp-a", worker_in(State::hot)));
        s.then(Outcome::fence_miss_state, Check::legal_state);
        CHECK(s.event().from == State::retired);
        CHECK(s.worker() == before);
    }
}

}  // namespace fenceline::testing
