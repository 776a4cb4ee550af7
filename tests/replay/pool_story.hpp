#pragma once

// A pool lived through by hand, with a leader that sweeps every 10 s, and told again under a
// policy.
//
//   Story story({.hot_idle_ttl = seconds(60)});
//   const auto worker = story.serves("cp-b", "acme");     // spawned, activated, hot
//   story.does("cp-b", Park{worker});
//   story.pass(seconds(120));
//   const WhatIf found = story.under({.hot_idle_ttl = seconds(600)});

#include <algorithm>
#include <set>

#include <doctest/doctest.h>

#include "journal/lifecycle_store.hpp"
#include "journal/memory/memory_journal.hpp"
#include "replay/whatif/what_if.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/scenario.hpp"

namespace fenceline::testing {

class Story {
  public:
    explicit Story(SweepOptions options = {}, Duration heartbeat_resolution = {})
        : options_(options) {
        auto opened = LifecycleStore::open(
            {.instance = "cp-a", .heartbeat_resolution = heartbeat_resolution, .clock = &clock_},
            make_memory_journal(storage_));
        REQUIRE(opened);
        store_ = std::move(*opened);
        for (const char* plane : {"cp-a", "cp-b", "cp-c"}) heard_.insert(plane);
        beat();
        does("cp-a", ReportLeadership{Leadership::acquired});
    }

    Answer does(const std::string& caller, Request request, Origin origin = Origin::unknown) {
        auto answer = store_->apply(as(caller, std::move(request), origin));
        REQUIRE_MESSAGE(answer, (answer ? "" : answer.error().text));
        return *answer;
    }
    // The same, and it must succeed.
    WorkerLease gets(const std::string& caller, Request request) {
        const auto answer = does(caller, std::move(request));
        REQUIRE(answer.transitioned());
        REQUIRE(answer.lease);
        return *answer.lease;
    }
    // A claimed worker on its way to `hot`.
    void activates(const WorkerLease& lease) {
        CHECK(does(lease.owner(), BeginActivation{lease}).transitioned());
        CHECK(does(lease.owner(), CompleteActivation{lease}).transitioned());
    }
    WorkerLease serves(const std::string& caller, const std::string& org) {
        const auto lease = gets(caller, Spawn{.image = "i", .org = org});
        CHECK(does(caller, PublishReserved{lease}).transitioned());
        activates(lease);
        return lease;
    }
    WorkerLease idles(const std::string& caller, const std::string& image = "i") {
        const auto lease = gets(caller, Spawn{.image = image});
        CHECK(does(caller, PublishIdle{lease}).transitioned());
        return lease;
    }
    [[nodiscard]] WorkerSnapshot sees(WorkerId worker) {
        const auto row = store_->observe(worker);
        REQUIRE(row);
        REQUIRE(*row);
        return **row;
    }

    void pass(Duration time) {
        for (Duration gone; gone < time; gone = gone + step) {
            breathe();
            if (++steps_ % 2 == 0) REQUIRE(store_->janitor_sweep(options_, {.caller = "cp-a"}));
        }
    }
    // 5 s without a janitor.
    void breathe() {
        clock_.advance(step);
        beat();
    }
    // From now on nothing is heard of this control plane.
    void silent(const std::string& plane) { heard_.erase(plane); }
    void back(const std::string& plane) {
        heard_.insert(plane);
        does(plane, ControlPlaneHeartbeat{});
    }

    [[nodiscard]] Position position() {
        const auto at = store_->position();
        REQUIRE(at);
        return *at;
    }
    [[nodiscard]] std::unique_ptr<Journal> journal() { return make_memory_journal(storage_); }
    [[nodiscard]] replay::WhatIf under(const replay::Policy& policy, Position after = {}) {
        auto found = replay::what_if(*journal(), {.policy = policy, .after = after});
        REQUIRE_MESSAGE(found, (found ? "" : found.error().text));
        CHECK(found->by_table == 0);
        return std::move(*found);
    }

  private:
    static constexpr Duration step = seconds(5);

    void beat() {
        for (const auto& plane : heard_) does(plane, ControlPlaneHeartbeat{});
    }

    SweepOptions options_;
    std::shared_ptr<MemoryStorage> storage_ = std::make_shared<MemoryStorage>();
    FakeClock clock_;
    std::unique_ptr<LifecycleStore> store_;
    std::set<std::string> heard_;
    int steps_ = 0;
};

// The worker must have fared otherwise.
inline const replay::WorkerOtherwise& of(const replay::WhatIf& found, WorkerId worker) {
    const auto it = std::ranges::find(found.workers, worker, &replay::WorkerOtherwise::worker);
    REQUIRE_MESSAGE(it != found.workers.end(), "worker " << worker.value << " fared the same");
    return *it;
}

}  // namespace fenceline::testing
