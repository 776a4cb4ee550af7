#include "tools/simulator/leader.hpp"

#include <array>

#include "tools/simulator/pod_keeper.hpp"
#include "tools/simulator/simulation.hpp"

namespace fenceline::tools {

namespace {

constexpr std::array active_states{State::spawning,   State::idle, State::reserved,
                                   State::activating, State::hot,  State::hot_idle,
                                   State::draining};
constexpr std::array unused_states{State::idle, State::hot_idle};

// A pod without a worker may be about to go: it is left alone for this long.
constexpr Duration stranded_grace = seconds(50);

}  // namespace

void Leader::open_loops() {
    const auto leading = [this](void (Leader::*task)()) {
        return [this, task] {
            if (self_.leading()) (this->*task)();
        };
    };
    self_.every(cadence::janitor, leading(&Leader::sweep));
    self_.every(cadence::targets, leading(&Leader::publish_targets));
    self_.every(cadence::reaper, leading(&Leader::reap_old_releases));
    self_.every(cadence::informer, leading(&Leader::look_for_vanished_pods));
    self_.every(cadence::stranded, leading(&Leader::look_for_stranded));
}

void Leader::publish_targets() {
    self_.report(SetWarmCapacityTargets{self_.simulation().warm_targets(),
                                        self_.simulation().settings().workers});
}

// --- the janitor

void Leader::sweep() {
    SweepOptions options = self_.simulation().sweep_options();
    const bool slow = self_.simulation().conditions.slow_orphan_janitor;
    if (slow) {
        retire_orphans_one_by_one();
        options.orphan_grace = self_.simulation().settings().duration;
    }
    if (auto swept = self_.store().janitor_sweep(options); !swept)
        self_.simulation().fail(std::move(swept.error()));
}

// A janitor that asks the cluster about each orphan before it ends it: between its list and its
// deed there are seconds, in which an owner can come back.
void Leader::retire_orphans_one_by_one() {
    const Time before =
        self_.simulation().clock().now() - self_.simulation().sweep_options().orphan_grace;
    const auto rows = self_.store().orphaned(before);
    if (!rows) return self_.simulation().fail(rows.error());
    const auto& found = self_.simulation().conditions.orphans_found;
    if (!rows->empty() && found) found();
    std::int64_t nth = 0;
    for (const auto& row : *rows)
        self_.after(milliseconds(500 * ++nth), [this, row] {
            (void)self_.take(self_.store().retire_orphan_from_snapshot(
                row, retire_reason::orphaned, {.origin = Origin::janitor_orphan}));
        });
}

// --- the reapers

void Leader::reap_old_releases() {
    const Time from_now = self_.simulation().clock().now() + seconds(1);
    const auto rows = self_.store().by_states_before(unused_states, from_now);
    if (!rows) return self_.simulation().fail(rows.error());
    std::int64_t nth = 0;
    for (const auto& row : *rows) {
        if (self_.simulation().in_use(row.row().image)) continue;
        self_.after(milliseconds(60 * ++nth), [this, row] {
            (void)self_.take(self_.store().retire_idle_variant_from_snapshot(
                row, retire_reason::mismatched_version,
                {.origin = Origin::mismatched_version_reaper}));
        });
    }
}

void Leader::look_for_vanished_pods() {
    const Time from_now = self_.simulation().clock().now() + seconds(1);
    const auto rows = self_.store().by_states_before(active_states, from_now);
    if (!rows) return self_.simulation().fail(rows.error());
    for (const auto& row : *rows) {
        const Pod* pod = self_.simulation().pods.find(row.row().worker);
        if (!pod || !pod->node_is_gone) continue;
        const auto delay = self_.random().between(milliseconds(50), milliseconds(900));
        self_.after(delay, [this, row] {
            // A worker that is being drained ends in order even so.
            const State target = row.row().state == State::draining ? State::retired : State::lost;
            (void)self_.take(self_.store().retire_from_snapshot(
                row, target, retire_reason::crash, {.origin = Origin::informer_crash}));
        });
    }
}

// --- what was left behind

void Leader::look_for_stranded() {
    const Time now = self_.simulation().clock().now();
    const auto rows = self_.store().by_states_before(active_states, now + seconds(1));
    if (!rows) return self_.simulation().fail(rows.error());
    std::set<WorkerId> active;
    for (const auto& row : *rows) active.insert(row.row().worker);
    std::map<WorkerId, Time> seen;
    std::vector<WorkerId> old;
    for (const auto& [worker, pod] : self_.simulation().pods.all()) {
        if (active.contains(worker)) continue;
        const auto before = stranded_since_.find(worker);
        const Time since = before == stranded_since_.end() ? now : before->second;
        seen.emplace(worker, since);
        if (since == now) self_.report(ReportStrandedPod{StrandedOutcome::kept});
        if (now - since >= stranded_grace) old.push_back(worker);
    }
    stranded_since_ = std::move(seen);
    for (const WorkerId worker : old) reconcile_pod(worker);
    reconcile_secrets();
}

void Leader::reconcile_pod(WorkerId worker) {
    const auto row = self_.store().observe(worker);
    if (!row) return self_.simulation().fail(row.error());
    if (!self_.simulation().pods.remove(worker))
        return self_.report(ReportStrandedPod{StrandedOutcome::delete_failed});
    stranded_since_.erase(worker);
    self_.report(ReportStrandedPod{*row ? StrandedOutcome::deleted_terminal_row
                                        : StrandedOutcome::deleted_missing_row});
    if (*row) self_.report(ReportPodDeleted{worker});
}

void Leader::reconcile_secrets() {
    const auto secrets = self_.simulation().pods.stranded_secrets();
    for (const WorkerId worker : secrets) {
        const bool gone = self_.simulation().pods.remove_secret(worker);
        self_.report(
            ReportStrandedSecret{gone ? StrandedOutcome::deleted : StrandedOutcome::delete_failed});
    }
}

}  // namespace fenceline::tools
