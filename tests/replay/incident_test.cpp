// Each rule of the incident page: found, and not found just below its limit.

#include <doctest/doctest.h>

#include "replay/incident/watch.hpp"
#include "statemachine/evolve.hpp"

using namespace fenceline;
using namespace fenceline::replay::incident;

namespace {

constexpr Time noon{1'700'000'000'000'000'000};

// A pool that lives through hand-made events, watched.
class Incident {
  public:
    explicit Incident(const Limits& limits = {}) : watch_(limits) {}

    TextId name(std::string_view text) { return world.texts.intern(text); }

    // An event `s` seconds after noon.
    void add(std::int64_t s, Event event) {
        if (!began_) watch_.begin(world);
        began_ = true;
        event.position = Position{world.position.value + 1};
        event.at = noon + seconds(s);
        watch_.before(event, world);
        evolve(world, event);
        watch_.after(event, world);
    }
    void spawn(std::int64_t s, std::int64_t worker, std::string_view owner,
               State to = State::spawning) {
        WorkerAdopted detail;
        detail.owner = name(owner);
        detail.state = to;
        detail.created_at = detail.updated_at = noon + seconds(s);
        add(s, {.operation = Operation::adopt,
                .outcome = Outcome::transitioned,
                .caller = name(owner),
                .worker = WorkerId{worker},
                .to = to,
                .payload = detail});
    }
    void move(std::int64_t s, std::int64_t worker, Operation operation, State from, State to,
              std::string_view caller) {
        const Worker* record = world.find(WorkerId{worker});
        REQUIRE(record);
        add(s, {.operation = operation,
                .outcome = Outcome::transitioned,
                .caller = name(caller),
                .worker = WorkerId{worker},
                .owner = record->owner,
                .epoch = record->epoch,
                .from = from,
                .version = record->version,
                .to = to,
                .payload = payload_of(operation, *record)});
    }
    void miss(std::int64_t s, Outcome outcome, Check check) {
        add(s, {.operation = Operation::drain,
                .outcome = outcome,
                .failed_check = check,
                .caller = name("cp-a"),
                .worker = WorkerId{61},
                .epoch = Epoch{5},
                .version = Position{1},
                .payload = LeaseExercised{{name("cp-a"), Epoch{4}}}});
    }
    void observe(std::int64_t s, Operation operation, Payload payload, std::uint32_t count = 1) {
        add(s, {.operation = operation,
                .outcome = Outcome::recorded,
                .caller = name("cp-a"),
                .count = count,
                .payload = std::move(payload)});
    }
    void plane(std::int64_t s, std::string_view instance,
               Operation operation = Operation::cp_heartbeat) {
        add(s, {.operation = operation,
                .outcome = Outcome::transitioned,
                .caller = name("cp-z"),
                .payload = ControlPlaneMarked{name(instance), Time{}}});
    }

    std::vector<Finding> end(std::int64_t s) { return watch_.finish(world, noon + seconds(s)); }

    World world;

  private:
    static Payload payload_of(Operation operation, const Worker& record) {
        if (operation == Operation::take_over)
            return WorkerTakenOver{record.org, record.epoch, Epoch{record.epoch.value + 1}};
        if (operation == Operation::claim_hot_idle)
            return WorkerClaimed{.org = record.org, .new_epoch = Epoch{record.epoch.value + 1}};
        if (operation == Operation::retire_orphan_from_snapshot) return SnapshotJudged{};
        if (operation == Operation::mark_lost_from_lease) return WorkerEnded{};
        return LeaseExercised{};
    }

    Watch watch_;
    bool began_ = false;
};

std::vector<Finding> of(const std::vector<Finding>& all, std::string_view rule) {
    std::vector<Finding> out;
    for (const Finding& finding : all)
        if (finding.rule == rule) out.push_back(finding);
    return out;
}

}  // namespace

