#pragma once

// The records: what the events of one worker, or of one control plane, add up to.

#include "events/event.hpp"

namespace fenceline {

struct Worker {
    WorkerId id;
    PodName pod;
    TextId image;
    TextId org;  // empty: neutral
    TextId owner;
    TextId retire_reason;
    State state = State::none;
    Epoch epoch;
    Time created_at, updated_at, last_heartbeat_at, reserved_at;
    Time activation_started_at, credentials_expire_at;
    Time drain_started_at;  // 0 once its pod is gone: each drain gives one sample
    Position version;       // the event that last changed this record

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
