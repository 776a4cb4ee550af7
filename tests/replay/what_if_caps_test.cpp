// An incident under other caps: what is refused or served, and what hangs on it.

#include "tests/replay/pool_story.hpp"
#include "tests/support/journal_script.hpp"

using namespace fenceline;
using namespace fenceline::replay;
using fenceline::testing::JournalScript;
using fenceline::testing::lease;
using fenceline::testing::of;
using fenceline::testing::Story;

namespace {

ClaimIdle claim(std::string org, Caps caps = {}) {
    return {.org = std::move(org), .image = "i", .caps = caps};
}

}  // namespace

TEST_SUITE("replay/what_if_caps") {
    TEST_CASE("under a lower org cap a claim is refused and nothing that hung on it happens") {
        Story story;
        (void)story.idles("cp-a");
        const auto second = story.idles("cp-a");
        story.activates(story.gets("cp-b", claim("acme")));
        const auto refused = story.gets("cp-b", claim("acme"));
        story.activates(refused);
        story.does("cp-b", Drain{refused});
        story.does("cp-b", RetireDrained{refused, "normal"});
        // Another org's claim finds the worker that is still there.
        CHECK(story.does("cp-c", claim("globex")).outcome == Outcome::no_idle);

        const auto found = story.under({.max_org_workers = 1});
        REQUIRE(found.workers.size() == 1);
        const auto& worker = of(found, second.worker());
        CHECK(worker.turn == Turn::lives);
        CHECK(worker.why.why == Why::claim_refused);
        CHECK(worker.why.outcome == Outcome::org_cap);
        REQUIRE(worker.recorded_claim);
        CHECK(worker.recorded_claim->caller == "cp-b");
        REQUIRE(worker.policy_claim);
        CHECK(worker.policy_claim->caller == "cp-c");
        CHECK(worker.policy_claim->org == "globex");
        CHECK(worker.policy.state == State::reserved);
        CHECK(found.unasked == 4);
        CHECK(found.policy.claims_served == 2);
        CHECK(found.policy.claims_refused == 1);
    }

    TEST_CASE(
        "under a higher org cap a refused claim is served once and leaves its worker parked") {
        Story story;
        const auto idle = story.idles("cp-a");
        story.serves("cp-b", "acme");
        CHECK(story.does("cp-b", claim("acme", {.max_org_workers = 1})).outcome ==
              Outcome::org_cap);
        story.pass(seconds(55));
        CHECK(of(story.under({.max_org_workers = 2}), idle.worker()).policy.state ==
              State::reserved);
        story.pass(seconds(10));
        // Of the same org, and at another control plane: not the caller that has one to spare.
        CHECK(story.does("cp-c", ClaimHotIdle{.org = "acme", .image = "i"}).outcome ==
              Outcome::no_idle);

        const auto found = story.under({.max_org_workers = 2});
        REQUIRE(found.workers.size() == 1);
        const auto& worker = of(found, idle.worker());
        CHECK(worker.turn == Turn::claimed);
        CHECK(worker.recorded.state == State::idle);
        CHECK(worker.policy.state == State::reserved);  // by the second claim, after one session
        CHECK(worker.why.why == Why::claim_served);
        CHECK(worker.why.outcome == Outcome::org_cap);
        CHECK(found.policy.claims_served == 2);
        CHECK(story.under({.max_org_workers = 1}).workers.empty());
    }

    TEST_CASE("what only the policy gave stands in for the caller's next one") {
        Story story;
        (void)story.idles("cp-a");
        const auto next = story.idles("cp-a");
        CHECK(story.does("cp-b", ClaimIdle{.org = "acme", .image = "i", .caps = {0, 0}})
                  .transitioned());
        CHECK(story.does("cp-b", claim("globex", {.max_org_workers = 1})).transitioned());
        (void)story.idles("cp-a");
        CHECK(story.does("cp-b", claim("globex", {.max_org_workers = 1})).outcome ==
              Outcome::org_cap);
        const auto last = story.idles("cp-a");
        // The cap no longer stands in its way.
        const auto served = story.gets("cp-b", claim("globex", {.max_org_workers = 5}));
        story.activates(served);
        const auto found = story.under({.max_org_workers = 5});
        // It has that very worker already, since the claim that was refused.
        const auto& worker = of(found, served.worker());
        CHECK(worker.turn == Turn::claimed);
        CHECK(worker.policy.state == State::hot);
        CHECK(found.workers.size() == 1);
        CHECK(found.policy.claims_served == 3);
        CHECK(next.worker() != last.worker());
    }

    TEST_CASE("a spawn that is refused takes its worker's whole life along") {
        Story story;
        story.serves("cp-b", "acme");
        const auto refused = story.serves("cp-b", "acme");
        story.does("cp-b", Park{refused});
        story.does("cp-c", TakeOver{refused.worker(), refused.epoch(), "acme"});
        story.gets("cp-c", ClaimHotIdle{.org = "acme", .image = "i"});
        for (const Policy& policy :
             {Policy{.max_org_workers = 1}, Policy{.max_global_workers = 1}}) {
            const auto found = story.under(policy);
            REQUIRE(found.workers.size() == 1);
            const auto& worker = of(found, refused.worker());
            CHECK(worker.turn == Turn::not_spawned);
            CHECK(worker.why.why == Why::spawn_refused);
            CHECK(found.policy.spawned == 1);
            CHECK(found.policy.spawns_refused == 1);
            CHECK(found.policy.claims_refused == 1);
            CHECK(found.policy.peak_active == 1);
            CHECK(found.recorded.peak_active == 2);
        }
    }

    TEST_CASE("a spawn that only the policy allows becomes a worker that claims find") {
        Story story;
        const auto first = story.gets("cp-b", Spawn{.image = "i"});
        story.pass(seconds(10));
        story.does("cp-b", PublishIdle{first});
        story.gets("cp-b", claim("acme"));
        const Caps full{.max_global_workers = 1};
        CHECK(story.does("cp-c", Spawn{.image = "i", .caps = full}).outcome == Outcome::global_cap);
        CHECK(story.does("cp-c", claim("globex")).outcome == Outcome::no_idle);  // too soon
        story.pass(seconds(15));
        const auto served = story.does("cp-c", claim("globex"));
        CHECK(served.outcome == Outcome::no_idle);
        const auto later = story.gets("cp-b", Spawn{.image = "i"});

        const auto found = story.under({.max_global_workers = 3});
        REQUIRE(found.workers.size() == 1);
        const auto& worker = found.workers.front();
        CHECK(worker.worker > later.worker());
        CHECK(worker.turn == Turn::spawned);
        CHECK(worker.recorded.state == State::none);
        CHECK(worker.why.why == Why::spawn_served);
        CHECK(worker.why.outcome == Outcome::global_cap);
        REQUIRE(worker.policy_claim);
        CHECK(worker.policy_claim->position == served.position);
        CHECK(worker.policy.state == State::reserved);
        CHECK(found.policy.spawned == 3);
        CHECK(found.policy.claims_refused == 1);
    }

    TEST_CASE("the warm target counts for spawns of the warm pool alone") {
        Story story;
        story.does("cp-b", Spawn{.image = "i", .warm_target = 2});
        const auto second = story.gets("cp-b", Spawn{.image = "i", .warm_target = 2});
        CHECK(story.does("cp-b", Spawn{.image = "i", .warm_target = 2}).outcome ==
              Outcome::warm_target_met);
        story.gets("cp-b", Spawn{.image = "i"});
        story.serves("cp-b", "acme");
        const auto fewer = story.under({.warm_target = 1});
        REQUIRE(fewer.workers.size() == 1);
        CHECK(of(fewer, second.worker()).turn == Turn::not_spawned);
        CHECK(of(fewer, second.worker()).why.outcome == Outcome::warm_target_met);
        CHECK(story.under({.warm_target = 3}).of(Turn::spawned) == 1);
        CHECK(story.under({.warm_target = 0}).of(Turn::spawned) == 1);
        CHECK(story.under({.warm_target = 2}).workers.empty());
    }

    TEST_CASE("a crash is the pod's and who holds another worker goes on elsewhere") {
        Story story({.hot_idle_ttl = seconds(60)});
        const auto parked = story.serves("cp-b", "acme");
        story.does("cp-b", Park{parked});
        story.pass(seconds(90));
        const auto young = story.serves("cp-c", "acme");
        story.does("cp-c", Park{young});
        const auto again = story.gets("cp-c", ClaimHotIdle{.org = "acme", .image = "i"});
        CHECK(again.worker() == young.worker());
        story.activates(again);
        const auto lost = story.does("cp-c", MarkLost{again, "crash"}, Origin::health_check_crash);

        // The claim finds the older one; the crash hits the other all the same.
        const auto found = story.under({.hot_idle_ttl = seconds(600)});
        CHECK(of(found, parked.worker()).turn == Turn::lives);
        CHECK(of(found, parked.worker()).policy.state == State::hot_idle);
        CHECK(of(found, young.worker()).turn == Turn::claimed);
        CHECK(of(found, young.worker()).policy.state == State::lost);
        CHECK(of(found, young.worker()).policy.position == lost.position);
    }

    TEST_CASE("renewals and old leases follow what their caller holds") {
        Story story;
        story.serves("cp-b", "acme");
        const auto first = story.idles("cp-a");
        const auto second = story.idles("cp-a");
        story.gets("cp-b", claim("acme"));
        const auto lease = story.gets("cp-c", claim("globex"));
        CHECK(lease.worker() == second.worker());
        const auto renewed = story.gets("cp-c", RefreshLease{lease});
        CHECK(story.does("cp-c", BeginActivation{lease}).outcome == Outcome::fence_miss_epoch);
        story.activates(renewed);
        story.does("cp-c", TakeOver{second.worker(), lease.epoch(), "globex"});  // too old
        story.gets("cp-b", TakeOver{second.worker(), renewed.epoch(), "globex"});

        // The claim of acme is refused, so globex has the first worker, and all of that is with it.
        const auto found = story.under({.max_org_workers = 1});
        REQUIRE(found.workers.size() == 2);
        const auto& served = of(found, first.worker());
        CHECK(served.turn == Turn::claimed);
        CHECK(served.why.why == Why::claim_refused);
        REQUIRE(served.policy_claim);
        CHECK(served.policy_claim->org == "globex");
        CHECK(served.policy.state == State::reserved);
        const auto& idle = of(found, second.worker());
        CHECK(idle.policy.state == State::idle);
        CHECK(idle.why.why == Why::claim_took_other);
        CHECK(idle.why.other == first.worker());
    }

    TEST_CASE("what somebody saw is what was there to see") {
        Story story;
        story.serves("cp-b", "acme");
        const auto first = story.idles("cp-a");
        const auto second = story.idles("cp-a");
        const auto seen = story.sees(first.worker());
        story.gets("cp-b", claim("acme"));
        const auto reap = [&](const WorkerSnapshot& row) {
            return story.does("cp-c", RetireIdleVariant{row, "mismatched_version"}).outcome;
        };
        // A list from before the claim, and one from after it.
        CHECK(reap(seen) == Outcome::fence_miss_owner);
        CHECK(reap(story.sees(second.worker())) == Outcome::transitioned);
        const auto found = story.under({.max_org_workers = 1});
        REQUIRE(found.workers.size() == 1);
        // Without the claim nothing had touched it.
        CHECK(of(found, first.worker()).turn == Turn::dies);
        CHECK(of(found, first.worker()).policy.operation ==
              Operation::retire_idle_variant_from_snapshot);
    }

    TEST_CASE("a sight of what differed then is of what was there under the policy") {
        Story story;
        story.serves("cp-b", "acme");
        const auto first = story.idles("cp-a");
        story.idles("cp-a");
        const auto acme = story.gets("cp-b", claim("acme"));
        const auto globex = story.gets("cp-c", claim("globex"));
        for (const auto& lease : {acme, globex}) {
            story.activates(lease);
            story.does(lease.owner(), Park{lease});
        }
        const auto seen = story.sees(first.worker());
        CHECK(story.does("cp-b", Unpark{acme}).transitioned());
        CHECK(story.does("cp-a", RetireIdleVariant{seen, "mismatched_version"}).outcome ==
              Outcome::fence_miss_state);
        // acme's claim is refused: globex has the first worker, and nobody has used it again.
        const auto found = story.under({.max_org_workers = 1});
        CHECK(of(found, first.worker()).turn == Turn::dies);
        CHECK(of(found, first.worker()).policy.reason == "mismatched_version");
    }

    TEST_CASE("a list that would not have shown the worker so ends nobody") {
        Story story;
        story.serves("cp-b", "acme");
        const auto idle = story.idles("cp-a");
        story.gets("cp-b", claim("acme"));
        const auto seen = story.sees(idle.worker());  // reserved, as recorded
        CHECK(story.does("cp-a", RetireFromSnapshot{seen, State::retired, "stuck"}).transitioned());
        const auto found = story.under({.max_org_workers = 1});
        CHECK(of(found, idle.worker()).policy.state == State::idle);
    }

    TEST_CASE("a caller that holds nothing gets nothing by renewing it or by taking over") {
        Story story;
        story.serves("cp-b", "acme");
        const auto idle = story.idles("cp-b");
        auto held = story.gets("cp-b", claim("acme"));
        SUBCASE("a renewal") {
            held = story.gets("cp-b", RefreshLease{held});
        }
        SUBCASE("a take-over") {
            story.activates(held);
            held = story.gets("cp-b", TakeOver{idle.worker(), held.epoch(), "acme"});
        }
        // A higher epoch of the owner's own would pass the fence.
        CHECK(story.does("cp-b", RetireLocal{held, "normal"}).transitioned());
        const auto found = story.under({.max_org_workers = 1});
        CHECK(of(found, idle.worker()).turn == Turn::lives);
        CHECK(of(found, idle.worker()).policy.state == State::idle);
    }

    TEST_CASE(
        "a worker that is being drained under the policy ends in order when its pod is lost") {
        Story story;
        story.serves("cp-b", "acme");
        const auto first = story.idles("cp-a");
        story.idles("cp-a");
        story.activates(story.gets("cp-b", claim("acme")));
        const auto globex = story.gets("cp-c", claim("globex"));
        story.does("cp-c", Drain{globex});
        const auto gone =
            story.does("cp-a", RetireFromSnapshot{story.sees(first.worker()), State::lost, "crash"},
                       Origin::informer_crash);
        CHECK(gone.to == State::lost);
        const auto found = story.under({.max_org_workers = 1});
        const auto& worker = of(found, first.worker());
        CHECK(worker.turn == Turn::ends);
        CHECK(worker.recorded.state == State::lost);
        CHECK(worker.policy.state == State::retired);
        CHECK(worker.policy.position == gone.position);
    }

    TEST_CASE("where nothing differs the record stands against today's table") {
        auto storage = std::make_shared<MemoryStorage>();
        auto journal = make_memory_journal(storage);
        JournalScript script(*journal, "forger");
        script.names({"cp-a", "i"});
        // No table of ours lets a worker that is idle be parked.
        script.appends({{.operation = Operation::spawn,
                         .outcome = Outcome::transitioned,
                         .caller = TextId{1},
                         .worker = WorkerId{1},
                         .image = TextId{2},
                         .to = State::spawning,
                         .payload = WorkerSpawned{.prefix = TextId{2}}},
                        {.operation = Operation::park,
                         .outcome = Outcome::transitioned,
                         .caller = TextId{1},
                         .worker = WorkerId{1},
                         .image = TextId{2},
                         .owner = TextId{1},
                         .from = State::spawning,
                         .version = Position{1},
                         .to = State::hot_idle,
                         .payload = LeaseExercised{{TextId{1}, Epoch{}}}}});
        const auto found = what_if(*journal, {.policy = {.max_org_workers = 1}});
        REQUIRE(found);
        CHECK(found->by_table == 1);
        CHECK(found->workers.empty());
        CHECK(found->policy.at_end[static_cast<std::size_t>(State::hot_idle)] == 1);
    }

    TEST_CASE("a window begins with the state before it") {
        Story story;
        const auto parked = story.serves("cp-b", "acme");
        story.does("cp-b", Park{parked});
        story.pass(seconds(30));
        const auto middle = story.position();
        story.pass(seconds(60));
        const auto claimed = story.gets("cp-c", ClaimHotIdle{.org = "acme", .image = "i"});
        story.activates(claimed);
        const auto found = story.under({.hot_idle_ttl = seconds(60)}, middle);
        CHECK(of(found, parked.worker()).turn == Turn::dies);
        CHECK(found.after == middle);
        CHECK(found.events == story.position().value - middle.value);
        CHECK(found.recorded.spawned == 0);
        const auto nothing = story.under({.hot_idle_ttl = seconds(60)}, story.position());
        CHECK(nothing.events == 0);
        CHECK(nothing.workers.empty());
        CHECK_FALSE(nothing.from_at.given());
    }

    TEST_CASE("what makes no sense is refused") {
        Story story;
        const auto refused = [&](const WhatIfOptions& options) {
            const auto found = what_if(*story.journal(), options);
            REQUIRE_FALSE(found);
            return found.error().code;
        };
        CHECK(refused({.policy = {.max_org_workers = -1}}) == ErrorCode::invalid_request);
        CHECK(refused({.policy = {.hot_idle_ttl = Duration{-1}}}) == ErrorCode::invalid_request);
        CHECK(refused({.policy = {.orphan_grace = seconds(std::int64_t{200} * 365 * 86'400)}}) ==
              ErrorCode::invalid_request);
        CHECK(refused({.after = Position{1'000}}) == ErrorCode::not_found);
        CHECK(refused({.to = Position{1'000}}) == ErrorCode::not_found);
    }

    TEST_CASE("both reads are one way from the beginning to the end") {
        Story story;
        story.pass(seconds(5));
        std::vector<Position> told;
        const auto found = what_if(
            *story.journal(), {.progress = [&](Position done, Position) { told.push_back(done); }});
        REQUIRE(found);
        CHECK(std::ranges::is_sorted(told));
        CHECK(told.back() == story.position());
    }
}