TEST_SUITE("replay/incident") {
    TEST_CASE("ten misses of one fence within a minute are a burst and nine are none") {
        Incident burst, below, slow, mixed;
        for (int i = 0; i < 10; ++i) burst.miss(i * 6, Outcome::fence_miss_epoch, Check::epoch);
        for (int i = 0; i < 9; ++i) below.miss(i * 6, Outcome::fence_miss_epoch, Check::epoch);
        for (int i = 0; i < 40; ++i) slow.miss(i * 7, Outcome::fence_miss_epoch, Check::epoch);
        for (int i = 0; i < 18; ++i)
            mixed.miss(i, i % 2 ? Outcome::fence_miss_epoch : Outcome::fence_miss_owner,
                       i % 2 ? Check::epoch : Check::owner);
        const auto found = of(burst.end(60), rule::fence_burst);
        REQUIRE(found.size() == 1);
        CHECK(found[0].count == 10);
        CHECK(found[0].first == Position{1});
        CHECK(found[0].last == Position{10});
        CHECK(found[0].words.plain() ==
              "10 operations were turned away with fence_miss_epoch within 54 s, #1 to #10: drain, "
              "asked by cp-a. The first, #1, drain of worker 61, expected epoch 4 and found 5, "
              "which #1 had set.");
        CHECK(of(below.end(60), rule::fence_burst).empty());
        CHECK(of(slow.end(300), rule::fence_burst).empty());
        CHECK(of(mixed.end(60), rule::fence_burst).empty());
    }

    TEST_CASE("a burst goes on until it was quiet for as long as it may last") {
        Incident incident;
        for (int i = 0; i < 10; ++i) incident.miss(i, Outcome::fence_miss_owner, Check::owner);
        incident.miss(69, Outcome::fence_miss_owner, Check::owner);   // 60 s after the last
        incident.miss(130, Outcome::fence_miss_owner, Check::owner);  // 61 s: another matter
        const auto found = of(incident.end(200), rule::fence_burst);
        REQUIRE(found.size() == 1);
        CHECK(found[0].count == 11);
        CHECK(found[0].to == noon + seconds(69));
    }

    TEST_CASE("epochs pile up when one worker changes its owner three times in five minutes") {
        Incident piled, below, spread;
        const auto fight = [](Incident& incident, int turns, std::int64_t every) {
            incident.spawn(0, 61, "cp-a", State::hot);
            for (int i = 0; i < turns; ++i)
                incident.move(i * every, 61, Operation::take_over, State::hot, State::hot,
                              i % 2 ? "cp-a" : "cp-b");
        };
        fight(piled, 3, 150);
        fight(below, 2, 10);
        fight(spread, 6, 151);
        const auto found = of(piled.end(400), rule::epoch_pileup);
        REQUIRE(found.size() == 1);
        CHECK(
            found[0].words.plain() ==
            "Epochs pile up: 1 worker changes its owner 3 times within 5 min, #2 to #4. worker 61 "
            "went from epoch 0 to 3 between cp-b (2) and cp-a (1) (#2 to #4).");
        CHECK(of(below.end(400), rule::epoch_pileup).empty());
        CHECK(of(spread.end(1000), rule::epoch_pileup).empty());
    }

    TEST_CASE("a parked worker that one control plane after the other claims is no pile-up") {
        Incident shared;
        shared.spawn(0, 61, "cp-a", State::hot_idle);
        for (int i = 0; i < 9; ++i)
            shared.move(i, 61, Operation::claim_hot_idle, State::hot_idle, State::hot_idle,
                        i % 2 ? "cp-a" : "cp-b");
        CHECK(of(shared.end(60), rule::epoch_pileup).empty());
    }

    TEST_CASE("a worker past the limit of a passing state is stuck and one at the limit is not") {
        for (const State state :
             {State::spawning, State::reserved, State::activating, State::draining}) {
            Incident left, still, fine;
            left.spawn(0, 7, "cp-a", state);
            left.move(121, 7, Operation::retire_local, state, State::retired, "cp-a");
            still.spawn(0, 7, "cp-a", state);
            fine.spawn(0, 7, "cp-a", state);
            fine.move(120, 7, Operation::retire_local, state, State::retired, "cp-a");
            CAPTURE(std::string(to_text(state)));
            const auto found = of(left.end(900), rule::stuck);
            REQUIRE(found.size() == 1);
            CHECK(
                found[0].words.plain().ends_with("worker 7 (2 min 1 s since #1). 1 became "
                                                 "retired."));
            CHECK(of(still.end(121), rule::stuck).size() == 1);
            CHECK(of(fine.end(900), rule::stuck).empty());
        }
    }

    TEST_CASE("five orphans or losses within a minute are a wave and four are none") {
        const auto ends = [](Incident& incident, int workers, Operation operation, State to) {
            for (int i = 1; i <= workers; ++i) incident.spawn(0, i, "cp-a", State::hot);
            for (int i = 1; i <= workers; ++i)
                incident.move(i, i, operation, State::hot, to, "cp-b");
        };
        Incident orphans, fewer, losses, fewer_losses;
        ends(orphans, 5, Operation::retire_orphan_from_snapshot, State::retired);
        ends(fewer, 4, Operation::retire_orphan_from_snapshot, State::retired);
        ends(losses, 5, Operation::mark_lost_from_lease, State::lost);
        ends(fewer_losses, 4, Operation::mark_lost_from_lease, State::lost);
        CHECK(of(orphans.end(60), rule::orphan_wave).size() == 1);
        CHECK(of(fewer.end(60), rule::orphan_wave).empty());
        CHECK(of(losses.end(60), rule::loss_wave).size() == 1);
        CHECK(of(fewer_losses.end(60), rule::loss_wave).empty());
    }

    TEST_CASE("spawn failures are counted by stage") {
        Incident one_stage, two_stages;
        for (int i = 0; i < 3; ++i)
            one_stage.observe(i * 150, Operation::spawn_failed,
                              SpawnFailed{SpawnFailureReason::pod_ready});
        for (int i = 0; i < 4; ++i)
            two_stages.observe(i, Operation::spawn_failed,
                               SpawnFailed{i % 2 ? SpawnFailureReason::pod_ready
                                                 : SpawnFailureReason::secret_read});
        const auto found = of(one_stage.end(400), rule::spawn_failures);
        REQUIRE(found.size() == 1);
        CHECK(found[0].words.plain() ==
              "3 spawns failed at the stage pod_ready within 5 min, #1 to #3, asked by cp-a.");
        CHECK(of(two_stages.end(400), rule::spawn_failures).empty());
    }

    TEST_CASE("capacity misses count as often as they are tallied") {
        Incident tallied, below;
        tallied.observe(0, Operation::warm_capacity_missed, WarmCapacityMissed{}, 10);
        below.observe(0, Operation::warm_capacity_missed, WarmCapacityMissed{}, 9);
        const auto found = of(tallied.end(60), rule::capacity_misses);
        REQUIRE(found.size() == 1);
        CHECK(found[0].count == 10);
        CHECK(of(below.end(60), rule::capacity_misses).empty());
    }

    TEST_CASE("a control plane that expires is told of when workers of its own are alive") {
        Incident alive, nobody;
        alive.plane(0, "cp-a");
        alive.spawn(1, 1, "cp-a", State::hot);
        alive.spawn(1, 2, "cp-a", State::retired);
        alive.plane(31, "cp-a", Operation::cp_expire_stale);
        nobody.plane(0, "cp-a");
        nobody.spawn(1, 1, "cp-a", State::hot);
        nobody.move(2, 1, Operation::take_over, State::hot, State::reserved, "cp-b");
        nobody.plane(31, "cp-a", Operation::cp_expire_stale);
        const auto found = of(alive.end(60), rule::control_plane_expired);
        REQUIRE(found.size() == 1);
        CHECK(found[0].words.plain() ==
              "Control plane cp-a expired at #4 with 1 worker alive; it had not been heard of for "
              "31 s, and cp-z ended its lease.");
        CHECK(of(nobody.end(60), rule::control_plane_expired).empty());
    }

    TEST_CASE("a janitor is silent when nobody expires what is no longer heard of") {
        Incident silent, in_time;
        silent.plane(0, "cp-a");
        in_time.plane(0, "cp-a");
        in_time.plane(80, "cp-a", Operation::cp_expire_stale);  // stale and patience: not beyond
        const auto found = of(silent.end(81), rule::janitor_silent);
        REQUIRE(found.size() == 1);
        CHECK(found[0].words.plain() ==
              "The janitor is silent: nobody expired cp-a for 1 min 1 s after its heartbeats had "
              "ended. It left no event in this window.");
        CHECK(of(in_time.end(400), rule::janitor_silent).empty());
    }

    TEST_CASE("a janitor is silent when the workers of an expired control plane wait for an end") {
        const auto orphaned = [](Incident& incident, std::int64_t ended) {
            incident.plane(0, "cp-a");
            incident.spawn(1, 1, "cp-a", State::hot);
            incident.plane(30, "cp-a", Operation::cp_expire_stale);
            incident.move(ended, 1, Operation::retire_orphan_from_snapshot, State::hot,
                          State::retired, "cp-b");
        };
        Incident late, in_time;
        orphaned(late, 121);
        orphaned(in_time, 120);
        CHECK(of(late.end(200), rule::janitor_silent).size() == 1);
        CHECK(of(in_time.end(200), rule::janitor_silent).empty());
    }

    TEST_CASE("findings come in the order of their first positions") {
        Incident incident;
        for (int i = 0; i < 3; ++i)
            incident.observe(i, Operation::spawn_failed, SpawnFailed{SpawnFailureReason::other});
        for (int i = 0; i < 10; ++i) incident.miss(i + 4, Outcome::fence_miss_owner, Check::owner);
        const auto found = incident.end(60);
        REQUIRE(found.size() == 2);
        CHECK(found[0].rule == rule::spawn_failures);
        CHECK(found[1].rule == rule::fence_burst);
    }

    TEST_CASE("spans are spoken in two units at most") {
        CHECK(spoken(milliseconds(850)) == "850 ms");
        CHECK(spoken(seconds(12)) == "12 s");
        CHECK(spoken(seconds(200)) == "3 min 20 s");
        CHECK(spoken(seconds(7500)) == "2 h 5 min");
        CHECK(spoken(seconds(180'000)) == "2 d 2 h");
    }
}
