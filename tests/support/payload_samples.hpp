#pragma once

// One value or more of every payload, for round trips and frozen bytes. Texts are numbers below
// 10. Samples are added, never edited: golden/payload_v1.txt holds their bytes.

#include <string>
#include <vector>

#include "events/event.hpp"

namespace fenceline::testing {

struct PayloadSample {
    std::string name;
    Payload payload;
};

inline std::vector<PayloadSample> payload_samples() {
    const Presented lease{TextId{3}, Epoch{258}};
    return {
        {"no_detail", NoDetail{}},
        {"worker_spawned",
         WorkerSpawned{WorkerId{61}, TextId{1}, TextId{2}, Epoch{7}, {5, -1}, 12}},
        {"worker_spawned_plain", WorkerSpawned{}},
        {"worker_adopted", WorkerAdopted{PodName{TextId{4}, true}, TextId{5}, TextId{6}, TextId{7},
                                         Epoch{9}, State::hot_idle, Time{1}, Time{2}, Time{3},
                                         Time{4}, Time{5}, Time{6}, Time{7}}},
        {"worker_adopted_own_name", WorkerAdopted{PodName{TextId{4}, false}}},
        {"worker_claimed", WorkerClaimed{TextId{1}, TextId{2}, {3, 4}, Epoch{5}}},
        {"worker_taken_over", WorkerTakenOver{TextId{1}, Epoch{8}, Epoch{9}}},
        {"lease_exercised", LeaseExercised{lease}},
        {"activation_completed", ActivationCompleted{lease, Time{1'700'000'000'000'000'001}}},
        {"lease_refreshed", LeaseRefreshed{lease, Epoch{259}}},
        {"credentials_refreshed", CredentialsRefreshed{lease, Time{-1}}},
        {"worker_ended", WorkerEnded{lease, TextId{8}}},
        {"snapshot_judged",
         SnapshotJudged{lease, State::draining, Position{77}, State::lost, TextId{9}}},
        {"control_plane_marked", ControlPlaneMarked{TextId{2}, Time{99}}},
        {"spawn_failed", SpawnFailed{SpawnFailureReason::grpc_connect}},
        {"health_checked", HealthChecked{HealthResult::fail}},
        {"pod_deleted", PodDeleted{Time{123'456'789}}},
        {"stranded_reconciled", StrandedReconciled{StrandedOutcome::kept}},
        {"warm_capacity_missed", WarmCapacityMissed{MissReason::global_cap}},
        {"warm_capacity_targeted", WarmCapacityTargeted{{{TextId{3}, 10}, {TextId{1}, -2}}, 40}},
        {"warm_capacity_targeted_none", WarmCapacityTargeted{}},
        {"leadership_changed", LeadershipChanged{Leadership::lost}},
        {"heartbeats_tallied", HeartbeatsTallied{Time{50}, {Duration{1}, Duration{-2}}}},
        {"operation_failed", OperationFailed{ErrorCode::no_space, {Duration{3}}}},
        {"operation_failed_at_once", OperationFailed{}},
    };
}

}  // namespace fenceline::testing
