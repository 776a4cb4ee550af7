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

std::optional<Time> orphaned_since(const World& world, const Worker& worker) {
    if (!is_active(worker.state)) return std::nullopt;
    // Without an owner that was ever heard of, the worker's own sign of life is all there is.
    const ControlPlane* owner =
        worker.owner.given() ? world.find_control_plane(worker.owner) : nullptr;
    if (!owner) return worker.last_heartbeat_at;
    if (owner->state != ControlPlaneState::expired) return std::nullopt;
    return owner->expired_at;
}

std::optional<Time> stuck_since(const World& world, const Worker& worker) {
    const bool on_its_way = worker.state == State::spawning || worker.state == State::reserved ||
                            worker.state == State::activating;
    if (!on_its_way) return std::nullopt;
    const ControlPlane* owner = world.find_control_plane(worker.owner);
    if (owner && owner->state == ControlPlaneState::expired) return std::nullopt;
    return worker.updated_at;
}

std::optional<Time> hot_idle_since(const Worker& worker) {
    if (worker.state != State::hot_idle) return std::nullopt;
    return worker.updated_at;
}

Selected orphaned(const World& world, Time before) {
    return select(world, [&](const Worker& worker) {
        const auto since = orphaned_since(world, worker);
        return since && *since <= before;
    });
}

Selected stuck(const World& world, Time spawning_before, Time activating_before) {
    return select(world, [&](const Worker& worker) {
        const auto since = stuck_since(world, worker);
        return since &&
               *since <= (worker.state == State::spawning ? spawning_before : activating_before);
    });
}

Selected expired_hot_idle(const World& world, Time before) {
    return select(world, [&](const Worker& worker) {
        const auto since = hot_idle_since(worker);
        return since && *since <= before;
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
