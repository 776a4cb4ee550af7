// Observations: there is nothing to decide, but they are events all the same.

#include "statemachine/deciding.hpp"

namespace fenceline {

namespace {

// `image`: the one that the observer named; without one, the worker's.
Event& record(Deciding& deciding, Operation operation, WorkerId worker_id = {},
              std::string_view image = {}) {
    Event& event = deciding.begin(operation);
    event.outcome = Outcome::recorded;
    event.worker = worker_id;
    if (const Worker* worker = deciding.world().find(worker_id)) note_found(event, *worker);
    if (!image.empty()) event.image = deciding.number(image);
    return event;
}

}  // namespace

void decide_one(Deciding& deciding, const ReportSpawnFailed& asked) {
    record(deciding, Operation::spawn_failed, asked.worker.value_or(WorkerId{}), asked.image)
        .payload = SpawnFailed{asked.reason};
}

void decide_one(Deciding& deciding, const ReportHealthChecked& asked) {
    Event& event =
        record(deciding, Operation::health_checked, asked.worker.value_or(WorkerId{}), asked.image);
    event.count = asked.count;
    event.payload = HealthChecked{asked.result};
}

void decide_one(Deciding& deciding, const ReportPodDeleted& asked) {
    Event& event = record(deciding, Operation::pod_deleted, asked.worker);
    const Worker* worker = deciding.world().find(asked.worker);
    const bool draining = worker && worker->state == State::draining;
    event.payload = PodDeleted{draining ? worker->drain_started_at : Time{}};
}

void decide_one(Deciding& deciding, const ReportPodDeleteFailed& asked) {
    record(deciding, Operation::pod_delete_failed, asked.worker);
}

void decide_one(Deciding& deciding, const ReportStrandedPod& asked) {
    record(deciding, Operation::stranded_pod).payload = StrandedReconciled{asked.outcome};
}

void decide_one(Deciding& deciding, const ReportStrandedSecret& asked) {
    record(deciding, Operation::stranded_secret).payload = StrandedReconciled{asked.outcome};
}

void decide_one(Deciding& deciding, const ReportActivationFailed& asked) {
    record(deciding, Operation::activation_failed, asked.worker, asked.image);
}

void decide_one(Deciding& deciding, const ReportWarmCapacityMissed& asked) {
    record(deciding, Operation::warm_capacity_missed, WorkerId{}, asked.image).payload =
        WarmCapacityMissed{asked.reason};
}

void decide_one(Deciding& deciding, const SetWarmCapacityTargets& asked) {
    WarmCapacityTargeted targeted{.max_workers = asked.max_workers};
    targeted.targets.reserve(asked.targets.size());
    for (const auto& [image, target] : asked.targets)
        targeted.targets.emplace_back(deciding.number(image), target);
    record(deciding, Operation::warm_capacity_targets).payload = std::move(targeted);
}

void decide_one(Deciding& deciding, const ReportLeadership& asked) {
    record(deciding, Operation::leadership).payload = LeadershipChanged{asked.leadership};
}

}  // namespace fenceline
