#include "statemachine/evolve.hpp"

#include <algorithm>
#include <limits>

namespace fenceline {

namespace {

// The payload of this kind, or an empty one: a fold takes whatever was recorded (I6).
template <typename Detail>
const Detail& detail_of(const Event& event) {
    static const Detail nothing{};
    const auto* detail = std::get_if<Detail>(&event.payload);
    return detail ? *detail : nothing;
}

// --- workers ------------------------------------------------------------------------------------

void spawned(World& world, const Event& event) {
    const auto& detail = detail_of<WorkerSpawned>(event);
    Worker worker;
    worker.id = event.worker;
    worker.pod = {detail.prefix, true};
    worker.image = event.image;
    worker.org = detail.org;
    worker.owner = event.caller;
    worker.state = event.to;
    worker.epoch = detail.epoch;
    worker.created_at = worker.updated_at = worker.last_heartbeat_at = event.at;
    worker.version = event.position;
    world.put(worker);
}

void adopted(World& world, const Event& event) {
    const auto& detail = detail_of<WorkerAdopted>(event);
    Worker worker;
    worker.id = event.worker;
    worker.pod = detail.pod;
    worker.image = event.image;
    worker.org = detail.org;
    worker.owner = detail.owner;
    worker.retire_reason = detail.retire_reason;
    worker.state = event.to;
    worker.epoch = detail.epoch;
    worker.created_at = detail.created_at;
    worker.updated_at = detail.updated_at;
    worker.last_heartbeat_at = detail.last_heartbeat_at;
    worker.reserved_at = detail.reserved_at;
    worker.activation_started_at = detail.activation_started_at;
    worker.credentials_expire_at = detail.credentials_expire_at;
    worker.drain_started_at = detail.drain_started_at;
    worker.version = event.position;
    world.put(worker);
}

// A new owner, or the same one anew: the epoch rises, the way to `hot` starts again.
void reserved_by(Worker& worker, const Event& event, TextId org, Epoch epoch) {
    worker.owner = event.caller;
    worker.org = org;
    worker.epoch = epoch;
    worker.reserved_at = event.at;
    worker.activation_started_at = Time{};
}

// What an operation changes beyond the state; most change nothing else.
void apply_effect(Worker& worker, const Event& event) {
    switch (event.operation) {
        case Operation::publish_reserved:
            // It is reserved from here on, and its activation is measured from here.
            worker.reserved_at = event.at;
            break;
        case Operation::claim_idle:
        case Operation::claim_hot_idle: {
            const auto& detail = detail_of<WorkerClaimed>(event);
            reserved_by(worker, event, detail.org, detail.new_epoch);
            break;
        }
        case Operation::take_over: {
            const auto& detail = detail_of<WorkerTakenOver>(event);
            reserved_by(worker, event, detail.org, detail.new_epoch);
            break;
        }
        case Operation::begin_activation: worker.activation_started_at = event.at; break;
        case Operation::heartbeat: worker.last_heartbeat_at = event.at; break;
        case Operation::refresh_lease:
            worker.epoch = detail_of<LeaseRefreshed>(event).new_epoch;
            break;
        case Operation::credentials_refreshed:
            worker.credentials_expire_at = detail_of<CredentialsRefreshed>(event).expires_at;
            break;
        case Operation::drain: worker.drain_started_at = event.at; break;
        case Operation::retire_drained:
        case Operation::mark_lost_from_lease:
        case Operation::retire_local:
            worker.retire_reason = detail_of<WorkerEnded>(event).reason;
            break;
        case Operation::retire_from_snapshot:
        case Operation::retire_orphan_from_snapshot:
        case Operation::retire_idle_variant_from_snapshot:
            worker.retire_reason = detail_of<SnapshotJudged>(event).reason;
            break;
        default: break;
    }
}

// Per record, time only rises: two events at one moment still differ.
Time next_update(Time last, Time at) {
    if (last.ns == std::numeric_limits<std::int64_t>::max()) return last;
    return std::max(at, last + Duration{1});
}

void changed(World& world, const Event& event) {
    world.change(event.worker, [&](Worker& worker) {
        if (const auto* tally = std::get_if<HeartbeatsTallied>(&event.payload)) {
            // They were answered from memory as of the record that stood: no new version (I2).
            worker.last_heartbeat_at = std::max(worker.last_heartbeat_at, tally->last_at);
            return;
        }
        apply_effect(worker, event);
        worker.state = event.to;
        worker.version = event.position;
        worker.updated_at = next_update(worker.updated_at, event.at);
    });
}

// One drain gives one sample: a second deletion of the same pod finds nothing to measure.
void pod_deleted(World& world, const Event& event) {
    world.change(event.worker, [](Worker& worker) { worker.drain_started_at = Time{}; });
}

// --- control planes -----------------------------------------------------------------------------

void heard_from(ControlPlane& plane, Time at) {
    if (plane.state != ControlPlaneState::draining) {
        plane.state = ControlPlaneState::active;
        plane.draining_at = Time{};
    }
    if (!plane.started_at.given()) plane.started_at = at;
    plane.last_heartbeat_at = at;
    plane.expired_at = Time{};
}

void started_to_drain(ControlPlane& plane, Time at) {
    if (plane.state != ControlPlaneState::draining) plane.draining_at = at;
    plane.state = ControlPlaneState::draining;
    plane.expired_at = Time{};
}

void marked(World& world, const Event& event) {
    const TextId id = detail_of<ControlPlaneMarked>(event).instance;
    if (!id.given()) return;
    const ControlPlane* known = world.find_control_plane(id);
    if (!known && event.operation != Operation::cp_heartbeat) return;
    ControlPlane plane = known ? *known : ControlPlane{.id = id};
    switch (event.operation) {
        case Operation::cp_heartbeat: heard_from(plane, event.at); break;
        case Operation::cp_drain: started_to_drain(plane, event.at); break;
        default:
            plane.state = ControlPlaneState::expired;
            plane.expired_at = event.at;
            break;
    }
    world.put(plane);
}

void fold(World& world, const Event& event) {
    if (event.operation == Operation::pod_deleted) return pod_deleted(world, event);
    if (!transitioned(event)) return;
    switch (kind_of(event.operation)) {
        case OperationKind::create:
            if (!event.worker.given()) return;
            return event.operation == Operation::spawn ? spawned(world, event)
                                                       : adopted(world, event);
        case OperationKind::lease:
        case OperationKind::claim:
        case OperationKind::epoch:
        case OperationKind::snapshot: return changed(world, event);
        case OperationKind::control_plane: return marked(world, event);
        default: return;
    }
}

}  // namespace

void evolve(World& world, const Event& event) {
    fold(world, event);
    world.position = event.position;
    world.at = event.at;
}

// --- undo ---------------------------------------------------------------------------------------

Undo::Undo(World& world)
    : world_(world),
      texts_(world.texts.size()),
      highest_id_(world.highest_id()),
      position_(world.position),
      at_(world.at) {}

void Undo::before(const Event& event) {
    if (!transitioned(event) && event.operation != Operation::pod_deleted) return;
    if (const auto* mark = std::get_if<ControlPlaneMarked>(&event.payload)) {
        const ControlPlane* plane = world_.find_control_plane(mark->instance);
        planes_.push_back({mark->instance, plane ? std::optional(*plane) : std::nullopt});
    } else if (event.worker.given()) {
        const Worker* worker = world_.find(event.worker);
        workers_.push_back({event.worker, worker ? std::optional(*worker) : std::nullopt});
    }
}

void Undo::take_back() {
    for (auto it = workers_.rbegin(); it != workers_.rend(); ++it) {
        if (it->was)
            world_.put(*it->was);
        else
            world_.erase(it->worker, highest_id_);
    }
    for (auto it = planes_.rbegin(); it != planes_.rend(); ++it) {
        if (it->was)
            world_.put(*it->was);
        else
            world_.erase_control_plane(it->plane);
    }
    workers_.clear();
    planes_.clear();
    world_.texts.truncate(texts_);
    world_.position = position_;
    world_.at = at_;
}

}  // namespace fenceline
