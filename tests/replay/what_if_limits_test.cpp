// An incident under other limits of the janitor: who would have lived, died, been claimed.

#include "tests/replay/pool_story.hpp"

using namespace fenceline;
using namespace fenceline::replay;
using fenceline::testing::of;
using fenceline::testing::Story;
using whatif::Limit;
using whatif::LimitInUse;

namespace {

const LimitInUse& use(const WhatIf& found, Limit limit) {
    return found.limits[static_cast<std::size_t>(limit)];
}

}  // namespace

TEST_SUITE("replay/what_if_limits") {
    TEST_CASE("under a shorter hot-idle TTL a parked worker dies and the claim of it misses") {
        Story story;
        const auto parked = story.serves("cp-b", "acme");
        story.does("cp-b", Park{parked});
        story.pass(seconds(180));
        const auto claimed = story.gets("cp-c", ClaimHotIdle{.org = "acme", .image = "i"});
        story.activates(claimed);
        story.does("cp-c", Heartbeat{claimed});

        const auto found = story.under({.hot_idle_ttl = seconds(60)});
        REQUIRE(found.workers.size() == 1);
        const auto& worker = of(found, parked.worker());
        CHECK(worker.turn == Turn::dies);
        CHECK(worker.recorded.state == State::hot);
        CHECK(worker.recorded.operation == Operation::none);
        CHECK(worker.policy.state == State::retired);
        CHECK(worker.policy.limit == Limit::hot_idle_ttl);
        CHECK(worker.policy.reason == "hot_idle_ttl_expired");
        CHECK(worker.why.why == Why::limit_passed);
        CHECK(worker.why.limit == Limit::hot_idle_ttl);
        REQUIRE(worker.recorded_claim);
        CHECK(worker.recorded_claim->caller == "cp-c");
        CHECK(worker.recorded_claim->org == "acme");
        CHECK_FALSE(worker.policy_claim);
        // The claim ends as no_idle, and what hung on it is never asked.
        CHECK(found.recorded.claims_served == 1);
        CHECK(found.policy.claims_served == 0);
        CHECK(found.policy.claims_refused == 1);
        CHECK(found.unasked == 3);
        CHECK(found.policy.swept == 1);
        CHECK(found.of(Turn::dies) == 1);
    }

    TEST_CASE("a worker dies one sweep after its limit and not sooner") {
        Story story;
        const auto parked = story.serves("cp-b", "acme");
        const auto at = story.does("cp-b", Park{parked}).at;
        story.pass(seconds(120));
        const auto found = story.under({.hot_idle_ttl = seconds(60)});
        // Records that change several times at one moment are some nanoseconds apart.
        const auto died = of(found, parked.worker()).policy.at;
        CHECK(died >= at + seconds(60) + whatif::sweep_every);
        CHECK(died < at + seconds(61) + whatif::sweep_every);
        // Had the window ended before, it would have lived.
        CHECK(story.under({.hot_idle_ttl = seconds(115)}).workers.empty());
    }

    TEST_CASE(
        "under a longer hot-idle TTL a worker lives and serves whom another was spawned for") {
        Story story({.hot_idle_ttl = seconds(60)});
        const auto parked = story.serves("cp-b", "acme");
        story.does("cp-b", Park{parked});
        story.pass(seconds(120));
        CHECK(story.sees(parked.worker()).row().state == State::retired);
        const ClaimHotIdle hot_idle{.org = "acme", .image = "i"};
        CHECK(story.does("cp-c", hot_idle).outcome == Outcome::no_idle);
        const auto spawned = story.gets("cp-c", Spawn{.image = "i", .org = "acme"});
        story.pass(seconds(10));
        story.does("cp-c", PublishReserved{spawned});
        story.activates(spawned);
        story.does("cp-c", Park{spawned});

        const auto found = story.under({.hot_idle_ttl = seconds(600)});
        REQUIRE(found.workers.size() == 2);
        const auto& lives = of(found, parked.worker());
        CHECK(lives.turn == Turn::lives);
        CHECK(lives.recorded.origin == Origin::janitor_hot_idle_ttl);
        CHECK(lives.recorded.position == story.sees(parked.worker()).row().version);
        CHECK(lives.policy.state == State::hot_idle);
        CHECK(lives.why.why == Why::limit_not_passed);
        CHECK(lives.why.position == lives.recorded.position);
        REQUIRE(lives.policy_claim);
        CHECK(lives.policy_claim->caller == "cp-c");
        const auto& other = of(found, spawned.worker());
        CHECK(other.turn == Turn::not_spawned);
        CHECK(other.policy.state == State::none);
        CHECK(other.why.why == Why::spawn_not_needed);
        CHECK(other.why.other == parked.worker());
        CHECK(found.recorded.spawned == 2);
        CHECK(found.policy.spawned == 1);
        CHECK(found.policy.claims_served == 1);
        CHECK(use(found, Limit::hot_idle_ttl).youngest > seconds(60));
        CHECK(use(found, Limit::hot_idle_ttl).youngest <= seconds(70));
        CHECK(use(found, Limit::hot_idle_ttl).replaced);
    }

    TEST_CASE("a limit that the record has kept changes nothing and says so") {
        Story story({.hot_idle_ttl = seconds(60)});
        const auto parked = story.serves("cp-b", "acme");
        story.pass(seconds(3));
        story.does("cp-b", Park{parked});
        story.pass(seconds(120));
        const auto found = story.under({.hot_idle_ttl = seconds(60)});
        CHECK(found.workers.empty());
        CHECK(found.unasked == 0);
        CHECK(use(found, Limit::hot_idle_ttl).named);
        CHECK_FALSE(use(found, Limit::hot_idle_ttl).replaced);
        // Not named, it is what the record shows.
        CHECK(use(story.under({}), Limit::hot_idle_ttl).value <= seconds(60));
        CHECK(use(story.under({}), Limit::stuck_spawning).value == seconds(120));
    }

    TEST_CASE("with a longer orphan grace an orphan is taken over instead of retired") {
        Story story;
        const auto orphan = story.serves("cp-b", "acme");
        story.silent("cp-b");
        story.pass(seconds(90));
        CHECK(story.sees(orphan.worker()).row().retire_reason == "orphaned");
        const TakeOver take{orphan.worker(), orphan.epoch(), "acme"};
        CHECK(story.does("cp-c", take).outcome == Outcome::fence_miss_state);
        story.pass(seconds(90));

        const auto found = story.under({.orphan_grace = seconds(300)});
        REQUIRE(found.workers.size() == 1);
        const auto& worker = of(found, orphan.worker());
        CHECK(worker.turn == Turn::lives);
        CHECK(worker.recorded.origin == Origin::janitor_orphan);
        CHECK(worker.why.why == Why::limit_not_passed);
        REQUIRE(worker.policy_claim);
        CHECK(worker.policy_claim->caller == "cp-c");
        // One session is all that is made up.
        CHECK(worker.policy.state == State::hot_idle);
    }

    TEST_CASE("with a longer orphan grace nobody comes and the orphan dies later") {
        Story story;
        const auto orphan = story.serves("cp-b", "acme");
        story.silent("cp-b");
        story.pass(seconds(240));
        const auto found = story.under({.orphan_grace = seconds(90)});
        const auto& worker = of(found, orphan.worker());
        CHECK(worker.turn == Turn::ends);
        CHECK(worker.policy.limit == Limit::orphan_grace);
        CHECK(worker.policy.at > worker.recorded.at);
        CHECK(worker.policy.at <= worker.recorded.at + seconds(90 - 30 + 10));
    }

    TEST_CASE("with a shorter orphan grace an owner comes back too late") {
        Story story({.orphan_grace = seconds(300)});
        const auto orphan = story.serves("cp-b", "acme");
        story.silent("cp-b");
        story.pass(seconds(70));
        story.back("cp-b");
        CHECK(story.does("cp-b", Heartbeat{orphan}).transitioned());
        const auto found = story.under({.orphan_grace = seconds(10)});
        const auto& worker = of(found, orphan.worker());
        CHECK(worker.turn == Turn::dies);
        CHECK(worker.policy.limit == Limit::orphan_grace);
        CHECK(story.under({.orphan_grace = seconds(60)}).workers.empty());
    }

    TEST_CASE("with a longer limit an activation that was cut off goes on") {
        Story story;
        (void)story.idles("cp-b");
        const auto lease = story.gets("cp-b", ClaimIdle{.org = "acme", .image = "i"});
        story.does("cp-b", BeginActivation{lease});
        story.pass(seconds(150));
        CHECK(story.sees(lease.worker()).row().retire_reason == "stuck_activating");
        CHECK(story.does("cp-b", CompleteActivation{lease}).outcome == Outcome::fence_miss_state);

        const auto found = story.under({.stuck_activating = seconds(300)});
        const auto& worker = of(found, lease.worker());
        CHECK(worker.turn == Turn::lives);
        CHECK(worker.policy.state == State::hot);
        CHECK(worker.why.why == Why::limit_not_passed);
        CHECK(worker.why.limit == Limit::stuck_activating);
        // The other of the two limits leaves it alone.
        CHECK(story.under({.stuck_spawning = seconds(300)}).workers.empty());
    }

    TEST_CASE("with a shorter limit a slow pod is never published") {
        Story story;
        const auto slow = story.gets("cp-b", Spawn{.image = "i"});
        story.pass(seconds(100));
        story.does("cp-b", PublishIdle{slow});
        (void)story.gets("cp-c", ClaimIdle{.org = "acme", .image = "i"});
        const auto found = story.under({.stuck_spawning = seconds(30)});
        const auto& worker = of(found, slow.worker());
        CHECK(worker.turn == Turn::dies);
        CHECK(worker.policy.limit == Limit::stuck_spawning);
        CHECK(found.policy.claims_refused == 1);
        CHECK(story.under({.stuck_activating = seconds(30)}).workers.empty());
    }

    TEST_CASE("nobody sweeps while nobody leads") {
        Story story;
        const auto parked = story.serves("cp-b", "acme");
        story.does("cp-b", Park{parked});
        story.does("cp-a", ReportLeadership{Leadership::lost});
        // No step that sweeps: its event would say who leads.
        for (int i = 0; i < 30; ++i) story.breathe();
        CHECK(story.under({.hot_idle_ttl = seconds(60)}).workers.empty());
        SUBCASE("until somebody says so") {
            story.does("cp-c", ReportLeadership{Leadership::acquired});
        }
        SUBCASE("until somebody does what the leader does") {
            story.does("cp-c", SetWarmCapacityTargets{});
        }
        story.breathe();
        CHECK(story.under({.hot_idle_ttl = seconds(60)}).workers.empty());
        for (int i = 0; i < 3; ++i) story.breathe();
        CHECK(story.under({.hot_idle_ttl = seconds(60)}).of(Turn::dies) == 1);
    }

    TEST_CASE("what a control plane ends on its own account stays and is counted") {
        Story story;
        const auto parked = story.serves("cp-b", "acme");
        story.does("cp-b", Park{parked});
        story.pass(seconds(60));
        story.does("cp-b", Drain{parked}, Origin::per_cp_hot_idle_ttl);
        story.does("cp-b", RetireDrained{parked, "normal"}, Origin::per_cp_hot_idle_ttl);
        const auto found = story.under({.hot_idle_ttl = seconds(3'600)});
        CHECK(found.workers.empty());
        CHECK(use(found, Limit::hot_idle_ttl).by_callers == 1);
        CHECK(use(found, Limit::orphan_grace).by_callers == 0);
    }

    TEST_CASE("a renewal that only the policy grants is what its caller goes on with") {
        Story story;
        const auto orphan = story.serves("cp-b", "acme");
        story.silent("cp-b");
        story.pass(seconds(90));
        story.back("cp-b");
        CHECK(story.does("cp-b", RefreshLease{orphan}).outcome == Outcome::fence_miss_state);
        CHECK(story.does("cp-b", Park{orphan}).outcome == Outcome::fence_miss_state);
        const auto found = story.under({.orphan_grace = seconds(300)});
        CHECK(of(found, orphan.worker()).policy.state == State::hot_idle);
    }

    TEST_CASE("heartbeats that were tallied are signs of life under the policy too") {
        Story story({.orphan_grace = seconds(3'600)}, seconds(600));
        const auto lease = story.serves("cp-x", "acme");  // its owner was never heard of itself
        for (int i = 0; i < 4; ++i) {
            story.breathe();
            CHECK_FALSE(story.does("cp-x", Heartbeat{lease}).position.given());
        }
        story.does("cp-x", Park{lease});  // which records them
        for (int i = 0; i < 5; ++i) story.breathe();
        CHECK(story.under({.orphan_grace = seconds(20)}).workers.empty());
        for (int i = 0; i < 2; ++i) story.breathe();
        CHECK(story.under({.orphan_grace = seconds(20)}).of(Turn::dies) == 1);
    }

    TEST_CASE("a leader that is not heard from sweeps nobody") {
        Story story;
        const auto parked = story.serves("cp-b", "acme");
        story.does("cp-b", Park{parked});
        story.silent("cp-a");
        for (int i = 0; i < 30; ++i) story.breathe();
        CHECK(story.under({.hot_idle_ttl = seconds(60)}).workers.empty());
    }

    TEST_CASE("nobody is an orphan for want of heartbeats that the record could not have") {
        Story story({.orphan_grace = seconds(3'600), .hot_idle_ttl = seconds(60)});
        const auto parked = story.serves("cp-x", "acme");  // which was never heard of itself
        story.does("cp-x", Park{parked});
        story.pass(seconds(150));
        CHECK(story.sees(parked.worker()).row().retire_reason == "hot_idle_ttl_expired");
        const auto found = story.under({.hot_idle_ttl = seconds(600)});
        CHECK(of(found, parked.worker()).turn == Turn::lives);
    }

    TEST_CASE("a worker that only the policy keeps is swept under the limits of the record") {
        // Taken over under the policy, parked, and then nobody's: the record shows a TTL of 40 s.
        Story story({.hot_idle_ttl = seconds(40)});
        const auto shows = story.serves("cp-c", "globex");
        story.does("cp-c", Park{shows});
        const auto orphan = story.serves("cp-b", "acme");
        story.silent("cp-b");
        story.pass(seconds(90));
        story.does("cp-c", TakeOver{orphan.worker(), orphan.epoch(), "acme"});
        story.pass(seconds(180));
        const auto found = story.under({.orphan_grace = seconds(300)});
        REQUIRE(found.workers.size() == 1);
        const auto& worker = of(found, orphan.worker());
        CHECK(worker.turn == Turn::ends);
        CHECK(worker.policy.limit == Limit::hot_idle_ttl);
        CHECK(worker.policy.at < worker.recorded.at + seconds(180));
    }

    TEST_CASE("the reaper ends what the policy has kept of an old image") {
        Story story({.hot_idle_ttl = seconds(60)});
        const auto kept = story.serves("cp-b", "acme");
        story.does("cp-b", Park{kept});
        story.pass(seconds(90));
        const auto young = story.serves("cp-b", "globex");
        story.does("cp-b", Park{young});
        const auto reaped =
            story.does("cp-a", RetireIdleVariant{story.sees(young.worker()), "mismatched_version"},
                       Origin::mismatched_version_reaper);
        CHECK(reaped.transitioned());
        const auto found = story.under({.hot_idle_ttl = seconds(600)});
        const auto& worker = of(found, kept.worker());
        CHECK(worker.turn == Turn::ends);
        CHECK(worker.policy.origin == Origin::mismatched_version_reaper);
        CHECK(worker.policy.position == reaped.position);
    }
}
