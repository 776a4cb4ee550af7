#include "tests/model/coverage.hpp"

#include <set>

namespace fenceline::testing {

namespace {

using Cell = std::vector<std::string>;

const std::set<std::string> active{"spawning", "idle",     "reserved", "activating",
                                   "hot",      "hot_idle", "draining"};
const std::set<std::string> but_draining{"spawning",   "idle", "reserved",
                                         "activating", "hot",  "hot_idle"};
const std::set<std::string> terminal{"retired", "lost"};

struct Row {
    std::string operation;
    std::set<std::string> legal;
};
// Section 3: where each operation that names a worker may start from.
const std::vector<Row> leases{
    {"publish_idle", {"spawning"}},
    {"publish_reserved", {"spawning"}},
    {"begin_activation", {"reserved"}},
    {"complete_activation", {"activating"}},
    {"park", {"hot"}},
    {"unpark", {"hot_idle"}},
    {"heartbeat", active},
    {"refresh_lease", but_draining},
    {"credentials_refreshed", but_draining},
    {"drain", but_draining},
    {"retire_drained", {"draining"}},
    {"mark_lost_from_lease", but_draining},
    {"retire_local", but_draining},
};
const std::vector<Row> snapshots{
    {"retire_from_snapshot", active},
    {"retire_orphan_from_snapshot", active},
    {"retire_idle_variant_from_snapshot", {"idle", "hot_idle"}},
};

void add_states(std::set<Cell>& cells, const Row& row) {
    for (const auto& state : active)
        cells.insert({row.operation, state,
                      row.legal.contains(state) ? "transitioned" : "fence_miss_state"});
    for (const auto& state : terminal) cells.insert({row.operation, state, "fence_miss_state"});
}

std::set<Cell> outcome_cells() {
    std::set<Cell> cells;
    const auto add = [&](const std::string& operation, const std::string& outcome,
                         const std::string& check) {
        cells.insert({operation, outcome, check});
    };
    for (const auto& [operation, _] : leases) {
        add(operation, "transitioned", "");
        add(operation, "row_missing", "exists");
        add(operation, "fence_miss_owner", "owner");
        add(operation, "fence_miss_epoch", "epoch");
        add(operation, "fence_miss_state", "legal_state");
        add(operation, "store_error", "request");
    }
    for (const auto& [operation, _] : snapshots) {
        add(operation, "transitioned", "");
        add(operation, "row_missing", "exists");
        add(operation, "fence_miss_owner", "owner");
        add(operation, "fence_miss_epoch", "epoch");
        add(operation, "fence_miss_state", "observed_state");
        add(operation, "fence_miss_state", "legal_state");
        add(operation, "fence_miss_updated_at", "version");
        add(operation, "store_error", "request");
    }
    add("publish_idle", "fence_miss_state", "neutral");
    add("retire_orphan_from_snapshot", "fence_miss_cp_revived", "owner_not_live");
    for (const auto* operation : {"spawn", "claim_idle"}) {
        add(operation, "org_cap", "org_cap");
        add(operation, "global_cap", "global_cap");
    }
    add("claim_hot_idle", "org_cap", "org_cap");
    for (const auto* operation : {"spawn", "claim_idle", "claim_hot_idle"}) {
        add(operation, "transitioned", "");
        add(operation, "shutting_down", "caller_stays");
        add(operation, "store_error", "request");
    }
    add("claim_idle", "no_idle", "match");
    add("claim_hot_idle", "no_idle", "match");
    add("spawn", "warm_target_met", "warm_target");
    for (const auto* operation : {"spawn", "adopt", "take_over"}) {
        add(operation, "transitioned", "");
        add(operation, "fence_miss_state", "legal_state");
        add(operation, "store_error", "request");
    }
    add("take_over", "row_missing", "exists");
    add("take_over", "fence_miss_epoch", "epoch");
    for (const auto* operation :
         {"cp_heartbeat", "cp_drain", "cp_expire_stale", "cp_expire_draining"})
        add(operation, "transitioned", "");
    add("cp_drain", "row_missing", "exists");
    for (const auto* operation :
         {"spawn_failed", "health_checked", "pod_deleted", "pod_delete_failed", "stranded_pod",
          "stranded_secret", "activation_failed", "warm_capacity_missed", "warm_capacity_targets",
          "leadership"})
        add(operation, "recorded", "");
    return cells;
}

std::set<Cell> state_cells() {
    std::set<Cell> cells;
    for (const auto& row : leases) add_states(cells, row);
    for (const auto& row : snapshots) add_states(cells, row);
    add_states(cells, {"take_over", {"hot"}});
    return cells;
}

std::string named(const Cell& cell, std::int64_t times) {
    std::string out;
    for (const auto& part : cell)
        if (!part.empty()) out += (out.empty() ? "" : ", ") + part;
    return out + ": " + std::to_string(times);
}

std::int64_t times_of(const std::map<Cell, std::int64_t>& counts, const Cell& cell) {
    const auto it = counts.find(cell);
    return it == counts.end() ? 0 : it->second;
}

}  // namespace

void Coverage::count(const Expected& e) {
    if (e.replayed) {
        ++replays_[e.operation];
        return;
    }
    if (e.outcome.empty()) return;  // refused, and no event tells of it
    if (e.outcome == "transitioned" && e.operation.starts_with("cp_expire") && e.expired.empty())
        return;
    ++outcomes_[{e.operation, e.outcome, e.check}];
    if (!e.from.empty()) ++states_[{e.operation, e.from, e.outcome}];
}

void Coverage::add(const Coverage& other) {
    for (const auto& [cell, n] : other.outcomes_) outcomes_[cell] += n;
    for (const auto& [cell, n] : other.states_) states_[cell] += n;
    for (const auto& [operation, n] : other.replays_) replays_[operation] += n;
}

std::vector<std::string> Coverage::short_of(std::int64_t times) const {
    std::vector<std::string> missing;
    for (const auto& cell : outcome_cells())
        if (const auto n = times_of(outcomes_, cell); n < times) missing.push_back(named(cell, n));
    for (const auto& cell : state_cells())
        if (const auto n = times_of(states_, cell); n < times) missing.push_back(named(cell, n));
    for (const auto& cell : outcome_cells())
        if (cell[1] == "transitioned" || cell[1] == "recorded") {
            const auto it = replays_.find(cell[0]);
            const auto n = it == replays_.end() ? 0 : it->second;
            if (n < times) missing.push_back(named({cell[0], "replayed"}, n));
        }
    return missing;
}

std::string Coverage::table() const {
    std::string out;
    for (const auto& [cell, n] : outcomes_) out += named(cell, n) + "\n";
    for (const auto& [operation, n] : replays_) out += named({operation, "replayed"}, n) + "\n";
    for (const auto& [cell, n] : states_)
        out += named({cell[0] + " from " + cell[1], cell[2]}, n) + "\n";
    return out;
}

}  // namespace fenceline::testing
