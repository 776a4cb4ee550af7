#include "replay/asked.hpp"

#include "statemachine/minter.hpp"

namespace fenceline::replay {

namespace {

// One overload a payload. One that does not belong to the event's operation asks nothing, or for
// another operation than the event's, which asked() sees.
class Asked {
  public:
    using Maybe = std::optional<Request>;
    Asked(const Event& event, const Dictionary& texts) : event_(event), texts_(texts) {}

    Maybe operator()(const WorkerSpawned& p) const {
        Spawn asked{.prefix = text(p.prefix),
                    .image = text(event_.image),
                    .org = text(p.org),
                    .epoch = p.epoch,
                    .caps = p.caps,
                    .warm_target = p.warm_target};
        if (p.asked_worker.given()) asked.worker = p.asked_worker;
        return asked;
    }
    Maybe operator()(const WorkerAdopted& p) const {
        WorkerView row{.worker = event_.worker,
                       .pod = text(p.pod.text),
                       .image = text(event_.image),
                       .org = text(p.org),
                       .owner = text(p.owner),
                       .retire_reason = text(p.retire_reason),
                       .state = p.state,
                       .epoch = p.epoch,
                       .created_at = p.created_at,
                       .updated_at = p.updated_at,
                       .last_heartbeat_at = p.last_heartbeat_at,
                       .reserved_at = p.reserved_at,
                       .activation_started_at = p.activation_started_at,
                       .credentials_expire_at = p.credentials_expire_at};
        if (p.pod.numbered) row.pod += "-" + std::to_string(event_.worker.value);
        return Adopt{row};
    }
    Maybe operator()(const WorkerClaimed& p) const {
        if (event_.operation == Operation::claim_idle)
            return ClaimIdle{text(p.org), text(p.asked_image), p.caps};
        return ClaimHotIdle{text(p.org), text(p.asked_image), p.caps};
    }
    Maybe operator()(const WorkerTakenOver& p) const {
        return TakeOver{event_.worker, p.asked_epoch, text(p.org)};
    }
    Maybe operator()(const LeaseExercised& p) const {
        switch (event_.operation) {
            case Operation::publish_idle: return PublishIdle{lease(p.lease)};
            case Operation::publish_reserved: return PublishReserved{lease(p.lease)};
            case Operation::begin_activation: return BeginActivation{lease(p.lease)};
            case Operation::park: return Park{lease(p.lease)};
            case Operation::unpark: return Unpark{lease(p.lease)};
            case Operation::heartbeat: return Heartbeat{lease(p.lease)};
            default: return Drain{lease(p.lease)};
        }
    }
    Maybe operator()(const ActivationCompleted& p) const {
        return CompleteActivation{lease(p.lease)};
    }
    Maybe operator()(const LeaseRefreshed& p) const { return RefreshLease{lease(p.lease)}; }
    Maybe operator()(const CredentialsRefreshed& p) const {
        return RefreshCredentials{lease(p.lease), p.expires_at};
    }
    Maybe operator()(const WorkerEnded& p) const {
        if (event_.operation == Operation::retire_drained)
            return RetireDrained{lease(p.lease), text(p.reason)};
        if (event_.operation == Operation::mark_lost_from_lease)
            return MarkLost{lease(p.lease), text(p.reason)};
        return RetireLocal{lease(p.lease), text(p.reason)};
    }
    Maybe operator()(const SnapshotJudged& p) const {
        const auto seen = Minter::snapshot({.worker = event_.worker,
                                            .image = text(event_.image),
                                            .owner = text(p.observed.owner),
                                            .state = p.observed_state,
                                            .epoch = p.observed.epoch,
                                            .version = p.observed_version});
        if (event_.operation == Operation::retire_orphan_from_snapshot)
            return RetireOrphan{seen, text(p.reason)};
        if (event_.operation == Operation::retire_idle_variant_from_snapshot)
            return RetireIdleVariant{seen, text(p.reason)};
        return RetireFromSnapshot{seen, p.target, text(p.reason)};
    }
    Maybe operator()(const ControlPlaneMarked& p) const {
        switch (event_.operation) {
            case Operation::cp_heartbeat: return ControlPlaneHeartbeat{};
            case Operation::cp_drain: return ControlPlaneDrain{};
            case Operation::cp_expire_stale: return ExpireStaleControlPlanes{p.cutoff};
            default: return ExpireDrainingControlPlanes{p.cutoff};
        }
    }
    Maybe operator()(const SpawnFailed& p) const {
        return ReportSpawnFailed{p.reason, text(event_.image), worker()};
    }
    Maybe operator()(const HealthChecked& p) const {
        return ReportHealthChecked{p.result, text(event_.image), event_.count, worker()};
    }
    Maybe operator()(const PodDeleted&) const { return ReportPodDeleted{event_.worker}; }
    Maybe operator()(const NoDetail&) const {
        if (event_.operation == Operation::activation_failed)
            return ReportActivationFailed{event_.worker, text(event_.image)};
        return ReportPodDeleteFailed{event_.worker};
    }
    Maybe operator()(const StrandedReconciled& p) const {
        if (event_.operation == Operation::stranded_pod) return ReportStrandedPod{p.outcome};
        return ReportStrandedSecret{p.outcome};
    }
    Maybe operator()(const WarmCapacityMissed& p) const {
        return ReportWarmCapacityMissed{text(event_.image), p.reason};
    }
    Maybe operator()(const WarmCapacityTargeted& p) const {
        SetWarmCapacityTargets asked{.max_workers = p.max_workers};
        for (const auto& [image, target] : p.targets)
            asked.targets.emplace_back(text(image), target);
        return asked;
    }
    Maybe operator()(const LeadershipChanged& p) const { return ReportLeadership{p.leadership}; }
    Maybe operator()(const HeartbeatsTallied&) const { return std::nullopt; }
    Maybe operator()(const OperationFailed&) const { return std::nullopt; }

  private:
    [[nodiscard]] std::string text(TextId id) const { return std::string(texts_.text(id)); }
    [[nodiscard]] std::optional<WorkerId> worker() const {
        return event_.worker.given() ? std::optional(event_.worker) : std::nullopt;
    }
    [[nodiscard]] WorkerLease lease(const Presented& shown) const {
        return Minter::lease(event_.worker, text(shown.owner), shown.epoch, text(event_.image));
    }

    const Event& event_;
    const Dictionary& texts_;
};

}  // namespace

std::optional<Command> asked(const Event& event, const Dictionary& texts) {
    auto request = std::visit(Asked(event, texts), event.payload);
    if (!request || operation_of(*request) != event.operation) return std::nullopt;
    return Command{{.caller = std::string(texts.text(event.caller)),
                    .origin = event.origin,
                    .request_id = event.request_id},
                   std::move(*request)};
}

}  // namespace fenceline::replay
