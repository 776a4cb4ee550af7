#include "tools/exec/query_answers.hpp"

namespace fenceline::tools {

namespace {

Json list_of(const std::vector<WorkerSnapshot>& snapshots) {
    Json out = Json::array();
    for (const auto& snapshot : snapshots) out.push_back(json_of(snapshot.row()));
    return out;
}

Json list_of(const std::vector<Answer>& answers) {
    Json out = Json::array();
    for (const auto& answer : answers) out.push_back(json_of(answer));
    return out;
}

Json stats_of(const std::vector<LifecycleStat>& stats) {
    Json out = Json::array();
    for (const auto& stat : stats)
        out.push_back({{"image", stat.image},
                       {"state", to_text(stat.state)},
                       {"binding", to_text(stat.binding)},
                       {"count", stat.count}});
    return out;
}

Result<std::vector<WorkerSnapshot>> rows_of(LifecycleStore& store, const Query& query) {
    switch (query.name) {
        case QueryName::orphaned: return store.orphaned(query.before);
        case QueryName::stuck: return store.stuck(query.before, query.activating_before);
        case QueryName::expired_hot_idle: return store.expired_hot_idle(query.before);
        case QueryName::by_states_before: return store.by_states_before(query.states, query.before);
        default: return store.due_for_credential_refresh(query.owner, query.before);
    }
}

// The answer of a query under `key`, made from what the store gave.
template <typename T, typename Make>
Result<Json> answer(const Query& query, const char* key, Result<T> found, Make make) {
    if (!found) return tl::unexpected<Error>(std::move(found.error()));
    return Json{{"query", query.text}, {key, make(*found)}};
}

}  // namespace

Result<Json> answer_query(LifecycleStore& store, const Query& query) {
    switch (query.name) {
        case QueryName::observe:
            return answer(query, "snapshot", store.observe(query.worker), [](const auto& found) {
                return found ? json_of(found->row()) : Json(nullptr);
            });
        case QueryName::lifecycle_stats:
            return answer(query, "stats", store.lifecycle_stats(),
                          [](const auto& stats) { return stats_of(stats); });
        case QueryName::live_control_planes:
            return answer(query, "control_planes", store.live_control_planes(),
                          [](const auto& ids) { return Json(ids); });
        case QueryName::position:
            return answer(query, "position", store.position(),
                          [](Position position) { return Json(position.value); });
        case QueryName::targets: {
            const auto warm = store.warm_targets();
            if (!warm) return tl::unexpected<Error>(warm.error());
            Json targets = Json::object();
            for (const auto& [image, target] : warm->targets) targets[image] = target;
            return Json{{"query", query.text},
                        {"targets", std::move(targets)},
                        {"headroom", warm->headroom}};
        }
        default:
            return answer(query, "snapshots", rows_of(store, query),
                          [](const auto& rows) { return list_of(rows); });
    }
}

Json json_of(const SweepReport& report) {
    return {{"op", "janitor_sweep"},
            {"expired_stale", report.expired_stale},
            {"expired_draining", report.expired_draining},
            {"orphans", list_of(report.orphans)},
            {"stuck", list_of(report.stuck)},
            {"hot_idle", list_of(report.hot_idle)}};
}

}  // namespace fenceline::tools
