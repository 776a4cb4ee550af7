#include "statemachine/lists.hpp"

#include <algorithm>
#include <tuple>

namespace fenceline {

namespace {

template <typename Selects>
std::vector<WorkerId> select(const World& world, const Selects& selects) {
    std::vector<WorkerId> ids;
    for (const Worker& worker : world.workers())
        if (selects(worker)) ids.push_back(worker.id);
    std::ranges::sort(ids);
    return ids;
}

}  // namespace

std::vector<WorkerId> orphaned(const World& world, Time before) {
    return select(world, [&](const Worker& worker) {
        if (!is_active(worker.state)) return false;
        // Without an owner that was ever heard of, the worker's own sign of life is all there is.
        const ControlPlane* owner =
            worker.owner.given() ? world.find_control_plane(worker.owner) : nullptr;
        if (!owner) return worker.last_heartbeat_at <= before;
        return owner->state == ControlPlaneState::expired && owner->expired_at <= before;
    });
}

std::vector<WorkerId> stuck(const World& world, StuckBefore before) {
    return select(world, [&](const Worker& worker) {
        const bool late = worker.state == State::spawning ? worker.updated_at <= before.spawning
                          : worker.state == State::reserved || worker.state == State::activating
                              ? worker.updated_at <= before.activating
                              : false;
        if (!late) return false;
        const ControlPlane* owner = world.find_control_plane(worker.owner);
        return !owner || owner->state != ControlPlaneState::expired;
    });
}

std::vector<WorkerId> expired_hot_idle(const World& world, Time before) {
    return select(world, [&](const Worker& worker) {
        return worker.state == State::hot_idle && worker.updated_at <= before;
    });
}

std::vector<WorkerId> by_states_before(const World& world, std::span<const State> states,
                                       Time before) {
    return select(world, [&](const Worker& worker) {
        return worker.updated_at <= before &&
               std::ranges::find(states, worker.state) != states.end();
    });
}

std::vector<WorkerId> due_for_credential_refresh(const World& world, TextId owner, Time cutoff) {
    auto ids = select(world, [&](const Worker& worker) {
        const bool serves = worker.state == State::idle || worker.state == State::hot ||
                            worker.state == State::hot_idle;
        return serves && worker.owner == owner && worker.org.given() &&
               worker.credentials_expire_at <= cutoff;  // unset is before any cutoff
    });
    std::ranges::sort(ids, {}, [&](WorkerId id) {
        return std::tuple(world.find(id)->credentials_expire_at, id);
    });
    return ids;
}

}  // namespace fenceline
