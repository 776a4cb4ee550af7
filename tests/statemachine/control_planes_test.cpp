#include "tests/support/scenario.hpp"

namespace fenceline::testing {
namespace {

Command heartbeat(std::string caller) {
    return as(std::move(caller), ControlPlaneHeartbeat{});
}
Command drain(std::string caller) {
    return as(std::move(caller), ControlPlaneDrain{});
}
Command expire_stale(Time before) {
    return as("cp-j", ExpireStaleControlPlanes{before});
}
Command expire_draining(Time before) {
    return as("cp-j", ExpireDrainingControlPlanes{before});
}

std::vector<std::string> marked(const Scenario& s) {
    std::vector<std::string> names;
    for (const Event& event : s.events())
        names.emplace_back(s.text(std::get<ControlPlaneMarked>(event.payload).instance));
    return names;
}

}  // namespace

TEST_SUITE("statemachine/control_planes") {
    TEST_CASE("a heartbeat registers an instance and another keeps it live") {
        Scenario s;
        s.when(heartbeat("cp-a")).then(Outcome::transitioned);
        CHECK(s.plane("cp-a").state == ControlPlaneState::active);
        CHECK(s.plane("cp-a").started_at == noon);
        s.later(seconds(5)).when(heartbeat("cp-a")).then(Outcome::transitioned);
        CHECK(s.plane("cp-a").started_at == noon);
        CHECK(s.plane("cp-a").last_heartbeat_at == s.now());
        CHECK(s.event().worker == WorkerId{});
    }

    TEST_CASE("a draining instance stays draining while it is heard of") {
        Scenario s = given(heartbeat("cp-a"));
        s.later(seconds(1)).when(drain("cp-a")).then(Outcome::transitioned);
        const Time since = s.now();
        s.later(seconds(1)).given(heartbeat("cp-a")).given(drain("cp-a"));
        CHECK(s.plane("cp-a").state == ControlPlaneState::draining);
        CHECK(s.plane("cp-a").draining_at == since);
        CHECK(s.plane("cp-a").live());
    }

    TEST_CASE("an unknown instance cannot drain") {
        Scenario s;
        s.when(drain("cp-a")).then(Outcome::row_missing, Check::exists);
        CHECK(s.world().control_planes().empty());
    }

    TEST_CASE("instances not heard of since the cutoff expire in the order of their names") {
        Scenario s = given(heartbeat("cp-z"), heartbeat("cp-b"), heartbeat("cp-a"));
        s.later(seconds(10)).given(heartbeat("cp-b")).given(drain("cp-a"));
        s.later(seconds(10)).when(expire_stale(noon + Duration{1}));
        CHECK(marked(s) == std::vector<std::string>{"cp-a", "cp-z"});
        for (const Event& event : s.events()) {
            CHECK(transitioned(event));
            CHECK(s.text(event.caller) == "cp-j");
            CHECK(std::get<ControlPlaneMarked>(event.payload).cutoff == noon + Duration{1});
        }
        CHECK(s.plane("cp-z").state == ControlPlaneState::expired);
        CHECK(s.plane("cp-z").expired_at == s.now());
        CHECK(s.plane("cp-b").state == ControlPlaneState::active);
    }

    TEST_CASE("a heartbeat at the cutoff is recent enough and nobody expires twice") {
        Scenario s = given(heartbeat("cp-a"));
        s.when(expire_stale(noon));
        CHECK(s.events().empty());
        s.given(expire_stale(noon + Duration{1})).when(expire_stale(noon + Duration{1}));
        CHECK(s.events().empty());
    }

    TEST_CASE("an instance that drains since the cutoff or longer expires") {
        Scenario s = given(heartbeat("cp-a"), heartbeat("cp-b"), drain("cp-a"));
        s.when(expire_draining(noon - Duration{1}));
        CHECK(s.events().empty());
        s.when(expire_draining(noon)).then(Outcome::transitioned);
        CHECK(marked(s) == std::vector<std::string>{"cp-a"});
        CHECK(s.plane("cp-a").state == ControlPlaneState::expired);
        CHECK(s.plane("cp-b").state == ControlPlaneState::active);
    }

    TEST_CASE("an expired instance that is heard of again is active") {
        Scenario s = given(heartbeat("cp-a"), drain("cp-a"), expire_draining(noon));
        s.later(seconds(1)).when(heartbeat("cp-a")).then(Outcome::transitioned);
        CHECK(s.plane("cp-a").state == ControlPlaneState::active);
        CHECK_FALSE(s.plane("cp-a").expired_at.given());
        CHECK_FALSE(s.plane("cp-a").draining_at.given());
        CHECK(s.plane("cp-a").started_at == noon);
    }

    TEST_CASE("an expired instance that drains is draining from now on") {
        Scenario s = given(heartbeat("cp-a"), expire_stale(noon + Duration{1}));
        s.later(seconds(1)).given(drain("cp-a"));
        CHECK(s.plane("cp-a").state == ControlPlaneState::draining);
        CHECK(s.plane("cp-a").draining_at == s.now());
        CHECK_FALSE(s.plane("cp-a").expired_at.given());
    }
}

}  // namespace fenceline::testing
