// Control planes, observations and lists: the rest of sections 3 and 5 of the lifecycle contract.

#include <algorithm>

#include "tests/support/oracle.hpp"

namespace fenceline::testing {

namespace {

bool is_active_state(const std::string& state) {
    return !state.empty() && state != "retired" && state != "lost";
}
std::string image_label(const std::string& image) {
    return image.empty() ? "unknown" : image;
}

template <typename E>
std::string text(E value) {
    return std::string(to_text(value));
}

}  // namespace

bool Oracle::is_live(const std::string& instance) const {
    const auto it = planes_.find(instance);
    return it != planes_.end() && it->second.state != "expired";
}
bool Oracle::is_draining(const std::string& instance) const {
    const auto it = planes_.find(instance);
    return it != planes_.end() && it->second.state == "draining";
}
std::int64_t Oracle::count_active() const {
    return std::ranges::count_if(workers_,
                                 [](const auto& w) { return is_active_state(w.second.state); });
}
std::int64_t Oracle::count_active_of(const std::string& org) const {
    return std::ranges::count_if(workers_, [&](const auto& w) {
        return w.second.org == org && is_active_state(w.second.state);
    });
}

// --- control planes -----------------------------------------------------------------------------

Expected Oracle::judge(const Ask& ask, const ControlPlaneHeartbeat&) {
    Expected e = begin(ask, "cp_heartbeat", 0, {});
    e.outcome = "transitioned";
    e.events.back().instance = ask.caller;
    append(e);
    const bool known = planes_.contains(ask.caller);
    auto& plane = planes_[ask.caller];
    if (!known) plane.started_at = at_;
    if (plane.state != "draining") plane.state = "active";
    plane.last_heartbeat_at = at_;
    plane.expired_at = 0;
    return e;
}

Expected Oracle::judge(const Ask& ask, const ControlPlaneDrain&) {
    Expected e = begin(ask, "cp_drain", 0, {});
    const auto plane = planes_.find(ask.caller);
    e.outcome = plane == planes_.end() ? "row_missing" : "transitioned";
    e.check = plane == planes_.end() ? "exists" : "";
    e.events.back().instance = ask.caller;
    append(e);
    if (plane == planes_.end()) return e;
    if (plane->second.state != "draining") plane->second.draining_at = at_;
    plane->second.state = "draining";
    plane->second.expired_at = 0;
    return e;
}

// One event each, in the order of their ids.
Expected Oracle::expire(const Ask& ask, const std::string& operation,
                        const std::set<std::string>& instances) {
    Expected all;
    all.operation = operation;
    all.outcome = "transitioned";
    all.at = at_;
    for (const auto& instance : instances) {
        Expected e = begin(ask, operation, 0, {});
        e.outcome = "transitioned";
        e.events.back().instance = instance;
        append(e);
        planes_.at(instance).state = "expired";
        planes_.at(instance).expired_at = at_;
        if (all.events.empty()) all.position = e.position;
        all.events.push_back(e.events.back());
        all.expired.push_back(instance);
    }
    return all;
}

Expected Oracle::judge(const Ask& ask, const ExpireStaleControlPlanes& asked) {
    std::set<std::string> stale;
    for (const auto& [id, plane] : planes_)
        if (plane.state != "expired" && plane.last_heartbeat_at < asked.before.ns) stale.insert(id);
    return expire(ask, "cp_expire_stale", stale);
}
Expected Oracle::judge(const Ask& ask, const ExpireDrainingControlPlanes& asked) {
    std::set<std::string> draining;
    for (const auto& [id, plane] : planes_)
        if (plane.state == "draining" && plane.draining_at <= asked.before.ns) draining.insert(id);
    return expire(ask, "cp_expire_draining", draining);
}

// --- observations -------------------------------------------------------------------------------

Expected Oracle::observation(const Ask& ask, const std::string& operation, std::int64_t worker,
                             const std::string& image) {
    Expected e = begin(ask, operation, worker, image);
    if (!image.empty()) e.events.back().image = image;  // what was reported, not what is known
    e.outcome = "recorded";
    append(e);
    return e;
}

void Oracle::observe(const std::vector<std::string>& series, std::int64_t n) {
    own_.observed[series] += n;
    all_.observed[series] += n;
}

Expected Oracle::judge(const Ask& ask, const ReportSpawnFailed& r) {
    Expected e = observation(ask, "spawn_failed", r.worker.value_or(WorkerId{}).value, r.image);
    observe({"worker_spawn_failures_total", text(r.reason), image_label(e.events.back().image)}, 1);
    return e;
}
Expected Oracle::judge(const Ask& ask, const ReportHealthChecked& r) {
    Expected e = observation(ask, "health_checked", r.worker.value_or(WorkerId{}).value, r.image);
    e.events.back().count = r.count;
    observe({"worker_health_checks_total", text(r.result), image_label(e.events.back().image)},
            r.count);
    return e;
}
Expected Oracle::judge(const Ask& ask, const ReportPodDeleted& r) {
    Expected e = observation(ask, "pod_deleted", r.worker.value, {});
    const auto row = workers_.find(r.worker.value);
    if (row == workers_.end()) return e;
    if (row->second.state == "draining" && row->second.undeleted_drain_at != 0)
        for (auto* counts : {&own_, &all_})
            counts->drains.push_back(at_ - row->second.undeleted_drain_at);
    row->second.undeleted_drain_at = 0;
    return e;
}
Expected Oracle::judge(const Ask& ask, const ReportPodDeleteFailed& r) {
    return observation(ask, "pod_delete_failed", r.worker.value, {});
}
Expected Oracle::judge(const Ask& ask, const ReportStrandedPod& r) {
    observe({"worker_stranded_pods_reconciled_total", text(r.outcome)}, 1);
    return observation(ask, "stranded_pod", 0, {});
}
Expected Oracle::judge(const Ask& ask, const ReportStrandedSecret& r) {
    observe({"worker_stranded_secrets_reconciled_total", text(r.outcome)}, 1);
    return observation(ask, "stranded_secret", 0, {});
}
Expected Oracle::judge(const Ask& ask, const ReportActivationFailed& r) {
    Expected e = observation(ask, "activation_failed", r.worker.value, r.image);
    observe({"activation_failures_total", image_label(e.events.back().image)}, 1);
    return e;
}
Expected Oracle::judge(const Ask& ask, const ReportWarmCapacityMissed& r) {
    observe({"warm_capacity_misses_total", image_label(r.image), text(r.reason)}, 1);
    return observation(ask, "warm_capacity_missed", 0, r.image);
}
Expected Oracle::judge(const Ask& ask, const SetWarmCapacityTargets& r) {
    Expected e = observation(ask, "warm_capacity_targets", 0, {});
    targets_.clear();
    for (const auto& [image, target] : r.targets) targets_[image] = target;
    max_workers_ = r.max_workers;
    targeted_ = true;
    return e;
}
Expected Oracle::judge(const Ask& ask, const ReportLeadership& r) {
    Expected e = observation(ask, "leadership", 0, {});
    leadership_[ask.caller] = text(r.leadership);
    return e;
}

// --- lists --------------------------------------------------------------------------------------

Oracle::Ids Oracle::orphaned(std::int64_t before) const {
    Ids ids;
    for (const auto& [id, row] : workers_) {
        if (!is_active_state(row.state)) continue;
        const auto owner = planes_.find(row.owner);
        const bool unknown = row.owner.empty() || owner == planes_.end();
        if (unknown ? row.last_heartbeat_at <= before
                    : owner->second.state == "expired" && owner->second.expired_at <= before)
            ids.push_back(id);
    }
    return ids;
}

Oracle::Ids Oracle::stuck(std::int64_t spawning_before, std::int64_t activating_before) const {
    Ids ids;
    for (const auto& [id, row] : workers_) {
        const auto owner = planes_.find(row.owner);
        if (owner != planes_.end() && owner->second.state == "expired") continue;
        if (row.state == "spawning" && row.updated_at <= spawning_before) ids.push_back(id);
        if ((row.state == "reserved" || row.state == "activating") &&
            row.updated_at <= activating_before)
            ids.push_back(id);
    }
    return ids;
}

Oracle::Ids Oracle::expired_hot_idle(std::int64_t before) const {
    return by_states_before({"hot_idle"}, before);
}

Oracle::Ids Oracle::by_states_before(const std::set<std::string>& states,
                                     std::int64_t before) const {
    Ids ids;
    for (const auto& [id, row] : workers_)
        if (states.contains(row.state) && row.updated_at <= before) ids.push_back(id);
    return ids;
}

Oracle::Ids Oracle::due_for_credential_refresh(const std::string& owner,
                                               std::int64_t cutoff) const {
    std::vector<std::pair<std::int64_t, std::int64_t>> due;  // unset is 0, so first
    for (const auto& [id, row] : workers_)
        if (row.owner == owner && !row.org.empty() &&
            (row.state == "idle" || row.state == "hot" || row.state == "hot_idle") &&
            row.credentials_expire_at <= cutoff)
            due.emplace_back(row.credentials_expire_at, id);
    std::ranges::sort(due);
    Ids ids;
    for (const auto& [_, id] : due) ids.push_back(id);
    return ids;
}

std::map<std::vector<std::string>, std::int64_t> Oracle::stats() const {
    std::map<std::vector<std::string>, std::int64_t> counts;
    for (const auto& [_, row] : workers_)
        if (is_active_state(row.state) && !row.image.empty())
            ++counts[{row.image, row.state, row.org.empty() ? "neutral" : "org_bound"}];
    return counts;
}

std::vector<std::string> Oracle::live_planes() const {
    std::vector<std::string> ids;
    for (const auto& [id, _] : planes_)
        if (is_live(id)) ids.push_back(id);
    return ids;
}

}  // namespace fenceline::testing
