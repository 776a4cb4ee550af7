// What makes no sense is refused before any decision, and counted.

#include <concepts>

#include "events/limits.hpp"
#include "tests/support/scenario.hpp"

namespace fenceline::testing {
namespace {

void refused(const Command& command, std::string_view part_of_text) {
    const auto result = validate(command);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == ErrorCode::invalid_request);
    CHECK(result.error().effect == Effect::not_applied);
    CAPTURE(result.error().text);
    CHECK(result.error().text.find(part_of_text) != std::string::npos);
}

void accepted(const Command& command) {
    const auto result = validate(command);
    if (!result) FAIL(result.error().text);
}

WorkerSnapshot seen(WorkerView row) {
    if (row.state == State::none) row.state = State::hot;
    return Minter::snapshot(std::move(row));
}

const std::string long_name(limits::name_bytes, 'x');
const std::string long_reason(limits::reason_bytes, 'x');

// A lease operation takes a lease and nothing that looks like one.
template <typename Operation, typename Proof>
concept taken_by = requires(Proof proof) {
    Operation{proof};
};

static_assert(taken_by<Drain, WorkerLease> && !taken_by<Drain, WorkerSnapshot>);
static_assert(!taken_by<PublishIdle, WorkerSnapshot> && !taken_by<Heartbeat, WorkerSnapshot>);
static_assert(!taken_by<RefreshLease, WorkerSnapshot> && !taken_by<MarkLost, WorkerSnapshot>);
static_assert(!taken_by<RetireLocal, WorkerSnapshot> && !taken_by<RetireDrained, WorkerSnapshot>);
static_assert(taken_by<RetireOrphan, WorkerSnapshot> && !taken_by<RetireOrphan, WorkerLease>);
static_assert(!taken_by<RetireFromSnapshot, WorkerLease>);
static_assert(!taken_by<RetireIdleVariant, WorkerLease>);
static_assert(!taken_by<Drain, WorkerView> && !taken_by<RetireOrphan, WorkerView>);
static_assert(!std::is_convertible_v<WorkerSnapshot, WorkerLease>);
static_assert(!std::is_convertible_v<WorkerLease, WorkerSnapshot>);
static_assert(!std::is_constructible_v<WorkerLease, WorkerSnapshot>);
static_assert(!std::is_constructible_v<WorkerSnapshot, WorkerLease>);
static_assert(!std::is_default_constructible_v<WorkerLease>);
static_assert(!std::is_default_constructible_v<WorkerSnapshot>);
static_assert(!std::is_constructible_v<WorkerSnapshot, WorkerView>);
static_assert(!std::is_constructible_v<WorkerLease, WorkerId, std::string, Epoch, std::string>);

}  // namespace

