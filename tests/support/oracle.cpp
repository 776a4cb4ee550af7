// Sections 1 to 4 of the lifecycle contract: operations on workers, their fences and outcomes.

#include "tests/support/oracle.hpp"

#include <algorithm>

#include "events/limits.hpp"

namespace fenceline::testing {

namespace {

using States = std::set<std::string>;

const States any_active{"spawning", "idle",     "reserved", "activating",
                        "hot",      "hot_idle", "draining"};
const States active_but_draining{"spawning", "idle", "reserved", "activating", "hot", "hot_idle"};

std::string text(State state) {
    return state == State::none ? "" : std::string(to_text(state));
}

// The only bytes that a test of this house sends for broken UTF-8 are these two.
bool is_text(const std::string& text, std::size_t limit) {
    return text.size() <= limit && text.find('\0') == std::string::npos &&
           text.find('\xff') == std::string::npos;
}
bool is_name(const std::string& text) {
    return is_text(text, limits::name_bytes);
}
bool is_reason(const std::string& text) {
    return is_text(text, limits::reason_bytes);
}
bool is_worker(WorkerId id) {
    return id.value >= 1 && id.value <= limits::worker_id_max;
}
bool is_epoch(Epoch epoch) {
    return epoch.value >= 0 && epoch.value <= limits::epoch_max;
}

struct Sense {
    bool operator()(const Spawn& r) const {
        return (!r.worker || is_worker(*r.worker)) && is_name(r.prefix) && !r.prefix.empty() &&
               is_name(r.image) && is_name(r.org) && is_epoch(r.epoch);
    }
    bool operator()(const Adopt& r) const {
        return is_worker(r.row.worker) && is_name(r.row.pod) && is_name(r.row.image) &&
               is_name(r.row.org) && is_name(r.row.owner) && is_reason(r.row.retire_reason) &&
               is_epoch(r.row.epoch) && r.row.state != State::none;
    }
    template <typename R>
    requires requires(const R& r) { r.lease; }
    bool operator()(const R& r) const {
        bool sound = is_worker(r.lease.worker()) && is_epoch(r.lease.epoch()) &&
                     is_name(r.lease.owner()) && is_name(r.lease.image());
        if constexpr (requires { r.reason; }) sound = sound && is_reason(r.reason);
        return sound;
    }
    template <typename R>
    requires requires(const R& r) { r.snapshot; }
    bool operator()(const R& r) const {
        const WorkerView& row = r.snapshot.row();
        bool sound = is_worker(row.worker) && is_epoch(row.epoch) && is_name(row.owner) &&
                     is_name(row.image) && row.state != State::none && is_reason(r.reason);
        if constexpr (requires { r.target; })
            sound = sound && (r.target == State::retired || r.target == State::lost);
        return sound;
    }
    bool operator()(const ClaimIdle& r) const { return claims(r.org, r.image); }
    bool operator()(const ClaimHotIdle& r) const { return claims(r.org, r.image); }
    bool operator()(const TakeOver& r) const {
        return is_worker(r.worker) && is_epoch(r.epoch) && claims(r.org, {});
    }
    bool operator()(const ControlPlaneHeartbeat&) const { return true; }
    bool operator()(const ControlPlaneDrain&) const { return true; }
    bool operator()(const ExpireStaleControlPlanes&) const { return true; }
    bool operator()(const ExpireDrainingControlPlanes&) const { return true; }
    bool operator()(const ReportSpawnFailed& r) const {
        return to_text(r.reason) != "?" && is_name(r.image) && (!r.worker || is_worker(*r.worker));
    }
    bool operator()(const ReportHealthChecked& r) const {
        return to_text(r.result) != "?" && is_name(r.image) && r.count >= 1 &&
               r.count <= limits::count_max && (!r.worker || is_worker(*r.worker));
    }
    bool operator()(const ReportPodDeleted& r) const { return is_worker(r.worker); }
    bool operator()(const ReportPodDeleteFailed& r) const { return is_worker(r.worker); }
    bool operator()(const ReportStrandedPod& r) const { return to_text(r.outcome) != "?"; }
    bool operator()(const ReportStrandedSecret& r) const { return to_text(r.outcome) != "?"; }
    bool operator()(const ReportActivationFailed& r) const {
        return is_worker(r.worker) && is_name(r.image);
    }
    bool operator()(const ReportWarmCapacityMissed& r) const {
        return to_text(r.reason) != "?" && is_name(r.image);
    }
    bool operator()(const SetWarmCapacityTargets& r) const {
        return std::ranges::all_of(r.targets, [](const auto& target) {
            return !target.first.empty() && is_name(target.first) && target.second >= 0;
        });
    }
    bool operator()(const ReportLeadership& r) const { return to_text(r.leadership) != "?"; }

