#pragma once

// What a simulation is asked to be, and the weather in it.
//
// Settings are the user's arguments: they and the program decide every event. Conditions are what
// a scenario changes while the simulation runs: how often pods fail, how large the demand is.

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "events/ids.hpp"
#include "events/labels.hpp"
#include "events/time.hpp"
#include "journal/journal.hpp"
#include "tools/simulator/random.hpp"

namespace fenceline::tools {

struct SimulationSettings {
    // Opens the journal once more: each replica has a connection of its own. The clock is the
    // simulation's, for what a new journal says about itself.
    std::function<Result<std::unique_ptr<Journal>>(Clock&)> open_journal;
    std::string scenario = "steady";
    std::int64_t workers = 200;  // the cap of the pool
    std::int64_t orgs = 12;
    std::int64_t images = 2;
    std::int64_t replicas = 3;
    Duration duration = seconds(30 * 60);
    std::uint64_t seed = 1;
    Time start{1'779'616'800'000'000'000};  // 2026-05-24T10:00:00Z
    // Told now and then how much simulated time has gone by.
    std::function<void(Duration)> progress;
};

// What a simulation can be asked for.
namespace simulation_limits {
inline constexpr std::int64_t workers = 10'000;
inline constexpr std::int64_t orgs = 1'000;
inline constexpr std::int64_t images = 20;
inline constexpr std::int64_t replicas = 9;
inline constexpr Duration shortest = seconds(60);
inline constexpr Duration longest = seconds(24 * 60 * 60);
}  // namespace simulation_limits

// `invalid_request` for what is out of these ranges, and for a scenario that is not known.
[[nodiscard]] Result<void> check_settings(const SimulationSettings& settings);

struct Conditions {
    Permille spawn_failure{15};
    Permille activation_failure{10};
    Permille activation_hang{0};
    Permille pod_delete_failure{8};
    Permille secret_delete_failure{15};
    Permille retired_after_session{150};  // the rest is parked for its org
    std::int64_t demand_percent = 100;
    std::int64_t warm_percent = 100;
    std::int64_t max_org_workers = 0;
    std::int64_t max_global_workers = 0;
    bool pod_watchers = true;             // replicas end their own activations that hang
    bool slow_orphan_janitor = false;     // lists orphans, then ends them one by one
    std::function<void()> orphans_found;  // called when that janitor has listed some
    std::set<WorkerId> contested;         // two replicas believe that they own these
};

// Someone who asked for a session.
struct Client {
    std::size_t org = 0;
    int attempts = 0;
};

// How often each replica does what.
namespace cadence {
inline constexpr Duration control_plane_heartbeat = seconds(5);
inline constexpr Duration own_list = seconds(4);
inline constexpr Duration worker_heartbeat = seconds(30);
inline constexpr Duration heartbeat_resolution = seconds(120);
inline constexpr Duration health_check = seconds(10);
inline constexpr Duration credentials = seconds(30);
inline constexpr Duration scrape = seconds(60);
inline constexpr Duration renewal = seconds(60);
inline constexpr Duration warm_pool = seconds(5);
inline constexpr Duration janitor = seconds(10);
inline constexpr Duration targets = seconds(60);
inline constexpr Duration reaper = seconds(15);
inline constexpr Duration informer = seconds(20);
inline constexpr Duration stranded = seconds(60);
}  // namespace cadence

}  // namespace fenceline::tools
