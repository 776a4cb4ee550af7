#include "tools/simulator/scenario.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include "tools/simulator/contest.hpp"
#include "tools/simulator/pod_keeper.hpp"
#include "tools/simulator/simulation.hpp"

namespace fenceline::tools {

namespace {

// A quiet day, but for one replica that dies and comes back.
void steady(Simulation& simulation) {
    simulation.at_percent(55, [&simulation] {
        simulation.replica("cp-b").crash();
        simulation.plan(seconds(8),
                        [&simulation] { simulation.deploy("cp-b", simulation.deployed()); });
    });
}

// A new release, replica after replica: the new boot starts, the old one drains. One of them has
// a session that does not end, and drains for too long.
void rollout(Simulation& simulation) {
    const std::size_t next = simulation.deployed() + 1;
    for (std::int64_t nth = 0; nth < simulation.settings().replicas; ++nth) {
        const auto name = Simulation::replica_name(nth);
        const int begins = static_cast<int>(20 + nth * 40 / simulation.settings().replicas);
        simulation.at_percent(begins, [&simulation, name, next, nth] {
            Replica& old = simulation.replica(name);
            simulation.deploy(name, next);
            if (nth == 1) old.hold_on_to_sessions(2);
            simulation.plan(seconds(6), [&old] { old.begin_drain(); });
        });
    }
}

void epoch_pileup(Simulation& simulation) {
    auto contest = std::make_shared<Contest>(simulation, "cp-a", "cp-b");
    const auto workers = static_cast<std::size_t>(
        std::clamp<std::int64_t>(simulation.settings().workers / 25, 2, 12));
    simulation.at_percent(35, [contest, workers] { Contest::begin(contest, workers); });
    simulation.at_percent(65, [contest] { contest->end(); });
}

// One replica after another stops for a minute, as in a long pause of its process, and comes back
// while the janitor works its way through its workers.
void orphan_race(Simulation& simulation) {
    simulation.conditions.slow_orphan_janitor = true;
    constexpr std::array pauses{25, 45, 65};
    for (std::size_t i = 0; i < pauses.size(); ++i) {
        const auto name =
            Simulation::replica_name(i % 2 == 0 ? 1 : simulation.settings().replicas - 1);
        simulation.at_percent(pauses[i], [&simulation, name] {
            simulation.replica(name).cut_off();
            simulation.conditions.orphans_found = [&simulation, name] {
                simulation.plan(milliseconds(1'300), [&simulation, name] {
                    simulation.conditions.orphans_found = nullptr;
                    simulation.replica(name).come_back();
                });
            };
        });
    }
}

// The catalog of the newest image stops answering; activations hang until somebody ends them.
void stuck_activating(Simulation& simulation) {
    simulation.at_percent(30, [&simulation] {
        simulation.conditions.activation_hang = Permille{750};
        simulation.conditions.activation_failure = Permille{60};
        // The parked workers have their catalogs: without them every client meets the fault.
        simulation.conditions.retired_after_session = Permille{900};
        simulation.conditions.demand_percent = 140;
    });
    simulation.at_percent(60, [&simulation] {
        const Conditions calm;
        simulation.conditions.activation_hang = calm.activation_hang;
        simulation.conditions.activation_failure = calm.activation_failure;
        simulation.conditions.retired_after_session = calm.retired_after_session;
        simulation.conditions.demand_percent = calm.demand_percent;
    });
}

// Workers are let go in waves while the cluster does not delete their pods.
void pod_delete_failures(Simulation& simulation) {
    simulation.at_percent(30, [&simulation] {
        simulation.conditions.pod_delete_failure = Permille{850};
        simulation.conditions.retired_after_session = Permille{500};
    });
    simulation.at_percent(60, [&simulation] {
        const Conditions calm;
        simulation.conditions.pod_delete_failure = calm.pod_delete_failure;
        simulation.conditions.retired_after_session = calm.retired_after_session;
    });
}

// The leader itself is cut off: it is expired, its workers are taken over or ended, and another
// leads by the time that it comes back with what it still believes.
void cp_partition(Simulation& simulation) {
    simulation.at_percent(30, [&simulation] {
        Replica& lost = simulation.replica("cp-a");
        lost.cut_off();
        simulation.scatter_clients(lost);
    });
    simulation.at_percent(50, [&simulation] { simulation.replica("cp-a").come_back(); });
}

// More demand than the pool holds, and replicas that are replaced in the middle of it.
void capacity_crunch(Simulation& simulation) {
    simulation.at_percent(30, [&simulation] {
        simulation.conditions.demand_percent = 320;
        simulation.conditions.max_org_workers =
            std::max<std::int64_t>(2, simulation.settings().workers * 18 / 100);
    });
    const auto replace = [&simulation](const std::string& name) {
        Replica& old = simulation.replica(name);
        simulation.deploy(name, simulation.deployed());
        old.begin_drain();
    };
    const auto last = Simulation::replica_name(simulation.settings().replicas - 1);
    simulation.at_percent(38, [replace] { replace("cp-b"); });
    simulation.at_percent(48, [replace, last] { replace(last); });
    simulation.at_percent(60, [&simulation] { simulation.conditions.demand_percent = 70; });
}

constexpr std::array<Scenario, 8> all{{
    {"steady", "mild traffic, and one replica that crashes and comes back",
     Scenario::Releases::stay, steady},
    {"rollout", "a new image, replica after replica; the old one's workers are reaped",
     Scenario::Releases::change, rollout},
    {"epoch-pileup", "two replicas fight over the same workers and their epochs climb",
     Scenario::Releases::stay, epoch_pileup},
    {"orphan-race", "replicas come back while the janitor ends their workers",
     Scenario::Releases::stay, orphan_race},
    {"stuck-activating", "activations hang until the janitor ends them", Scenario::Releases::stay,
     stuck_activating},
    {"pod-delete-failures", "pods are not deleted; drains take long and pods are stranded",
     Scenario::Releases::stay, pod_delete_failures},
    {"cp-partition", "the leader is cut off, expired, and comes back with old leases",
     Scenario::Releases::stay, cp_partition},
    {"capacity-crunch", "more demand than the caps allow", Scenario::Releases::stay,
     capacity_crunch},
}};

}  // namespace

std::span<const Scenario> scenarios() {
    return all;
}

const Scenario* find_scenario(std::string_view name) {
    const auto found = std::ranges::find(all, name, &Scenario::name);
    return found == all.end() ? nullptr : &*found;
}

}  // namespace fenceline::tools
