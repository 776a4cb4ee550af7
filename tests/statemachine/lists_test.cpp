#include "statemachine/lists.hpp"

#include <array>

#include "tests/support/scenario.hpp"

namespace fenceline::testing {
namespace {

constexpr Time old = noon - seconds(600);
constexpr Time cutoff = noon - seconds(300);
constexpr Time recent = noon - seconds(100);

Command worker(std::int64_t id, State state, WorkerView row) {
    row.worker = WorkerId{id};
    return as("cp-z", worker_in(state, std::move(row)));
}

const World& listed(Scenario& s) {
    s.world().index_lists();
    return s.world();
}

std::vector<std::int64_t> ids(const lists::Selected& rows) {
    std::vector<std::int64_t> numbers;
    for (const Worker* row : rows) numbers.push_back(row->id.value);
    return numbers;
}

using Ids = std::vector<std::int64_t>;

}  // namespace

TEST_SUITE("statemachine/lists") {
    TEST_CASE("orphans have no owner that answers") {
        Scenario s = given(as("cp-gone", ControlPlaneHeartbeat{}),
                           as("cp-j", ExpireStaleControlPlanes{noon + Duration{1}}),
                           as("cp-live", ControlPlaneHeartbeat{}));
        s.given(worker(9, State::hot, {.owner = "cp-gone", .last_heartbeat_at = noon}))
            .given(worker(8, State::hot, {.owner = "cp-live", .last_heartbeat_at = old}))
            .given(worker(7, State::idle, {.owner = "", .last_heartbeat_at = cutoff}))
            .given(worker(6, State::idle, {.owner = "", .last_heartbeat_at = recent}))
            .given(worker(5, State::draining, {.owner = "cp-new", .last_heartbeat_at = old}))
            .given(worker(4, State::draining, {.owner = "cp-new", .last_heartbeat_at = recent}))
            .given(worker(3, State::retired, {.owner = "", .last_heartbeat_at = old}));
        CHECK(ids(lists::orphaned(listed(s), cutoff)) == Ids{5, 7});
        CHECK(ids(lists::orphaned(listed(s), noon)) == Ids{4, 5, 6, 7, 9});
        CHECK(ids(lists::orphaned(listed(s), noon - Duration{1})) == Ids{4, 5, 6, 7});
    }

    TEST_CASE("a draining owner still answers") {
        Scenario s = given(as("cp-a", ControlPlaneHeartbeat{}), as("cp-a", ControlPlaneDrain{}));
        s.given(worker(1, State::hot, {.owner = "cp-a", .last_heartbeat_at = old}));
        CHECK(lists::orphaned(listed(s), noon).empty());
    }

    TEST_CASE("stuck workers are late and their owner is not expired") {
        Scenario s = given(as("cp-gone", ControlPlaneHeartbeat{}),
                           as("cp-j", ExpireStaleControlPlanes{noon + Duration{1}}));
        s.given(worker(1, State::spawning, {.owner = "cp-new", .updated_at = cutoff}))
            .given(worker(2, State::spawning, {.owner = "cp-new", .updated_at = recent}))
            .given(worker(3, State::reserved, {.owner = "", .updated_at = recent}))
            .given(worker(4, State::activating, {.owner = "cp-new", .updated_at = recent}))
            .given(worker(5, State::activating, {.owner = "cp-gone", .updated_at = old}))
            .given(worker(6, State::hot, {.owner = "cp-new", .updated_at = old}))
            .given(worker(7, State::activating, {.owner = "cp-new", .updated_at = noon}));
        CHECK(ids(lists::stuck(listed(s), cutoff, recent)) == Ids{1, 3, 4});
        CHECK(ids(lists::stuck(listed(s), recent, cutoff)) == Ids{1, 2});
        CHECK(ids(lists::stuck(listed(s), noon, noon)) == Ids{1, 2, 3, 4, 7});
    }

    TEST_CASE("parked workers expire by their last update") {
        Scenario s;
        s.given(worker(2, State::hot_idle, {.updated_at = cutoff}))
            .given(worker(1, State::hot_idle, {.updated_at = old}))
            .given(worker(3, State::hot_idle, {.updated_at = recent}))
            .given(worker(4, State::idle, {.updated_at = old}));
        CHECK(ids(lists::expired_hot_idle(listed(s), cutoff)) == Ids{1, 2});
    }

    TEST_CASE("states and a time select anything") {
        Scenario s;
        s.given(worker(2, State::retired, {.updated_at = old}))
            .given(worker(1, State::lost, {.updated_at = cutoff}))
            .given(worker(3, State::lost, {.updated_at = recent}))
            .given(worker(4, State::hot, {.updated_at = old}));
        const std::array ended{State::retired, State::lost};
        CHECK(ids(lists::by_states_before(listed(s), ended, cutoff)) == Ids{1, 2});
        CHECK(lists::by_states_before(listed(s), {}, noon).empty());
    }

    TEST_CASE("credentials fall due unset first and then the soonest") {
        Scenario s;
        const auto row = [](Time expiry) {
            return WorkerView{.org = "acme", .owner = "cp-a", .credentials_expire_at = expiry};
        };
        s.given(worker(1, State::hot, row(cutoff)))
            .given(worker(2, State::hot_idle, row(old)))
            .given(worker(4, State::idle, row({})))
            .given(worker(3, State::hot, row({})))
            .given(worker(5, State::hot, row(old)))
            .given(worker(6, State::hot, row(recent)))
            .given(worker(7, State::reserved, row(old)))
            .given(worker(8, State::hot, {.org = "acme", .owner = "cp-b"}))
            .given(worker(9, State::idle, {.owner = "cp-a"}));
        CHECK(ids(lists::due_for_credential_refresh(listed(s), "cp-a", cutoff)) ==
              Ids{3, 4, 2, 5, 1});
        CHECK(ids(lists::due_for_credential_refresh(listed(s), "cp-b", cutoff)) == Ids{8});
        CHECK(lists::due_for_credential_refresh(listed(s), "cp-never", cutoff).empty());
    }
}

}  // namespace fenceline::testing