  private:
    static bool claims(const std::string& org, const std::string& image) {
        return !org.empty() && is_name(org) && is_name(image);
    }
};

// What a senseless request was about, for its label: kept only when it can be one.
struct Named {
    std::int64_t worker = 0;
    std::string image;
};
Named named_by(const Request& request) {
    return std::visit(
        [](const auto& r) -> Named {
            if constexpr (requires { r.lease; })
                return {r.lease.worker().value, r.lease.image()};
            else if constexpr (requires { r.snapshot; })
                return {r.snapshot.row().worker.value, r.snapshot.row().image};
            else if constexpr (requires { r.row; })
                return {r.row.worker.value, r.row.image};
            else if constexpr (requires {
                                   r.worker->value;
                                   r.prefix;
                               })
                return {r.worker.value_or(WorkerId{}).value, r.image};
            else if constexpr (requires {
                                   r.org;
                                   r.image;
                               })
                return {0, r.image};
            else if constexpr (requires {
                                   r.worker.value;
                                   r.epoch;
                               })
                return {r.worker.value, {}};
            else
                return {};
        },
        request);
}

}  // namespace

bool is_senseless(const Command& command) {
    const Ask& ask = command.ask;
    const bool for_itself = std::holds_alternative<ControlPlaneHeartbeat>(command.request) ||
                            std::holds_alternative<ControlPlaneDrain>(command.request);
    if (!is_name(ask.caller) || !is_text(ask.request_id, limits::request_id_bytes)) return true;
    if (for_itself && ask.caller.empty()) return true;
    return !std::visit(Sense{}, command.request);
}

std::string asked_image(const Command& command) {
    return is_senseless(command) ? "" : named_by(command.request).image;
}

Oracle::Oracle(std::string instance, std::int64_t resolution_ns)
    : instance_(std::move(instance)), resolution_ns_(resolution_ns) {}

const OracleWorker* Oracle::find(std::int64_t id) const {
    const auto it = workers_.find(id);
    return it == workers_.end() ? nullptr : &it->second;
}

// --- from a request to its events ---------------------------------------------------------------

Expected Oracle::apply(const Command& asked, std::int64_t now, Kept kept) {
    Command command = asked;
    if (command.ask.caller.empty()) command.ask.caller = instance_;
    at_ = std::max(now, last_at_);
    if (is_senseless(command)) return refuse_senseless(command);

    const auto name = std::pair{command.ask.caller, command.ask.request_id};
    if (const auto before = answered_.find(name); before != answered_.end()) {
        Expected again = before->second;
        again.replayed = true;
        again.events.clear();
        return again;
    }
    if (kept == Kept::in_memory) {
        const auto* beat = std::get_if<Heartbeat>(&command.request);
        if (beat) return keep_in_memory(command.ask, *beat);
    }
    Expected e = std::visit([&](const auto& r) { return judge(command.ask, r); }, command.request);
    if (!command.ask.request_id.empty() && !e.events.empty()) answered_[name] = e;
    return e;
}

bool Oracle::has_answered(const Command& asked) const {
    Command command = asked;
    if (command.ask.caller.empty()) command.ask.caller = instance_;
    return !is_senseless(command) &&
           answered_.contains({command.ask.caller, command.ask.request_id});
}

// A heartbeat that the store answered without an event: it may, when it would have transitioned
// and the last recorded one is young enough.
Expected Oracle::keep_in_memory(const Ask& ask, const Heartbeat& beat) {
    Expected e = judge_lease(ask, "heartbeat", beat.lease, any_active, {});
    const auto* row = find(e.worker);
    if (e.outcome != "transitioned" || !ask.request_id.empty() ||
        at_ - row->last_heartbeat_at > resolution_ns_)
        e.objection = "this heartbeat had to be recorded";
    Tally& tally = tallies_[run_][e.worker];
    tally.count += 1;
    tally.last_at = at_;
    tally.origin = to_text(ask.origin);
    tally.caller = beat.lease.owner();
    e.events.clear();
    return e;
}

Expected Oracle::refuse_senseless(const Command& command) {
    const std::string operation(to_text(operation_of(command.request)));
    Expected e;
    e.operation = operation;
    e.error = true;
    if (!acts_on_worker(operation_of(command.request))) return e;  // no metric counts its attempts
    const auto named = named_by(command.request);
    Ask ask = command.ask;
    ask.request_id.clear();
    if (!is_name(ask.caller)) ask.caller.clear();
    const bool known = is_worker(WorkerId{named.worker});
    e = begin(ask, operation, known ? named.worker : 0, is_name(named.image) ? named.image : "");
    e.error = true;
    e.outcome = "store_error";
    e.check = "request";
    append(e);
    return e;
}

// The answer to an operation on this worker so far: what was found, nothing decided.
Expected Oracle::begin(const Ask& ask, const std::string& operation, std::int64_t worker,
                       const std::string& asked_image) {
    Expected e;
    e.operation = operation;
    e.worker = worker;
    e.at = at_;
    OracleEvent event;
    event.operation = operation;
    event.origin = to_text(ask.origin);
    event.caller = ask.caller;
    event.request_id = ask.request_id;
    event.at = at_;
    event.image = asked_image;
    if (const auto* row = find(worker)) {
        event.image = row->image;
        event.owner = row->owner;
        event.org = row->org;
        event.epoch = row->epoch;
        event.from = row->state;
        event.version = row->version;
    }
    e.from = e.to = event.from;
    e.events.push_back(event);
    return e;
}

void Oracle::append_tally(std::int64_t worker, std::vector<OracleEvent>& events) {
    auto& tallies = tallies_[run_];
    const auto it = tallies.find(worker);
    if (it == tallies.end()) return;
    Ask nobody;
    Expected e = begin(nobody, "heartbeat", worker, {});
    OracleEvent event = e.events.back();
    event.outcome = "transitioned";
    event.origin = it->second.origin;
    event.caller = it->second.caller;
    event.worker = worker;
    event.count = it->second.count;
    event.to = event.from;
    event.position = ++position_;
    auto& row = workers_.at(worker);
    row.last_heartbeat_at = std::max(row.last_heartbeat_at, it->second.last_at);
    tallies.erase(it);
    count(event);
    events.push_back(event);
}

void Oracle::append(Expected& e) {
    OracleEvent event = e.events.back();
    e.events.clear();
    last_at_ = at_;
    append_tally(e.worker, e.events);
    event.outcome = e.outcome;
    event.check = e.check;
    event.worker = e.worker;
    event.to = e.to;
    event.position = e.position = ++position_;
    if (!e.check.empty() && e.check != "request") e.winner = event.version;
    const auto row = workers_.find(e.worker);
    if (e.outcome == "transitioned" && row != workers_.end()) {
        row->second.state = e.to;
        row->second.version = position_;
        row->second.updated_at = std::max(at_, row->second.updated_at + 1);
    }
    count(event, observed_state_);
    e.events.push_back(event);
}

std::vector<OracleEvent> Oracle::close(std::int64_t now) {
    std::vector<OracleEvent> events;
    auto& tallies = tallies_[run_];
    if (!tallies.empty()) at_ = last_at_ = std::max(now, last_at_);
    while (!tallies.empty()) append_tally(tallies.begin()->first, events);
    return events;
}

void Oracle::tallied(std::int64_t worker, std::int64_t n, std::int64_t last_beat,
                     const std::string& origin, std::int64_t at) {
    at_ = last_at_ = std::max(at, last_at_);
    tallies_[run_][worker] = {n, last_beat, origin, {}};
    std::vector<OracleEvent> ignored;
    append_tally(worker, ignored);
}

void Oracle::skip(std::int64_t positions, std::int64_t at) {
    position_ += positions;
    last_at_ = std::max(last_at_, at);
}

// --- create -------------------------------------------------------------------------------------

Expected Oracle::judge(const Ask& ask, const Spawn& asked) {
    const std::int64_t highest = workers_.empty() ? 0 : workers_.rbegin()->first;
    const std::int64_t id = asked.worker ? asked.worker->value : highest + 1;
    Expected e = begin(ask, "spawn", asked.worker ? id : 0, asked.image);
    std::int64_t warm = 0;
    for (const auto& [_, row] : workers_)
        if (row.org.empty() && (row.state == "spawning" || row.state == "idle") &&
            (asked.image.empty() || row.image == asked.image))
            ++warm;

    const auto refuse = [&](const std::string& outcome, const std::string& check) {
        e.outcome = outcome;
        e.check = check;
        append(e);
        return e;
    };
    if (is_draining(ask.caller)) return refuse("shutting_down", "caller_stays");
    if (find(id)) return refuse("fence_miss_state", "legal_state");
    if (!asked.org.empty() && asked.caps.max_org_workers > 0 &&
        count_active_of(asked.org) >= asked.caps.max_org_workers)
        return refuse("org_cap", "org_cap");
    if (asked.caps.max_global_workers > 0 && count_active() >= asked.caps.max_global_workers)
        return refuse("global_cap", "global_cap");
    if (asked.org.empty() && asked.warm_target > 0 && warm >= asked.warm_target)
        return refuse("warm_target_met", "warm_target");

    e.outcome = "transitioned";
    e.worker = id;
    e.to = "spawning";
    append(e);
    OracleWorker row;
    row.id = id;
    row.pod = asked.prefix + "-" + std::to_string(id);
    row.image = asked.image;
    row.org = asked.org;
    row.owner = ask.caller;
    row.epoch = asked.epoch.value;
    row.state = "spawning";
    row.created_at = row.updated_at = row.last_heartbeat_at = at_;
    row.version = position_;
    workers_[id] = row;
    e.lease = OracleLease{id, row.owner, row.image, row.epoch};
    return e;
}

Expected Oracle::judge(const Ask& ask, const Adopt& asked) {
    const WorkerView& given = asked.row;
    Expected e = begin(ask, "adopt", given.worker.value, given.image);
    if (find(given.worker.value)) {
        e.outcome = "fence_miss_state";
        e.check = "legal_state";
        append(e);
        return e;
    }
    e.outcome = "transitioned";
    e.to = text(given.state);
    append(e);
    OracleWorker row;
    row.id = given.worker.value;
    row.pod = given.pod;
    row.image = given.image;
    row.org = given.org;
    row.owner = given.owner;
    row.retire_reason = given.retire_reason;
    row.state = e.to;
    row.epoch = given.epoch.value;
    const auto or_now = [&](Time time) { return time.ns == 0 ? at_ : time.ns; };
    row.created_at = or_now(given.created_at);
    row.updated_at = or_now(given.updated_at);
    row.last_heartbeat_at = or_now(given.last_heartbeat_at);
    row.reserved_at = given.reserved_at.ns;
    row.activation_started_at = given.activation_started_at.ns;
    row.credentials_expire_at = given.credentials_expire_at.ns;
    row.version = position_;
    workers_[row.id] = row;
    return e;
}

// --- lease --------------------------------------------------------------------------------------

Expected Oracle::judge_lease(const Ask& ask, const std::string& operation, const WorkerLease& lease,
                             const std::set<std::string>& legal, const std::string& to) {
    Expected e = begin(ask, operation, lease.worker().value, lease.image());
    const auto* row = find(lease.worker().value);
    if (!row) {
        e.outcome = "row_missing";
        e.check = "exists";
    } else if (row->owner != lease.owner()) {
        e.outcome = "fence_miss_owner";
        e.check = "owner";
        e.wanted = lease.owner();
        e.found = row->owner;
    } else if (operation == "retire_local" ? lease.epoch().value < row->epoch
                                           : lease.epoch().value != row->epoch) {
        e.outcome = "fence_miss_epoch";
        e.check = "epoch";
        e.wanted = std::to_string(lease.epoch().value);
        e.found = std::to_string(row->epoch);
    } else if (!legal.contains(row->state)) {
        e.outcome = "fence_miss_state";
        e.check = "legal_state";
        e.found = row->state;
    } else if (operation == "publish_idle" && !row->org.empty()) {
        e.outcome = "fence_miss_state";
        e.check = "neutral";
    } else {
        e.outcome = "transitioned";
        e.to = to.empty() ? row->state : to;
    }
    return e;
}

Expected Oracle::lease_operation(const Ask& ask, const std::string& operation,
                                 const WorkerLease& lease, const std::set<std::string>& legal,
                                 const std::string& to) {
    Expected e = judge_lease(ask, operation, lease, legal, to);
    append(e);
    return e;
}

Expected Oracle::judge(const Ask& ask, const PublishIdle& r) {
    return lease_operation(ask, "publish_idle", r.lease, {"spawning"}, "idle");
}
Expected Oracle::judge(const Ask& ask, const PublishReserved& r) {
    Expected e = lease_operation(ask, "publish_reserved", r.lease, {"spawning"}, "reserved");
    // It is reserved from here on, and its activation is timed from here.
    if (e.outcome == "transitioned") workers_.at(e.worker).reserved_at = at_;
    return e;
}
Expected Oracle::judge(const Ask& ask, const BeginActivation& r) {
    Expected e = lease_operation(ask, "begin_activation", r.lease, {"reserved"}, "activating");
    if (e.outcome == "transitioned") workers_.at(e.worker).activation_started_at = at_;
    return e;
}
Expected Oracle::judge(const Ask& ask, const CompleteActivation& r) {
    Expected e = lease_operation(ask, "complete_activation", r.lease, {"activating"}, "hot");
    if (e.outcome == "transitioned") {
        const auto& row = workers_.at(e.worker);
        const auto label = row.image.empty() ? "unknown" : row.image;
        if (row.reserved_at != 0)
            for (auto* counts : {&own_, &all_})
                counts->activations[label].push_back(
                    std::max<std::int64_t>(0, at_ - row.reserved_at));
    }
    return e;
}
Expected Oracle::judge(const Ask& ask, const Park& r) {
    return lease_operation(ask, "park", r.lease, {"hot"}, "hot_idle");
}
Expected Oracle::judge(const Ask& ask, const Unpark& r) {
    return lease_operation(ask, "unpark", r.lease, {"hot_idle"}, "hot");
}
Expected Oracle::judge(const Ask& ask, const Heartbeat& r) {
    Expected e = lease_operation(ask, "heartbeat", r.lease, any_active, {});
    if (e.outcome == "transitioned") workers_.at(e.worker).last_heartbeat_at = at_;
    return e;
}
Expected Oracle::judge(const Ask& ask, const RefreshLease& r) {
    Expected e = lease_operation(ask, "refresh_lease", r.lease, active_but_draining, {});
    if (e.outcome == "transitioned") {
        auto& row = workers_.at(e.worker);
        row.epoch += 1;
        e.lease = OracleLease{row.id, row.owner, row.image, row.epoch};
    }
    return e;
}
Expected Oracle::judge(const Ask& ask, const RefreshCredentials& r) {
    Expected e = lease_operation(ask, "credentials_refreshed", r.lease, active_but_draining, {});
    if (e.outcome == "transitioned") workers_.at(e.worker).credentials_expire_at = r.expires_at.ns;
    return e;
}
Expected Oracle::judge(const Ask& ask, const Drain& r) {
    Expected e = lease_operation(ask, "drain", r.lease, active_but_draining, "draining");
    if (e.outcome == "transitioned") workers_.at(e.worker).undeleted_drain_at = at_;
    return e;
}

void Oracle::end(Expected& e, const std::string& reason) {
    if (e.outcome == "transitioned") workers_.at(e.worker).retire_reason = reason;
}
Expected Oracle::judge(const Ask& ask, const RetireDrained& r) {
    Expected e = lease_operation(ask, "retire_drained", r.lease, {"draining"}, "retired");
    end(e, r.reason);
    return e;
}
Expected Oracle::judge(const Ask& ask, const MarkLost& r) {
    Expected e = lease_operation(ask, "mark_lost_from_lease", r.lease, active_but_draining, "lost");
    end(e, r.reason);
    return e;
}
Expected Oracle::judge(const Ask& ask, const RetireLocal& r) {
    Expected e = lease_operation(ask, "retire_local", r.lease, active_but_draining, "retired");
    end(e, r.reason);
    return e;
}

// --- claim and epoch ----------------------------------------------------------------------------

// The worker changes hands: to the caller, for the org, one epoch on.
Expected Oracle::claim(const Ask& ask, Expected e, std::int64_t found, const std::string& org) {
    e = begin(ask, e.operation, found, {});
    e.outcome = "transitioned";
    e.to = "reserved";
    append(e);
    auto& row = workers_.at(found);
    row.owner = ask.caller;
    row.org = org;
    row.epoch += 1;
    row.reserved_at = at_;
    row.activation_started_at = 0;
    e.lease = OracleLease{row.id, row.owner, row.image, row.epoch};
    return e;
}

Expected Oracle::judge(const Ask& ask, const ClaimIdle& asked) {
    Expected e = begin(ask, "claim_idle", 0, asked.image);
    const auto& caps = asked.caps;
    if (is_draining(ask.caller)) {
        e.outcome = "shutting_down";
        e.check = "caller_stays";
    } else if (caps.max_org_workers > 0 && count_active_of(asked.org) >= caps.max_org_workers) {
        e.outcome = e.check = "org_cap";
    } else {
        for (const auto& [id, row] : workers_)
            if (row.state == "idle" && row.org.empty() &&
                (asked.image.empty() || row.image == asked.image))
                return claim(ask, e, id, asked.org);
        const bool full = caps.max_global_workers > 0 && count_active() >= caps.max_global_workers;
        e.outcome = full ? "global_cap" : "no_idle";
        e.check = full ? "global_cap" : "match";
    }
    append(e);
    return e;
}

Expected Oracle::judge(const Ask& ask, const ClaimHotIdle& asked) {
    Expected e = begin(ask, "claim_hot_idle", 0, asked.image);
    std::int64_t in_use = 0;
    for (const auto& [_, row] : workers_)
        if (row.org == asked.org && any_active.contains(row.state) && row.state != "hot_idle")
            ++in_use;
    if (is_draining(ask.caller)) {
        e.outcome = "shutting_down";
        e.check = "caller_stays";
    } else if (asked.caps.max_org_workers > 0 && in_use >= asked.caps.max_org_workers) {
        e.outcome = e.check = "org_cap";
    } else {
        for (const auto& [id, row] : workers_)
            if (row.state == "hot_idle" && row.org == asked.org &&
                (asked.image.empty() || row.image == asked.image))
                return claim(ask, e, id, asked.org);
        e.outcome = "no_idle";
        e.check = "match";
    }
    append(e);
    return e;
}

Expected Oracle::judge(const Ask& ask, const TakeOver& asked) {
    Expected e = begin(ask, "take_over", asked.worker.value, {});
    const auto* row = find(asked.worker.value);
    if (!row) {
        e.outcome = "row_missing";
        e.check = "exists";
    } else if (row->epoch != asked.epoch.value) {
        e.outcome = "fence_miss_epoch";
        e.check = "epoch";
        e.wanted = std::to_string(asked.epoch.value);
        e.found = std::to_string(row->epoch);
    } else if (row->state != "hot") {
        e.outcome = "fence_miss_state";
        e.check = "legal_state";
        e.found = row->state;
    } else {
        return claim(ask, e, row->id, asked.org);
    }
    append(e);
    return e;
}

// --- snapshot -----------------------------------------------------------------------------------

Expected Oracle::snapshot_operation(const Ask& ask, const std::string& operation,
                                    const WorkerSnapshot& snapshot,
                                    const std::set<std::string>& legal, const std::string& to,
                                    const std::string& reason) {
    const WorkerView& seen = snapshot.row();
    Expected e = begin(ask, operation, seen.worker.value, seen.image);
    const auto* row = find(seen.worker.value);
    const auto miss = [&](const std::string& outcome, const std::string& check,
                          const std::string& wanted, const std::string& found) {
        e.outcome = outcome;
        e.check = check;
        e.wanted = wanted;
        e.found = found;
    };
    if (!row) {
        e.outcome = "row_missing";
        e.check = "exists";
    } else if (row->owner != seen.owner) {
        miss("fence_miss_owner", "owner", seen.owner, row->owner);
    } else if (row->epoch != seen.epoch.value) {
        miss("fence_miss_epoch", "epoch", std::to_string(seen.epoch.value),
             std::to_string(row->epoch));
    } else if (row->state != text(seen.state)) {
        miss("fence_miss_state", "observed_state", text(seen.state), row->state);
    } else if (!legal.contains(row->state)) {
        e.outcome = "fence_miss_state";
        e.check = "legal_state";
        e.found = row->state;
    } else if (row->version != seen.version.value) {
        miss("fence_miss_updated_at", "version", std::to_string(seen.version.value),
             std::to_string(row->version));
    } else if (operation == "retire_orphan_from_snapshot" && is_live(row->owner)) {
        e.outcome = "fence_miss_cp_revived";
        e.check = "owner_not_live";
    } else {
        e.outcome = "transitioned";
        e.to = to;
        e.cleanup = true;
    }
    observed_state_ = text(seen.state);
    append(e);
    observed_state_.clear();
    end(e, reason);
    return e;
}

Expected Oracle::judge(const Ask& ask, const RetireFromSnapshot& r) {
    const bool lost = r.target == State::lost;
    return snapshot_operation(ask, "retire_from_snapshot", r.snapshot,
                              lost ? active_but_draining : any_active, lost ? "lost" : "retired",
                              r.reason);
}
Expected Oracle::judge(const Ask& ask, const RetireOrphan& r) {
    return snapshot_operation(ask, "retire_orphan_from_snapshot", r.snapshot, any_active, "retired",
                              r.reason);
}
Expected Oracle::judge(const Ask& ask, const RetireIdleVariant& r) {
    return snapshot_operation(ask, "retire_idle_variant_from_snapshot", r.snapshot,
                              {"idle", "hot_idle"}, "retired", r.reason);
}

}  // namespace fenceline::testing
