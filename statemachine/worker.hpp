#pragma once

// The records: what the events of one worker, or of one control plane, add up to.

#include "events/event.hpp"

namespace fenceline {

struct Worker {
    // First what every decision, most events and the indexes touch: one line of the cache.
    WorkerId id;
    TextId owner;
    TextId image;
    Epoch epoch;
    Position version;  // the event that last changed this record
    TextId org;        // empty: neutral
    State state = State::none;
    Time updated_at, last_heartbeat_at, credentials_expire_at;

    PodName pod;
    TextId retire_reason;
    Time created_at, reserved_at, activation_started_at;
    Time drain_started_at;  // 0 once its pod is gone: each drain gives one sample

    [[nodiscard]] Binding binding() const {
        return org.given() ? Binding::org_bound : Binding::neutral;
    }
    bool operator==(const Worker&) const = default;
};

struct ControlPlane {
    TextId id;
    ControlPlaneState state = ControlPlaneState::none;
    Time started_at, last_heartbeat_at, draining_at, expired_at;

    // Known and not expired. A draining instance is live: its workers still run queries.
    [[nodiscard]] bool live() const {
        return state == ControlPlaneState::active || state == ControlPlaneState::draining;
    }
    bool operator==(const ControlPlane&) const = default;
};

}  // namespace fenceline
