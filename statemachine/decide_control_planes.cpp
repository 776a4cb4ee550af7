// The operations of control-plane instances. There is no machine: an instance is registered by
// being heard of, and ends by not being heard of.

#include <algorithm>

#include "statemachine/deciding.hpp"

namespace fenceline {

namespace {

// One event an instance, in the order of their names: numbers depend on who was seen first.
template <typename Falls>
void expire(Deciding& deciding, Operation operation, Time cutoff, const Falls& falls) {
    const World& world = deciding.world();
    std::vector<TextId> expired;
    for (const ControlPlane& plane : world.control_planes())
        if (falls(plane)) expired.push_back(plane.id);
    std::ranges::sort(expired, {}, [&](TextId id) { return world.texts.text(id); });
    for (const TextId id : expired) {
        Event& event = deciding.begin(operation);
        event.outcome = Outcome::transitioned;
        event.payload = ControlPlaneMarked{id, cutoff};
    }
}

}  // namespace

void decide_one(Deciding& deciding, const ControlPlaneHeartbeat&) {
    Event& event = deciding.begin(Operation::cp_heartbeat);
    event.outcome = Outcome::transitioned;
    event.payload = ControlPlaneMarked{event.caller, Time{}};
}

void decide_one(Deciding& deciding, const ControlPlaneDrain&) {
    Event& event = deciding.begin(Operation::cp_drain);
    const bool known = deciding.world().find_control_plane(event.caller) != nullptr;
    event.outcome = known ? Outcome::transitioned : Outcome::row_missing;
    event.failed_check = known ? Check::none : Check::exists;
    event.payload = ControlPlaneMarked{event.caller, Time{}};
}

void decide_one(Deciding& deciding, const ExpireStaleControlPlanes& asked) {
    expire(deciding, Operation::cp_expire_stale, asked.before, [&](const ControlPlane& plane) {
        return plane.live() && plane.last_heartbeat_at < asked.before;
    });
}

void decide_one(Deciding& deciding, const ExpireDrainingControlPlanes& asked) {
    expire(deciding, Operation::cp_expire_draining, asked.before, [&](const ControlPlane& plane) {
        return plane.state == ControlPlaneState::draining && plane.draining_at <= asked.before;
    });
}

}  // namespace fenceline
