#include "tests/support/store_queries.hpp"

#include "tests/support/oracle_compare.hpp"

namespace fenceline::testing {

std::string rows_differ(LifecycleStore& store, const Oracle& oracle) {
    for (const auto& [id, row] : oracle.workers()) {
        const auto seen = store.observe(WorkerId{id});
        if (!seen) return "observe: " + seen.error().text;
        if (!*seen) return "observe: worker " + std::to_string(id) + " is gone";
        if (auto what = difference(row, (*seen)->row()); !what.empty()) return "observe: " + what;
    }
    const auto nobody = store.observe(WorkerId{1'000'000'007});
    if (!nobody) return "observe: " + nobody.error().text;
    if (*nobody) return "observe: there is a worker that nobody made";
    const auto at = store.position();
    if (!at) return "position: " + at.error().text;
    if (at->value == oracle.position()) return {};
    return "position: expected " + std::to_string(oracle.position()) + ", found " +
           std::to_string(at->value);
}

std::string list_differs(const std::string& name, const Result<std::vector<WorkerSnapshot>>& rows,
                         const Oracle::Ids& ids, const Oracle& oracle) {
    if (!rows) return name + ": " + rows.error().text;
    std::string expected, found;
    for (const auto id : ids) expected += " " + std::to_string(id);
    for (const auto& row : *rows) found += " " + std::to_string(row.row().worker.value);
    if (expected != found) return name + ": expected" + expected + "; found" + found;
    for (const auto& row : *rows)
        if (auto what = difference(*oracle.find(row.row().worker.value), row.row()); !what.empty())
            return name + ": " + what;
    return {};
}

std::string pool_differs(LifecycleStore& store, const Oracle& oracle) {
    const auto stats = store.lifecycle_stats();
    if (!stats) return "lifecycle_stats: " + stats.error().text;
    std::map<std::vector<std::string>, std::int64_t> counts;
    for (const auto& stat : *stats)
        counts[{stat.image, std::string(to_text(stat.state)), std::string(to_text(stat.binding))}] =
            stat.count;
    if (counts != oracle.stats() || counts.size() != stats->size())
        return "lifecycle_stats: the counts differ";

    const auto live = store.live_control_planes();
    if (!live) return "live_control_planes: " + live.error().text;
    if (*live != oracle.live_planes()) return "live_control_planes: other ones are live";

    const auto targets = store.warm_targets();
    if (!targets) return "warm_targets: " + targets.error().text;
    const std::map<std::string, std::int64_t> wanted(targets->targets.begin(),
                                                     targets->targets.end());
    if (wanted != oracle.targets()) return "warm_targets: other targets";
    const auto headroom = oracle.leads() ? oracle.headroom() : -1;
    if (targets->headroom == headroom) return {};
    return "warm_targets: expected headroom " + std::to_string(headroom) + ", found " +
           std::to_string(targets->headroom);
}

std::vector<Command> sweep_step(int step, const Oracle& oracle, const SweepOptions& options,
                                const Ask& leader, std::int64_t now) {
    std::vector<Command> commands;
    const auto retire = [&](const Oracle::Ids& ids, Origin origin, auto make) {
        for (const auto id : ids)
            commands.push_back({{.caller = leader.caller, .origin = origin},
                                make(LifecycleStore::snapshot_for(view_of(*oracle.find(id))))});
    };
    switch (step) {
        case 0: return {{leader, ExpireStaleControlPlanes{{now - options.instance_stale.ns}}}};
        case 1:
            return {{leader, ExpireDrainingControlPlanes{{now - options.instance_draining.ns}}}};
        case 2:
            retire(oracle.orphaned(now - options.orphan_grace.ns), Origin::janitor_orphan,
                   [](const auto& row) {
                       return RetireOrphan{row, "orphaned"};
                   });
            return commands;
        case 3:
            retire(oracle.stuck(now - options.stuck_spawning.ns, now - options.stuck_activating.ns),
                   Origin::janitor_stuck_activating, [](const auto& row) {
                       return RetireFromSnapshot{row, State::retired, "stuck_activating"};
                   });
            return commands;
        default:
            retire(oracle.expired_hot_idle(now - options.hot_idle_ttl.ns),
                   Origin::janitor_hot_idle_ttl, [](const auto& row) {
                       return RetireIdleVariant{row, "hot_idle_ttl_expired"};
                   });
            return commands;
    }
}

const std::vector<Answer>& step_answers(int step, const SweepReport& report) {
    return step == 2 ? report.orphans : step == 3 ? report.stuck : report.hot_idle;
}

}  // namespace fenceline::testing
