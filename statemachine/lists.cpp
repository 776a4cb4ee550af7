#include "statemachine/lists.hpp"

#include <algorithm>
#include <tuple>

namespace fenceline::lists {

namespace {

template <typename Selects>
Selected select(const World& world, const Selects& selects) {
    Selected rows;
    for (const Worker& worker : world.workers())
        if (selects(worker)) rows.push_back(&worker);
    std::ranges::sort(rows, {}, [](const Worker* row) { return row->id; });
    return rows;
}

}  // namespace

Selected orphaned(const World& world, Time before) {
    return select(world, [&](const Worker& worker) {
        if (!is_active(worker.state)) return false;
        // Without an owner that was ever heard of, the worker's own sign of life is all there is.
        const ControlPlane* owner =
            worker.owner.given() ? world.find_control_plane(worker.owner) : nullptr;
        if (!owner) return worker.last_heartbeat_at <= before;
        return owner->state == ControlPlaneState::expired && owner->expired_at <= before;
    });
}

Selected stuck(const World& world, Time spawning_before, Time activating_before) {
    return select(world, [&](const Worker& worker) {
        const bool late = worker.state == State::spawning ? worker.updated_at <= spawning_before
                          : worker.state == State::reserved || worker.state == State::activating
                              ? worker.updated_at <= activating_before
                              : false;
        if (!late) return false;
        const ControlPlane* owner = world.find_control_plane(worker.owner);
        return !owner || owner->state != ControlPlaneState::expired;
    });
}

Selected expired_hot_idle(const World& world, Time before) {
    return select(world, [&](const Worker& worker) {
        return worker.state == State::hot_idle && worker.updated_at <= before;
    });
}

Selected by_states_before(const World& world, std::span<const State> states, Time before) {
    return select(world, [&](const Worker& worker) {
        return worker.updated_at <= before &&
               std::ranges::find(states, worker.state) != states.end();
    });
}

Selected due_for_credential_refresh(const World& world, std::string_view owner, Time cutoff) {
    TextId owner_id;
    if (!world.texts.find(owner, owner_id)) return {};  // nobody of that name owns anything
    auto rows = select(world, [&](const Worker& worker) {
        const bool serves = worker.state == State::idle || worker.state == State::hot ||
                            worker.state == State::hot_idle;
        return serves && worker.owner == owner_id && worker.org.given() &&
               worker.credentials_expire_at <= cutoff;  // unset is before any cutoff
    });
    std::ranges::sort(rows, {}, [](const Worker* row) {
        return std::tuple(row->credentials_expire_at, row->id);
    });
    return rows;
}

}  // namespace fenceline::lists