TEST_SUITE("statemachine/commands") {
    TEST_CASE("each request knows its operation") {
        CHECK(operation_of(Spawn{}) == Operation::spawn);
        CHECK(operation_of(RefreshCredentials{lease(1, "", 0), noon}) ==
              Operation::credentials_refreshed);
        CHECK(operation_of(MarkLost{lease(1, "", 0), ""}) == Operation::mark_lost_from_lease);
        CHECK(operation_of(TakeOver{}) == Operation::take_over);
        CHECK(operation_of(RetireOrphan{seen({}), ""}) == Operation::retire_orphan_from_snapshot);
        CHECK(operation_of(ControlPlaneHeartbeat{}) == Operation::cp_heartbeat);
        CHECK(operation_of(ExpireDrainingControlPlanes{}) == Operation::cp_expire_draining);
        CHECK(operation_of(ReportSpawnFailed{}) == Operation::spawn_failed);
        CHECK(operation_of(ReportLeadership{}) == Operation::leadership);
        // Every label but `none` can be asked for, and each once.
        CHECK(request_operations.size() + 1 == all_labels<Operation>().size());
        for (std::size_t i = 1; i < request_operations.size(); ++i)
            CHECK(request_operations[i - 1] < request_operations[i]);
    }

    TEST_CASE("worker ids have a range") {
        accepted(as("cp-a", Drain{lease(1, "cp-a", 0)}));
        accepted(as("cp-a", Drain{lease(limits::worker_id_max, "cp-a", 0)}));
        for (const std::int64_t id :
             {std::int64_t{0}, std::int64_t{-1}, limits::worker_id_max + 1}) {
            refused(as("cp-a", Drain{lease(id, "cp-a", 0)}), "out of range");
            refused(as("cp-a", Spawn{.worker = WorkerId{id}}), "out of range");
            refused(as("cp-a", TakeOver{WorkerId{id}, Epoch{}, "acme"}), "out of range");
            refused(as("cp-a", RetireOrphan{seen({.worker = WorkerId{id}}), ""}), "out of range");
            refused(as("cp-a", ReportPodDeleted{WorkerId{id}}), "out of range");
            refused(as("cp-a", ReportPodDeleteFailed{WorkerId{id}}), "out of range");
            refused(as("cp-a", ReportActivationFailed{WorkerId{id}, ""}), "out of range");
            refused(as("cp-a", ReportHealthChecked{.worker = WorkerId{id}}), "out of range");
            refused(as("cp-a", ReportSpawnFailed{.worker = WorkerId{id}}), "out of range");
            refused(as("cp-a", Adopt{{.worker = WorkerId{id}, .state = State::hot}}),
                    "out of range");
        }
    }

    TEST_CASE("epochs have a range") {
        accepted(as("cp-a", Heartbeat{lease(1, "cp-a", limits::epoch_max)}));
        for (const std::int64_t epoch : {std::int64_t{-1}, limits::epoch_max + 1}) {
            refused(as("cp-a", Heartbeat{lease(1, "cp-a", epoch)}), "epoch");
            refused(as("cp-a", TakeOver{WorkerId{1}, Epoch{epoch}, "acme"}), "epoch");
            refused(as("cp-a", Spawn{.epoch = Epoch{epoch}}), "epoch");
            refused(as("cp-a", worker_in(State::hot, {.epoch = Epoch{epoch}})), "epoch");
        }
    }

    TEST_CASE("an epoch that is given leaves room for every renewal") {
        const Epoch most{limits::epoch_max / 2};
        accepted(as("cp-a", Spawn{.epoch = most}));
        accepted(as("cp-a", worker_in(State::hot, {.epoch = most})));
        refused(as("cp-a", Spawn{.epoch = Epoch{most.value + 1}}), "epoch");
        refused(as("cp-a", worker_in(State::hot, {.epoch = Epoch{most.value + 1}})), "epoch");
    }

    TEST_CASE("texts have a length and are valid UTF-8") {
        accepted(as(long_name, Spawn{.prefix = long_name, .image = long_name, .org = long_name}));
        accepted(as("cp-a", RetireLocal{lease(1, long_name, 0, long_name), long_reason}));
        refused(as(long_name + "x", Spawn{}), "the caller is 257 bytes");
        refused(as("cp-a", Spawn{.image = long_name + "x"}), "the image");
        refused(as("cp-a", Spawn{.org = long_name + "x"}), "the org");
        refused(as("cp-a", Spawn{.prefix = long_name + "x"}), "the prefix");
        refused(as("cp-a", RetireLocal{lease(1, "cp-a", 0), long_reason + "x"}), "the reason");
        refused(as("cp-a", RetireOrphan{seen({.worker = WorkerId{1}}), long_reason + "x"}),
                "the reason");
        refused(as("cp-a", Drain{lease(1, "\xff", 0)}), "UTF-8");
        refused(as("cp-a", ClaimIdle{.org = std::string("a\0b", 3)}), "UTF-8");
        refused(as("cp-a", worker_in(State::hot, {.pod = "\xc0\x80"})), "UTF-8");
        accepted(as("cp-\xc3\xa4", ClaimIdle{.org = "\xf0\x9f\xa6\x86"}));

        Command command = as("cp-a", Spawn{});
        command.ask.request_id.assign(limits::request_id_bytes, 'r');
        accepted(command);
        command.ask.request_id += 'r';
        refused(command, "the request id");
    }

    TEST_CASE("a claim and a take-over are for an org") {
        refused(as("cp-a", ClaimIdle{}), "org");
        refused(as("cp-a", ClaimHotIdle{}), "org");
        refused(as("cp-a", TakeOver{WorkerId{1}, Epoch{}, ""}), "org");
        accepted(as("cp-a", ClaimHotIdle{.org = "acme"}));
    }

    TEST_CASE("only an end is the target of a retirement") {
        const auto row = seen({.worker = WorkerId{1}});
        accepted(as("cp-a", RetireFromSnapshot{row, State::lost, ""}));
        for (const State target : {State::none, State::idle, State::draining})
            refused(as("cp-a", RetireFromSnapshot{row, target, ""}), "retired or lost");
        refused(as("cp-a", RetireFromSnapshot{row, static_cast<State>(77), ""}), "retired or lost");
    }

    TEST_CASE("an adopted worker has a state and a snapshot too") {
        refused(as("cp-a", Adopt{{.worker = WorkerId{1}}}), "state");
        refused(as("cp-a", worker_in(static_cast<State>(10))), "state");
        refused(as("cp-a", worker_in(State::hot, {.created_at = Time{-1}})), "created_at");
        const auto odd = seen({.worker = WorkerId{1}, .state = static_cast<State>(10)});
        refused(as("cp-a", RetireOrphan{odd, ""}), "state");
        const auto early = seen({.worker = WorkerId{1}, .version = Position{-1}});
        refused(as("cp-a", RetireOrphan{early, ""}), "version");
    }

    TEST_CASE("numbers of workers are not negative") {
        refused(as("cp-a", Spawn{.caps = {.max_org_workers = -1}}), "max_org_workers");
        refused(as("cp-a", ClaimIdle{"acme", "", {.max_global_workers = -1}}),
                "max_global_workers");
        refused(as("cp-a", ClaimHotIdle{"acme", "", {.max_org_workers = -1}}), "max_org_workers");
        refused(as("cp-a", Spawn{.warm_target = -1}), "warm_target");
        refused(as("cp-a", Spawn{.prefix = ""}), "prefix");
        refused(as("cp-a", ReportHealthChecked{.count = 0}), "count");
        refused(as("cp-a", ReportHealthChecked{.count = 1'000'000'001}), "count");
    }

    TEST_CASE("warm targets name an image each and are not too many") {
        accepted(as("cp-a", SetWarmCapacityTargets{{{"i", 0}}, -5}));
        refused(as("cp-a", SetWarmCapacityTargets{{{"", 1}}, 0}), "image");
        refused(as("cp-a", SetWarmCapacityTargets{{{"i", -1}}, 0}), "negative");
        SetWarmCapacityTargets many;
        many.targets.resize(limits::warm_targets, {"i", 1});
        accepted(as("cp-a", many));
        many.targets.emplace_back("i", 1);
        refused(as("cp-a", many), "1000");
    }

    TEST_CASE("a control plane's own operation needs to know who calls") {
        refused(as("", ControlPlaneHeartbeat{}), "who calls");
        refused(as("", ControlPlaneDrain{}), "who calls");
        accepted(as("", ExpireStaleControlPlanes{noon}));
    }

    TEST_CASE("numbers that no label stands for are refused") {
        refused(as("cp-a", Spawn{}, static_cast<Origin>(200)), "origin");
        refused(as("cp-a", ReportSpawnFailed{.reason = static_cast<SpawnFailureReason>(99)}),
                "reason");
        refused(as("cp-a", ReportHealthChecked{.result = static_cast<HealthResult>(2)}), "passes");
        refused(as("cp-a", ReportStrandedPod{static_cast<StrandedOutcome>(5)}), "outcome");
        refused(as("cp-a", ReportStrandedSecret{static_cast<StrandedOutcome>(5)}), "outcome");
        refused(as("cp-a", ReportWarmCapacityMissed{"i", static_cast<MissReason>(4)}), "reason");
        refused(as("cp-a", ReportLeadership{static_cast<Leadership>(2)}), "leadership");
    }

    TEST_CASE("a senseless request is an event that counts and changes nothing") {
        Scenario s = given(as("cp-a", Spawn{.image = "i"}));
        const Command command = {
            {.caller = "\xff", .origin = Origin::public_api, .request_id = "r"},
            RetireFromSnapshot{s.observe(), State::hot, ""}};
        const auto why = validate(command);
        REQUIRE_FALSE(why.has_value());
        Event event = decide_senseless(s.world(), command, why.error(), noon);
        CHECK(event.operation == Operation::retire_from_snapshot);
        CHECK(event.outcome == Outcome::store_error);
        CHECK(event.failed_check == Check::request);
        CHECK(event.origin == Origin::public_api);
        CHECK_FALSE(event.caller.given());
        CHECK(event.request_id == "r");
        CHECK(event.worker == WorkerId{1});
        CHECK(s.text(event.image) == "i");
        CHECK(event.from == State::spawning);
        CHECK(event.to == State::spawning);
        CHECK(std::get<OperationFailed>(event.payload).code == ErrorCode::invalid_request);
        const Worker before = s.worker();
        s.given(event);
        CHECK(s.worker() == before);
    }

    TEST_CASE("a senseless number or text does not reach the event") {
        World world;
        const auto event_of = [&](const Command& command) {
            const auto why = validate(command);
            REQUIRE_FALSE(why.has_value());
            return decide_senseless(world, command, why.error(), noon);
        };
        const Event drain = event_of(as("cp-a", Drain{lease(-5, "cp-a", 0, "img")}));
        CHECK(drain.worker == WorkerId{});
        CHECK(world.texts.text(drain.image) == "img");
        const Event claim = event_of(as("cp-a", ClaimIdle{"", long_name + "x", {}}));
        CHECK_FALSE(claim.image.given());
        const Event spawn = event_of(as("cp-a", Spawn{}, static_cast<Origin>(200)));
        CHECK(spawn.origin == Origin::unknown);
    }
}

}  // namespace fenceline::testing
