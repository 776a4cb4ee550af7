#pragma once

// What may be asked, one imperative struct per operation. Texts are valid UTF-8 within
// events/limits.hpp; `validate` says so before anything is decided.
//
//   Command command{ask, Drain{lease}};

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
    WorkerView row;  // every field as given; `version` is the journal's to give
};

// --- lease
struct PublishIdle { WorkerLease lease; };
struct PublishReserved { WorkerLease lease; };
struct BeginActivation { WorkerLease lease; };
struct CompleteActivation { WorkerLease lease; };
struct Park { WorkerLease lease; };
struct Unpark { WorkerLease lease; };
struct Heartbeat { WorkerLease lease; };
struct RefreshLease { WorkerLease lease; };
struct RefreshCredentials { WorkerLease lease; Time expires_at; };
struct Drain { WorkerLease lease; };
struct RetireDrained { WorkerLease lease; std::string reason; };
struct MarkLost { WorkerLease lease; std::string reason; };
struct RetireLocal { WorkerLease lease; std::string reason; };

// --- claim and epoch
struct ClaimIdle { std::string org; std::string image; Caps caps; };
struct ClaimHotIdle { std::string org; std::string image; Caps caps; };
struct TakeOver { WorkerId worker; Epoch epoch; std::string org; };

// --- snapshot
struct RetireFromSnapshot { WorkerSnapshot snapshot; State target; std::string reason; };
struct RetireOrphan { WorkerSnapshot snapshot; std::string reason; };
struct RetireIdleVariant { WorkerSnapshot snapshot; std::string reason; };

// --- control planes: the caller itself, or everyone before a cutoff (one event each)
struct ControlPlaneHeartbeat {};
struct ControlPlaneDrain {};
struct ExpireStaleControlPlanes { Time before; };
struct ExpireDrainingControlPlanes { Time before; };

// --- observations
struct ReportSpawnFailed { SpawnFailureReason reason; std::string image; std::optional<WorkerId> worker; };
struct ReportHealthChecked { HealthResult result; std::string image; std::uint32_t count = 1; std::optional<WorkerId> worker; };
struct ReportPodDeleted { WorkerId worker; };
struct ReportPodDeleteFailed { WorkerId worker; };
struct ReportStrandedPod { StrandedOutcome outcome; };
struct ReportStrandedSecret { StrandedOutcome outcome; };
struct ReportActivationFailed { WorkerId worker; std::string image; };
struct ReportWarmCapacityMissed { std::string image; MissReason reason; };
struct SetWarmCapacityTargets { std::vector<std::pair<std::string, std::int64_t>> targets; std::int64_t max_workers = 0; };
struct ReportLeadership { Leadership leadership; };

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

[[nodiscard]] Operation operation_of(const Request& request);

// `invalid_request` for what makes no sense whoever sends it: an id out of range, a non-terminal
// target, a claim without an org, a text too long or not UTF-8.
[[nodiscard]] Result<void> validate(const Command& command);

}  // namespace fenceline
