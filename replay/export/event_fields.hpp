#pragma once

// Every field of an event by its name, once: what writes events (JSON lines, CSV), reads them back
// and redacts them goes through here, so that none of them can forget a field.
//
//   visit_envelope(event, [](std::string_view name, auto& value) { ... });
//   visit_payload(payload, [](std::string_view name, auto& value) { ... });
//
// The names are those of the exports: scripts depend on them. A payload's fields are flat.
//
// Pure.

#include <string_view>
#include <type_traits>
#include <variant>

#include "events/event.hpp"

namespace fenceline::replay {

// Everything but the payload; `position`, `at` and `recorder` first.
template <typename E, typename Visit>
void visit_envelope(E& e, Visit&& visit) {
    visit("position", e.position);
    visit("at", e.at);
    visit("recorder", e.recorder);
    visit("operation", e.operation);
    visit("outcome", e.outcome);
    visit("failed_check", e.failed_check);
    visit("origin", e.origin);
    visit("caller", e.caller);
    visit("worker", e.worker);
    visit("image", e.image);
    visit("count", e.count);
    visit("owner", e.owner);
    visit("org", e.org);
    visit("epoch", e.epoch);
    visit("from", e.from);
    visit("version", e.version);
    visit("to", e.to);
    visit("request_id", e.request_id);
}

namespace fields {

template <typename C, typename Visit>
void caps(C& caps, Visit&& visit) {
    visit("max_org_workers", caps.max_org_workers);
    visit("max_global_workers", caps.max_global_workers);
}

template <typename L, typename Visit>
void lease(L& lease, Visit&& visit) {
    visit("lease_owner", lease.owner);
    visit("lease_epoch", lease.epoch);
}

template <typename A, typename Visit>
void adopted(A& d, Visit&& visit) {
    visit("pod", d.pod.text);
    visit("pod_numbered", d.pod.numbered);
    visit("adopted_org", d.org);
    visit("adopted_owner", d.owner);
    visit("retire_reason", d.retire_reason);
    visit("adopted_epoch", d.epoch);
    visit("state", d.state);
    visit("created_at", d.created_at);
    visit("updated_at", d.updated_at);
    visit("last_heartbeat_at", d.last_heartbeat_at);
    visit("reserved_at", d.reserved_at);
    visit("activation_started_at", d.activation_started_at);
    visit("credentials_expire_at", d.credentials_expire_at);
    visit("drain_started_at", d.drain_started_at);
}

template <typename W, typename Visit>
void spawned(W& d, Visit&& visit) {
    visit("asked_worker", d.asked_worker);
    visit("prefix", d.prefix);
    visit("asked_org", d.org);
    visit("asked_epoch", d.epoch);
    caps(d.caps, visit);
    visit("warm_target", d.warm_target);
}

template <typename S, typename Visit>
void judged(S& d, Visit&& visit) {
    visit("observed_owner", d.observed.owner);
    visit("observed_epoch", d.observed.epoch);
    visit("observed_state", d.observed_state);
    visit("observed_version", d.observed_version);
    visit("target", d.target);
    visit("reason", d.reason);
}

template <typename T, typename D>
inline constexpr bool is = std::is_same_v<T, std::remove_const_t<D>>;

template <typename D, typename Visit>
void of_worker(D& d, Visit&& visit) {
    if constexpr (is<WorkerClaimed, D>) {
        visit("asked_org", d.org);
        visit("asked_image", d.asked_image);
        caps(d.caps, visit);
        visit("new_epoch", d.new_epoch);
    } else if constexpr (is<WorkerTakenOver, D>) {
        visit("asked_org", d.org);
        visit("asked_epoch", d.asked_epoch);
        visit("new_epoch", d.new_epoch);
    } else if constexpr (is<PodDeleted, D>) {
        visit("drain_started_at", d.drain_started_at);
    } else if constexpr (is<HeartbeatsTallied, D>) {
        visit("last_at", d.last_at);
        visit("took_ns", d.took);
    } else {
        lease(d.lease, visit);
        if constexpr (is<ActivationCompleted, D>)
            visit("reserved_at", d.reserved_at);
        else if constexpr (is<LeaseRefreshed, D>)
            visit("new_epoch", d.new_epoch);
        else if constexpr (is<CredentialsRefreshed, D>)
            visit("expires_at", d.expires_at);
        else if constexpr (is<WorkerEnded, D>)
            visit("reason", d.reason);
        else
            static_assert(is<LeaseExercised, D>, "every payload has its fields here");
    }
}

template <typename D, typename Visit>
void of_payload(D& d, Visit&& visit) {
    if constexpr (is<NoDetail, D>) {
    } else if constexpr (is<WorkerSpawned, D>) {
        spawned(d, visit);
    } else if constexpr (is<WorkerAdopted, D>) {
        adopted(d, visit);
    } else if constexpr (is<SnapshotJudged, D>) {
        judged(d, visit);
    } else if constexpr (is<ControlPlaneMarked, D>) {
        visit("instance", d.instance);
        visit("cutoff", d.cutoff);
    } else if constexpr (is<SpawnFailed, D> || is<WarmCapacityMissed, D>) {
        visit("reason", d.reason);
    } else if constexpr (is<HealthChecked, D>) {
        visit("result", d.result);
    } else if constexpr (is<StrandedReconciled, D>) {
        visit("stranded_outcome", d.outcome);
    } else if constexpr (is<WarmCapacityTargeted, D>) {
        visit("targets", d.targets);
        visit("max_workers", d.max_workers);
    } else if constexpr (is<LeadershipChanged, D>) {
        visit("leadership", d.leadership);
    } else if constexpr (is<OperationFailed, D>) {
        visit("code", d.code);
        visit("took_ns", d.took);
    } else {
        of_worker(d, visit);
    }
}

}  // namespace fields

template <typename P, typename Visit>
void visit_payload(P& payload, Visit&& visit) {
    std::visit([&](auto& detail) { fields::of_payload(detail, visit); }, payload);
}

// A payload of a kind, to be filled; false for a kind that is not known.
[[nodiscard]] bool make_payload(std::uint8_t kind, Payload& out);

}  // namespace fenceline::replay
