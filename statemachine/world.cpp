#include "statemachine/world.hpp"

#include "events/invariant.hpp"

namespace fenceline {

const Worker* World::find(WorkerId id) const {
    return workers_.find(id.value);
}

const ControlPlane* World::find_control_plane(TextId id) const {
    return planes_.find(id.value);
}

bool World::is_live(TextId control_plane) const {
    const ControlPlane* plane = find_control_plane(control_plane);
    return plane && plane->live();
}

// --- change -------------------------------------------------------------------------------------

void World::put(const Worker& worker) {
    if (change(worker.id, [&](Worker& record) { record = worker; })) return;
    const auto slot = static_cast<std::uint32_t>(workers_.size());
    workers_.add(worker.id.value, worker);
    claimable_.make_room(slot);
    highest_id_ = std::max(highest_id_, worker.id);
    move(slot, worker.id, Place{}, place_of(worker));
    if (listed_) listed_->move(slot, Listed::Place{}, listed_place_of(worker));
}

void World::put(const ControlPlane& plane) {
    if (ControlPlane* record = planes_.find(plane.id.value)) {
        *record = plane;
        return;
    }
    planes_.add(plane.id.value, plane);
    heard_of(plane.id, true);
}

void World::heard_of(TextId owner, bool heard_of) {
    if (!listed_ || !owner.given()) return;
    listed_->answered(owner, heard_of,
                      [this](std::uint32_t slot) { return workers_[slot].last_heartbeat_at; });
}

void World::erase(WorkerId id, WorkerId highest_before) {
    const Worker* record = find(id);
    if (!record) return;
    FENCELINE_INVARIANT(record == &workers_.back(), "records are taken back newest first");
    const Place was = place_of(*record);
    const Listed::Place was_listed = listed_place_of(*record);
    workers_.remove_last(id.value);
    highest_id_ = highest_before;
    const auto slot = static_cast<std::uint32_t>(workers_.size());
    move(slot, id, was, Place{});
    if (listed_) listed_->move(slot, was_listed, Listed::Place{});
}

void World::erase_control_plane(TextId id) {
    const ControlPlane* record = find_control_plane(id);
    if (!record) return;
    FENCELINE_INVARIANT(record == &planes_.back(), "records are taken back newest first");
    planes_.remove_last(id.value);
    heard_of(id, false);
}

// --- indexes ------------------------------------------------------------------------------------

void World::index_lists() {
    if (listed_) return;
    Listed made;  // whole, or not at all
    std::uint32_t slot = 0;
    for (const Worker& worker : workers_)
        made.move(slot++, Listed::Place{}, listed_place_of(worker));
    listed_ = std::move(made);
}

const Listed& World::listed() const {
    FENCELINE_INVARIANT(listed_.has_value(), "whoever lists has the index made first");
    return *listed_;
}

void World::really_move(std::uint32_t slot, WorkerId id, const Place& from, const Place& to) {
    active_ += std::int64_t{to.active()} - std::int64_t{from.active()};
    // Most moves stay within an org, which is looked for once.
    if (from.org == to.org) {
        count_in_org(to.org, {to.active() - from.active(), to.hot_idle() - from.hot_idle()});
    } else {
        count_in_org(from.org, {-from.active(), -from.hot_idle()});
        count_in_org(to.org, {to.active(), to.hot_idle()});
    }
    if (from.warm()) count_warm(from, -1);
    if (to.warm()) count_warm(to, +1);
    if (from.claimable()) claimable_.remove(from.org, from.image, slot);
    if (to.claimable()) claimable_.add(to.org, to.image, slot, id);
}

void World::count_in_org(TextId org, const OrgCount& by) {
    if (!org.given() || (by.active == 0 && by.hot_idle == 0)) return;
    OrgCount& count = orgs_[org.value];
    count.active += by.active;
    count.hot_idle += by.hot_idle;
}

void World::count_warm(const Place& place, std::int64_t by) {
    warm_any_ += by;
    if (place.image.given()) warm_[place.image.value] += by;
}

// --- what claims and caps ask -------------------------------------------------------------------

std::optional<WorkerId> World::idle(TextId image) const {
    return claimable_.lowest(TextId{}, image);
}

std::optional<WorkerId> World::hot_idle(TextId org, TextId image) const {
    if (!org.given()) return std::nullopt;  // the neutral ones are nobody's to take back
    return claimable_.lowest(org, image);
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
    return texts.memory_bytes() + workers_.memory_bytes() + planes_.memory_bytes() +
           orgs_.bucket_count() * (sizeof(OrgCount) + 5) + warm_.bucket_count() * 13 +
           claimable_.memory_bytes() + (listed_ ? listed_->memory_bytes() : 0);
}

}  // namespace fenceline
