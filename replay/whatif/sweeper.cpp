#include "replay/whatif/sweeper.hpp"

#include <algorithm>
#include <utility>

namespace fenceline::replay::whatif {

namespace {

// What only the leader does.
bool leads_by_deed(const Event& event) {
    return event.operation == Operation::cp_expire_stale ||
           event.operation == Operation::cp_expire_draining ||
           event.operation == Operation::warm_capacity_targets || limit_of(event);
}

}  // namespace

Leader::Leader(const Replayed& begin) {
    for (const ControlPlane& plane : begin.fold.world.control_planes()) {
        const auto said = begin.fold.pool.capacity.leadership(plane.id);
        if (said != Leadership::acquired || !plane.live()) continue;
        if (plane.last_heartbeat_at < heard_at_) continue;
        id_ = plane.id;
        heard_at_ = plane.last_heartbeat_at;
    }
}

void Leader::hear(const Event& event) {
    if (const auto* word = std::get_if<LeadershipChanged>(&event.payload)) {
        if (word->leadership == Leadership::lost) {
            if (event.caller == id_) id_ = TextId{};
            return;
        }
        if (event.caller != id_) since_ = event.at;
        id_ = event.caller;
    } else if (event.caller != id_ && leads_by_deed(event)) {
        id_ = event.caller;
        since_ = event.at;
    }
    if (event.caller == id_) heard_at_ = event.at;
}

std::optional<Time> Sweeper::next(Time to) {
    if (next_ > to) return std::nullopt;
    if (!leader_.id().given() || leader_.heard_at() + sweep_every < next_) {
        // Nobody is there before the next event at the least.
        next_ = to + Duration{1};
        return std::nullopt;
    }
    next_ = std::max(next_, leader_.since() + sweep_every);
    if (next_ > to) return std::nullopt;
    return next_;
}

void Sweeper::look_again(Time at) {
    next_ = std::min(next_, std::max(at, last_ + step));
}

std::vector<Overdue> Sweeper::overdue(Time at, const Course& course,
                                      const Differences& differences) {
    at_ = at;
    earliest_ = never;
    found_.clear();
    for (const Limit limit : all_limits) {
        if (limits_[limit].replaced)
            for (const WorkerId worker : course.active())
                look(worker, limit, course, differences.differs(worker));
        else
            for (const WorkerId worker : differences.now()) look(worker, limit, course, true);
    }
    // Whoever is young now will be old no sooner than that.
    const bool idle = !limits_.any_replaced() && differences.now().empty();
    const Time young = at + limits_.shortest() + sweep_every;
    last_ = at;
    next_ = idle ? never : std::max(at + step, std::min(earliest_, young));
    return std::exchange(found_, {});
}

void Sweeper::look(WorkerId worker, Limit limit, const Course& course, bool differs) {
    const Worker* record = course.world().find(worker);
    const auto began = record ? since(limit, course.world(), *record) : std::nullopt;
    if (!began) return;
    // Its heartbeats are the record's: that they end with it there says nothing here.
    if (limit == Limit::orphan_grace && differs &&
        !course.world().find_control_plane(record->owner))
        return;
    const Time due = *began + limits_[limit].value + sweep_every;
    if (due > at_)
        earliest_ = std::min(earliest_, due);
    else
        found_.push_back({worker, limit});
}

}  // namespace fenceline::replay::whatif
