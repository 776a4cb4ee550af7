#include "tools/exec/request.hpp"

#include <array>

#include "events/limits.hpp"
#include "tools/exec/strict_json.hpp"

namespace fenceline::tools {

namespace {

struct NamedQuery {
    std::string_view text;
    QueryName name;
};
constexpr std::array queries{
    NamedQuery{"observe", QueryName::observe},
    NamedQuery{"orphaned", QueryName::orphaned},
    NamedQuery{"stuck", QueryName::stuck},
    NamedQuery{"expired_hot_idle", QueryName::expired_hot_idle},
    NamedQuery{"by_states_before", QueryName::by_states_before},
    NamedQuery{"due_for_credential_refresh", QueryName::due_for_credential_refresh},
    NamedQuery{"lifecycle_stats", QueryName::lifecycle_stats},
    NamedQuery{"live_control_planes", QueryName::live_control_planes},
    NamedQuery{"targets", QueryName::targets},
    NamedQuery{"position", QueryName::position},
};

constexpr std::string_view sweep_name = "janitor_sweep";

Caps caps_of(Fields& f) {
    return {.max_org_workers = f.integer("max_org_workers"),
            .max_global_workers = f.integer("max_global_workers")};
}

std::optional<WorkerId> worker_if_given(Fields& f) {
    if (!f.has("worker")) return std::nullopt;
    return WorkerId{f.integer("worker")};
}

// The lease of a lease operation. The worker may be named beside it, for a reader of the log; it
// must then be the same one.
WorkerLease lease_of(Fields& f) {
    auto lease = f.lease("lease");
    if (const auto worker = worker_if_given(f); worker && *worker != lease.worker())
        f.complain("\"worker\" is not the lease's");
    return lease;
}

WorkerSnapshot snapshot_of(Fields& f) {
    auto snapshot = f.snapshot("snapshot");
    if (const auto worker = worker_if_given(f); worker && *worker != snapshot.row().worker)
        f.complain("\"worker\" is not the snapshot's");
    return snapshot;
}

Spawn spawn_of(Fields& f) {
    Spawn spawn;
    spawn.worker = worker_if_given(f);
    if (f.has("prefix")) spawn.prefix = f.text("prefix");
    spawn.image = f.text("image");
    spawn.org = f.text("org");
    spawn.epoch = Epoch{f.integer("epoch")};
    spawn.caps = caps_of(f);
    spawn.warm_target = f.integer("warm_target");
    return spawn;
}

// What a miss is counted under: a reason outside the set becomes `no_idle` (section 5 of the
// lifecycle contract), an empty one is refused.
MissReason miss_reason_of(Fields& f) {
    const auto text = f.text("reason", Need::required);
    if (text.empty()) f.complain("\"reason\" is empty");
    return from_text<MissReason>(text).value_or(MissReason::no_idle);
}

std::uint32_t count_of(Fields& f) {
    const auto count = f.integer("count", Need::optional, 1);
    if (count < 1 || count > limits::count_max) {
        f.complain("\"count\" must be from 1 to " + std::to_string(limits::count_max));
        return 1;
    }
    return static_cast<std::uint32_t>(count);
}

// Observations may name their worker and image even where they carry neither.
template <typename Report>
Report without_worker(Fields& f, Report report) {
    f.know("worker");
    f.know("image");
    return report;
}

template <typename LeaseOperation>
Request lease_request(Fields& f) {
    if constexpr (requires(LeaseOperation o) { o.reason; }) {
        auto lease = lease_of(f);
        return LeaseOperation{std::move(lease), f.text("reason")};
    } else {
        return LeaseOperation{lease_of(f)};
    }
}

template <typename Report>
Request of_worker(Fields& f) {
    f.know("image");
    return Report{WorkerId{f.integer("worker", Need::required)}};
}

Request observation_of(Operation operation, Fields& f) {
    switch (operation) {
        case Operation::spawn_failed: {
            const auto reason = f.label<SpawnFailureReason>("reason", Need::required);
            return ReportSpawnFailed{reason.value_or(SpawnFailureReason::other), f.text("image"),
                                     worker_if_given(f)};
        }
        case Operation::health_checked: {
            const auto result = f.label<HealthResult>("result", Need::required);
            return ReportHealthChecked{result.value_or(HealthResult::pass), f.text("image"),
                                       count_of(f), worker_if_given(f)};
        }
        case Operation::pod_deleted: return of_worker<ReportPodDeleted>(f);
        case Operation::pod_delete_failed: return of_worker<ReportPodDeleteFailed>(f);
        case Operation::stranded_pod:
        case Operation::stranded_secret: {
            const auto outcome = f.label<StrandedOutcome>("outcome", Need::required)
                                     .value_or(StrandedOutcome::deleted);
            if (operation == Operation::stranded_pod)
                return without_worker(f, ReportStrandedPod{outcome});
            return without_worker(f, ReportStrandedSecret{outcome});
        }
        case Operation::activation_failed:
            return ReportActivationFailed{WorkerId{f.integer("worker", Need::required)},
                                          f.text("image")};
        case Operation::warm_capacity_missed: {
            f.know("worker");
            auto image = f.text("image");
            return ReportWarmCapacityMissed{std::move(image), miss_reason_of(f)};
        }
        case Operation::warm_capacity_targets: {
            auto targets = f.counts("targets");
            return SetWarmCapacityTargets{std::move(targets), f.integer("max_workers")};
        }
        default: {
            const auto state = f.label<Leadership>("state", Need::required);
            return ReportLeadership{state.value_or(Leadership::acquired)};
        }
    }
}

Request snapshot_request(Operation operation, Fields& f) {
    auto snapshot = snapshot_of(f);
    auto reason = f.text("reason");
    switch (operation) {
        case Operation::retire_from_snapshot: {
            const auto target = f.label<State>("target", Need::required);
            return RetireFromSnapshot{std::move(snapshot), target.value_or(State::none),
                                      std::move(reason)};
        }
        case Operation::retire_orphan_from_snapshot:
            return RetireOrphan{std::move(snapshot), std::move(reason)};
        default: return RetireIdleVariant{std::move(snapshot), std::move(reason)};
    }
}

Request lease_request_of(Operation operation, Fields& f) {
    switch (operation) {
        case Operation::publish_idle: return lease_request<PublishIdle>(f);
        case Operation::publish_reserved: return lease_request<PublishReserved>(f);
        case Operation::begin_activation: return lease_request<BeginActivation>(f);
        case Operation::complete_activation: return lease_request<CompleteActivation>(f);
        case Operation::park: return lease_request<Park>(f);
        case Operation::unpark: return lease_request<Unpark>(f);
        case Operation::heartbeat: return lease_request<Heartbeat>(f);
        case Operation::refresh_lease: return lease_request<RefreshLease>(f);
        case Operation::credentials_refreshed: {
            auto lease = lease_of(f);
            return RefreshCredentials{std::move(lease), f.time("expires_at", Need::required)};
        }
        case Operation::drain: return lease_request<Drain>(f);
        case Operation::retire_drained: return lease_request<RetireDrained>(f);
        case Operation::mark_lost_from_lease: return lease_request<MarkLost>(f);
        default: return lease_request<RetireLocal>(f);
    }
}

Request request_of(Operation operation, Fields& f) {
    switch (kind_of(operation)) {
        case OperationKind::create:
            if (operation == Operation::spawn) return spawn_of(f);
            return Adopt{f.row(Need::optional)};
        case OperationKind::lease: return lease_request_of(operation, f);
        case OperationKind::claim: {
            auto org = f.text("org");
            auto image = f.text("image");
            if (operation == Operation::claim_idle)
                return ClaimIdle{std::move(org), std::move(image), caps_of(f)};
            return ClaimHotIdle{std::move(org), std::move(image), caps_of(f)};
        }
        case OperationKind::epoch: {
            const WorkerId worker{f.integer("worker", Need::required)};
            const Epoch epoch{f.integer("epoch", Need::required)};
            return TakeOver{worker, epoch, f.text("org")};
        }
        case OperationKind::snapshot: return snapshot_request(operation, f);
        case OperationKind::control_plane:
            if (operation == Operation::cp_heartbeat) return ControlPlaneHeartbeat{};
            if (operation == Operation::cp_drain) return ControlPlaneDrain{};
            if (operation == Operation::cp_expire_stale)
                return ExpireStaleControlPlanes{f.time("before", Need::required)};
            return ExpireDrainingControlPlanes{f.time("before", Need::required)};
        case OperationKind::observation:
        case OperationKind::none: break;
    }
    return observation_of(operation, f);
}

Ask ask_of(Fields& f) {
    Ask ask;
    ask.caller = f.text("as");
    ask.origin = f.label<Origin>("origin").value_or(Origin::unknown);
    ask.request_id = f.text("request_id");
    return ask;
}

Query query_of(const NamedQuery& named, Fields& f, std::string_view caller) {
    Query query{.name = named.name, .text = std::string(named.text)};
    switch (named.name) {
        case QueryName::observe:
            query.worker = WorkerId{f.integer("worker", Need::required)};
            break;
        case QueryName::orphaned:
        case QueryName::expired_hot_idle: query.before = f.time("before", Need::required); break;
        case QueryName::stuck:
            query.before = f.time("spawning_before", Need::required);
            query.activating_before = f.time("activating_before", Need::required);
            break;
        case QueryName::by_states_before:
            query.states = f.states("states");
            query.before = f.time("before", Need::required);
            break;
        case QueryName::due_for_credential_refresh:
            query.owner = f.text("owner");
            if (!f.has("owner")) query.owner = f.text("as");
            if (query.owner.empty()) query.owner = caller;
            query.before = f.time("cutoff", Need::required);
            break;
        case QueryName::lifecycle_stats:
        case QueryName::live_control_planes:
        case QueryName::targets:
        case QueryName::position: break;
    }
    return query;
}

Sweep sweep_of(Fields& f) {
    Sweep sweep{.ask = ask_of(f)};
    auto& o = sweep.options;
    o.instance_stale = f.duration("instance_stale", o.instance_stale);
    o.instance_draining = f.duration("instance_draining", o.instance_draining);
    o.orphan_grace = f.duration("orphan_grace", o.orphan_grace);
    o.stuck_spawning = f.duration("stuck_spawning", o.stuck_spawning);
    o.stuck_activating = f.duration("stuck_activating", o.stuck_activating);
    o.hot_idle_ttl = f.duration("hot_idle_ttl", o.hot_idle_ttl);
    return sweep;
}

// Fields of every line.
void read_common(Fields& f, Line& line) {
    f.know("op");
    f.know("query");
    f.know("id");
    if (!f.has("at")) return;
    line.at = f.time("at");
    if (line.at->ns <= 0) f.complain("\"at\" must be after 1970");
}

std::vector<std::string> operation_names() {
    auto names = label_texts<Operation>();
    names.emplace_back(sweep_name);
    return names;
}

void read_operation(const std::string& name, const Json& object, Line& line) {
    Fields fields(object, "op " + in_quotes(name));
    read_common(fields, line);
    if (name == sweep_name) {
        line.what = sweep_of(fields);
    } else {
        const auto operation = from_text<Operation>(name);
        if (!operation || *operation == Operation::none) {
            line.what =
                Malformed{"unknown op " + in_quotes(name) + suggestion(name, operation_names())};
            return;
        }
        auto ask = ask_of(fields);
        line.what = Command{std::move(ask), request_of(*operation, fields)};
    }
    if (auto problem = fields.problem()) line.what = Malformed{std::move(*problem)};
}

void read_query(const std::string& name, const Json& object, std::string_view caller, Line& line) {
    Fields fields(object, "query " + in_quotes(name));
    read_common(fields, line);
    fields.know("as");
    std::vector<std::string> names;
    for (const auto& named : queries) {
        names.emplace_back(named.text);
        if (named.text == name) line.what = query_of(named, fields, caller);
    }
    if (!std::holds_alternative<Query>(line.what)) {
        line.what = Malformed{"unknown query " + in_quotes(name) + suggestion(name, names)};
        return;
    }
    if (auto problem = fields.problem()) line.what = Malformed{std::move(*problem)};
}

}  // namespace

Line parse_line(std::string_view text, std::string_view caller) {
    Line line;
    auto object = parse_object(text);
    if (!object) {
        line.what = Malformed{std::move(object.error())};
        return line;
    }
    if (const auto id = object->find("id"); id != object->end()) line.id = *id;
    const auto op = object->find("op");
    const auto query = object->find("query");
    const bool has_op = op != object->end(), has_query = query != object->end();
    if (has_op == has_query)
        line.what = Malformed{has_op ? "\"op\" and \"query\" in one line"
                                     : "\"op\" or \"query\" is missing"};
    else if (const auto& name = has_op ? *op : *query; !name.is_string())
        line.what = Malformed{has_op ? "\"op\" must be a text" : "\"query\" must be a text"};
    else if (has_op)
        read_operation(name.get<std::string>(), *object, line);
    else
        read_query(name.get<std::string>(), *object, caller, line);
    return line;
}

}  // namespace fenceline::tools
