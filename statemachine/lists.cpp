#include "statemachine/lists.hpp"

#include <algorithm>
#include <tuple>

namespace fenceline::lists {

namespace {

// Takes what an index leads to, and what the list selects of it.
template <typename Selects>
auto into(Selected& rows, const World& world, const Selects& selects) {
    return [&rows, &world, &selects](std::uint32_t slot) {
        const Worker& worker = world.workers()[slot];
        if (selects(worker)) rows.push_back(&worker);
    };
}

Selected by_id(Selected rows) {
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
    Selected rows;
    const auto selects = [&](const Worker& worker) {
        const auto since = orphaned_since(world, worker);
        return since && *since <= before;
    };
    const auto take = into(rows, world, selects);
    world.listed().unanswered(before, take);
    world.listed().owned().visit_owners([&](TextId owner) {
        const ControlPlane* plane = owner.given() ? world.find_control_plane(owner) : nullptr;
        if (!plane || plane->state != ControlPlaneState::expired || plane->expired_at > before)
            return;
        world.listed().owned().visit(owner, take);
    });
    return by_id(std::move(rows));
}

Selected stuck(const World& world, Time spawning_before, Time activating_before) {
    Selected rows;
    const auto list = [&](State state, Time before) {
        const auto selects = [&](const Worker& worker) {
            const auto since = stuck_since(world, worker);
            return since && *since <= before;
        };
        world.listed().in_state(state, before, into(rows, world, selects));
    };
    list(State::spawning, spawning_before);
    list(State::reserved, activating_before);
    list(State::activating, activating_before);
    return by_id(std::move(rows));
}

Selected expired_hot_idle(const World& world, Time before) {
    static constexpr State parked[] = {State::hot_idle};
    return by_states_before(world, parked, before);
}

Selected by_states_before(const World& world, std::span<const State> states, Time before) {
    Selected rows;
    for (std::size_t i = 0; i < states.size(); ++i) {
        const State state = states[i];
        if (std::ranges::find(states.first(i), state) != states.first(i).end()) continue;
        const auto selects = [&](const Worker& worker) {
            return worker.state == state && worker.updated_at <= before;
        };
        world.listed().in_state(state, before, into(rows, world, selects));
    }
    return by_id(std::move(rows));
}

Selected due_for_credential_refresh(const World& world, std::string_view owner, Time cutoff) {
    TextId owner_id;
    if (!world.texts.find(owner, owner_id)) return {};  // nobody of that name owns anything
    const auto selects = [&](const Worker& worker) {
        return Listed::is_serving(worker.state) && worker.owner == owner_id && worker.org.given() &&
               worker.credentials_expire_at <= cutoff;  // unset is before any cutoff
    };
    Selected rows;
    const auto take = into(rows, world, selects);
    // By what is due or by whom the owner has, whichever is less to look at.
    std::size_t left = world.listed().owned().count(owner_id);
    const bool all = world.listed().expiring(cutoff, [&](std::uint32_t slot) {
        if (left == 0) return false;
        --left;
        take(slot);
        return true;
    });
    if (!all) {
        rows.clear();
        world.listed().owned().visit(owner_id, take);
    }
    std::ranges::sort(rows, {}, [](const Worker* row) {
        return std::tuple(row->credentials_expire_at, row->id);
    });
    return rows;
}

}  // namespace fenceline::lists
