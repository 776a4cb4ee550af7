#pragma once

// What may be asked, one imperative struct per operation. Texts are valid UTF-8 within
// events/limits.hpp; `validate` says so before anything is decided.
//
//   Command command{ask, Drain{lease}};
//
// Plain data; any thread.

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "events/event.hpp"
#include "statemachine/lease.hpp"

namespace fenceline {

// Who asks, and for what: common to every operation.
struct Ask {
    std::string caller;  // control-plane instance; the store fills in its own when empty
    Origin origin = Origin::unknown;
    std::string request_id;  // same caller and id again: the first answer again
};

// --- create
struct Spawn {
    std::optional<WorkerId> worker;  // none: highest id + 1
    std::string prefix = "worker";   // the pod is `<prefix>-<id>`
    std::string image;
    std::string org;  // empty: neutral
    Epoch epoch;
    Caps caps;
    std::int64_t warm_target = 0;  // > 0: only while fewer neutral spawning and idle workers are
};
struct Adopt {
    // Every field as given; `version` is the journal's to give. `created_at`, `updated_at` and
    // `last_heartbeat_at` that are not set become the time of the adoption, so that no list takes
    // the newcomer for one that was left alone since 1970.
    WorkerView row;
};

// clang-format off

// --- lease
struct PublishIdle        { WorkerLease lease; };
struct PublishReserved    { WorkerLease lease; };
struct BeginActivation    { WorkerLease lease; };
struct CompleteActivation { WorkerLease lease; };
struct Park               { WorkerLease lease; };
struct Unpark             { WorkerLease lease; };
struct Heartbeat          { WorkerLease lease; };
struct RefreshLease       { WorkerLease lease; };
struct RefreshCredentials { WorkerLease lease; Time expires_at; };
struct Drain              { WorkerLease lease; };
struct RetireDrained      { WorkerLease lease; std::string reason; };
struct MarkLost           { WorkerLease lease; std::string reason; };
struct RetireLocal        { WorkerLease lease; std::string reason; };

// --- claim and epoch
struct ClaimIdle    { std::string org; std::string image; Caps caps; };
struct ClaimHotIdle { std::string org; std::string image; Caps caps; };
struct TakeOver     { WorkerId worker; Epoch epoch; std::string org; };

// --- snapshot
struct RetireFromSnapshot { WorkerSnapshot snapshot; State target; std::string reason; };
struct RetireOrphan       { WorkerSnapshot snapshot; std::string reason; };
struct RetireIdleVariant  { WorkerSnapshot snapshot; std::string reason; };

// --- control planes: the caller itself, or everyone before a cutoff (one event each)
struct ControlPlaneHeartbeat       {};
struct ControlPlaneDrain           {};
struct ExpireStaleControlPlanes    { Time before; };
struct ExpireDrainingControlPlanes { Time before; };

// clang-format on

// --- observations
struct ReportSpawnFailed {
    SpawnFailureReason reason = SpawnFailureReason::other;
    std::string image;
    std::optional<WorkerId> worker;
};
struct ReportHealthChecked {
    HealthResult result = HealthResult::pass;
    std::string image;
    std::uint32_t count = 1;
    std::optional<WorkerId> worker;
};
struct ReportPodDeleted {
    WorkerId worker;
};
struct ReportPodDeleteFailed {
    WorkerId worker;
};
struct ReportStrandedPod {
    StrandedOutcome outcome = StrandedOutcome::deleted;
};
struct ReportStrandedSecret {
    StrandedOutcome outcome = StrandedOutcome::deleted;
};
struct ReportActivationFailed {
    WorkerId worker;
    std::string image;
};
struct ReportWarmCapacityMissed {
    std::string image;
    MissReason reason = MissReason::no_idle;
};
struct SetWarmCapacityTargets {
    std::vector<std::pair<std::string, std::int64_t>> targets;
    std::int64_t max_workers = 0;
};
struct ReportLeadership {
    Leadership leadership = Leadership::acquired;
};

using Request =
    std::variant<Spawn, Adopt, PublishIdle, PublishReserved, BeginActivation, CompleteActivation,
                 Park, Unpark, Heartbeat, RefreshLease, RefreshCredentials, Drain, RetireDrained,
                 MarkLost, RetireLocal, ClaimIdle, ClaimHotIdle, TakeOver, RetireFromSnapshot,
                 RetireOrphan, RetireIdleVariant, ControlPlaneHeartbeat, ControlPlaneDrain,
                 ExpireStaleControlPlanes, ExpireDrainingControlPlanes, ReportSpawnFailed,
                 ReportHealthChecked, ReportPodDeleted, ReportPodDeleteFailed, ReportStrandedPod,
                 ReportStrandedSecret, ReportActivationFailed, ReportWarmCapacityMissed,
                 SetWarmCapacityTargets, ReportLeadership>;

struct Command {
    Ask ask;
    Request request;
};

// The operation of each request, in the order of the variant.
inline constexpr std::array request_operations{Operation::spawn,
                                               Operation::adopt,
                                               Operation::publish_idle,
                                               Operation::publish_reserved,
                                               Operation::begin_activation,
                                               Operation::complete_activation,
                                               Operation::park,
                                               Operation::unpark,
                                               Operation::heartbeat,
                                               Operation::refresh_lease,
                                               Operation::credentials_refreshed,
                                               Operation::drain,
                                               Operation::retire_drained,
                                               Operation::mark_lost_from_lease,
                                               Operation::retire_local,
                                               Operation::claim_idle,
                                               Operation::claim_hot_idle,
                                               Operation::take_over,
                                               Operation::retire_from_snapshot,
                                               Operation::retire_orphan_from_snapshot,
                                               Operation::retire_idle_variant_from_snapshot,
                                               Operation::cp_heartbeat,
                                               Operation::cp_drain,
                                               Operation::cp_expire_stale,
                                               Operation::cp_expire_draining,
                                               Operation::spawn_failed,
                                               Operation::health_checked,
                                               Operation::pod_deleted,
                                               Operation::pod_delete_failed,
                                               Operation::stranded_pod,
                                               Operation::stranded_secret,
                                               Operation::activation_failed,
                                               Operation::warm_capacity_missed,
                                               Operation::warm_capacity_targets,
                                               Operation::leadership};
static_assert(request_operations.size() == std::variant_size_v<Request>);

[[nodiscard]] inline Operation operation_of(const Request& request) {
    return request_operations[request.index()];
}

// `invalid_request` for what makes no sense whoever sends it: an id out of range, a non-terminal
// target, a claim without an org, a text too long or not UTF-8.
[[nodiscard]] Result<void> validate(const Command& command);

}  // namespace fenceline
