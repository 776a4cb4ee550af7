#include "statemachine/world.hpp"

#include "events/invariant.hpp"

namespace fenceline {

namespace {

// Under which a parked worker is found: its org, and its image or 0 for any.
std::uint64_t hot_idle_key(TextId org, TextId image) {
    return std::uint64_t{org.value} << 32 | image.value;
}

}  // namespace

const Worker* World::find(WorkerId id) const {
    const auto it = slots_.find(id.value);
    return it == slots_.end() ? nullptr : &workers_[it->second];
}

const ControlPlane* World::find_control_plane(TextId id) const {
    const auto it = plane_slots_.find(id.value);
    return it == plane_slots_.end() ? nullptr : &planes_[it->second];
}

bool World::is_live(TextId control_plane) const {
    const ControlPlane* plane = find_control_plane(control_plane);
    return plane && plane->live();
}

// --- change -------------------------------------------------------------------------------------

void World::put(const Worker& worker) {
    const auto next = static_cast<std::uint32_t>(workers_.size());
    const auto [it, fresh] = slots_.try_emplace(worker.id.value, next);
    if (fresh) {
        workers_.push_back(worker);
        highest_id_ = std::max(highest_id_, worker.id);
        move(worker.id, Place{}, place_of(worker));
        return;
    }
    Worker& record = workers_[it->second];
    const Place was = place_of(record);
    record = worker;
    move(worker.id, was, place_of(worker));
}

void World::put(const ControlPlane& plane) {
    const auto next = static_cast<std::uint32_t>(planes_.size());
    const auto [it, fresh] = plane_slots_.try_emplace(plane.id.value, next);
    if (fresh)
        planes_.push_back(plane);
    else
        planes_[it->second] = plane;
}

void World::erase(WorkerId id, WorkerId highest_before) {
    const auto it = slots_.find(id.value);
    if (it == slots_.end()) return;
    FENCELINE_INVARIANT(workers_.back().id == id, "records are taken back newest first");
    const Place was = place_of(workers_.back());
    workers_.pop_back();
    slots_.erase(it);
    highest_id_ = highest_before;
    move(id, was, Place{});
}

void World::erase_control_plane(TextId id) {
    const auto it = plane_slots_.find(id.value);
    if (it == plane_slots_.end()) return;
    FENCELINE_INVARIANT(planes_.back().id == id, "records are taken back newest first");
    planes_.pop_back();
    plane_slots_.erase(it);
}

// --- indexes ------------------------------------------------------------------------------------

World::Place World::place_of(const Worker& worker) {
    return {worker.state, worker.org, worker.image};
}

// Called with the record already changed: leave() asks the records who still belongs.
void World::move(WorkerId id, const Place& from, const Place& to) {
    if (from == to) return;  // heartbeats and renewals, the most of all events
    count(from, -1);
    count(to, +1);
    leave(id, from);
    enter(id, to);
}

void World::count(const Place& place, std::int64_t by) {
    if (!place.active()) return;
    active_ += by;
    if (place.org.given()) {
        OrgCount& org = orgs_[place.org.value];
        org.active += by;
        if (place.hot_idle()) org.hot_idle += by;
    }
    if (place.warm()) {
        warm_any_ += by;
        if (place.image.given()) warm_[place.image.value] += by;
    }
}

void World::enter(WorkerId id, const Place& place) {
    if (place.idle()) {
        idle_.add(0, id);
        if (place.image.given()) idle_.add(place.image.value, id);
    }
    if (place.hot_idle() && place.org.given()) {
        hot_idle_.add(hot_idle_key(place.org, TextId{}), id);
        if (place.image.given()) hot_idle_.add(hot_idle_key(place.org, place.image), id);
    }
}

void World::leave(WorkerId id, const Place& place) {
    if (place.idle()) {
        const auto idle_of = [this](TextId image) {
            return [this, image](WorkerId other) {
                const Worker* worker = find(other);
                return worker && place_of(*worker).idle() &&
                       (!image.given() || worker->image == image);
            };
        };
        idle_.remove(0, id, idle_of(TextId{}));
        if (place.image.given()) idle_.remove(place.image.value, id, idle_of(place.image));
    }
    if (place.hot_idle() && place.org.given()) {
        const auto parked_of = [this, &place](TextId image) {
            return [this, org = place.org, image](WorkerId other) {
                const Worker* worker = find(other);
                return worker && worker->state == State::hot_idle && worker->org == org &&
                       (!image.given() || worker->image == image);
            };
        };
        hot_idle_.remove(hot_idle_key(place.org, TextId{}), id, parked_of(TextId{}));
        if (place.image.given())
            hot_idle_.remove(hot_idle_key(place.org, place.image), id, parked_of(place.image));
    }
}

// --- what claims and caps ask -------------------------------------------------------------------

std::optional<WorkerId> World::idle(TextId image) const {
    return idle_.lowest(image.value);
}

std::optional<WorkerId> World::hot_idle(TextId org, TextId image) const {
    return hot_idle_.lowest(hot_idle_key(org, image));
}

std::int64_t World::active_of(TextId org) const {
    const auto it = orgs_.find(org.value);
    return it == orgs_.end() ? 0 : it->second.active;
}

std::int64_t World::hot_idle_of(TextId org) const {
    const auto it = orgs_.find(org.value);
    return it == orgs_.end() ? 0 : it->second.hot_idle;
}

std::int64_t World::warm(TextId image) const {
    if (!image.given()) return warm_any_;
    const auto it = warm_.find(image.value);
    return it == warm_.end() ? 0 : it->second;
}

std::size_t World::memory_bytes() const {
    return texts.memory_bytes() + workers_.size() * sizeof(Worker) + slots_.bucket_count() * 17 +
           planes_.capacity() * sizeof(ControlPlane) + plane_slots_.bucket_count() * 9 +
           orgs_.bucket_count() * (sizeof(OrgCount) + 5) + warm_.bucket_count() * 13 +
           idle_.memory_bytes() + hot_idle_.memory_bytes();
}

}  // namespace fenceline
