#include "replay/report/collector.hpp"

#include <algorithm>

#include "journal/answer_builder.hpp"
#include "replay/report/note.hpp"
#include "statemachine/evolve.hpp"

namespace fenceline::replay::report {

namespace {

constexpr std::int64_t progress_every = 16'384;

std::uint64_t key_of(WorkerId worker) {
    return static_cast<std::uint64_t>(worker.value);
}

}  // namespace

Collector::Collector(World& world, const ModelOptions& options)
    : world_(world), options_(options), watch_(options.limits) {
    model_.first = Position{options.after.value + 1};
    model_.last = options.to;
    const auto events = static_cast<std::size_t>(options.to.value - options.after.value);
    model_.events.reserve(events);
    watch_.begin(world_);
}

bool Collector::text(TextId id, std::string_view value) {
    consistent_ = consistent_ && world_.texts.intern(value) == id;
    return consistent_;
}

// The pool as the window finds it.
void Collector::begin(Time start) {
    model_.start = start;
    for (const Worker& worker : world_.workers())
        if (is_active(worker.state)) open_lane(worker);
    for (const ControlPlane& plane : world_.control_planes()) plane_lane(plane);
}

bool Collector::event(const Event& event) {
    if (model_.events.empty()) begin(event.at);
    model_.end = event.at;
    const std::uint32_t lane = event.worker.given() ? lane_of(event.worker) : no_lane;
    watch_.before(event, world_);
    evolve(world_, event);
    watch_.after(event, world_);
    note_row(event, lane);
    if (event.failed_check != Check::none) note_refusal(event);
    if (lane != no_lane) follow_worker(event, lane);
    if (std::holds_alternative<ControlPlaneMarked>(event.payload)) follow_plane(event);
    if (options_.progress && event.position.value % progress_every == 0)
        options_.progress(event.position, model_.last);
    return true;
}

std::uint32_t Collector::lane_of(WorkerId worker) {
    const std::uint32_t place = lanes_[key_of(worker)];
    if (place != 0) return place - 1;
    if (const Worker* record = world_.find(worker)) {
        open_lane(*record);
    } else {
        model_.lanes.push_back({.worker = worker});
        lanes_[key_of(worker)] = static_cast<std::uint32_t>(model_.lanes.size());
    }
    return static_cast<std::uint32_t>(model_.lanes.size() - 1);
}

void Collector::open_lane(const Worker& worker) {
    Lane& lane = model_.lanes.emplace_back();
    lane.worker = worker.id;
    lane.stretches.push_back({model_.start, Position{}, worker.state, worker.owner, worker.org});
    lanes_[key_of(worker.id)] = static_cast<std::uint32_t>(model_.lanes.size());
}

void Collector::note_row(const Event& event, std::uint32_t lane) {
    const auto place = static_cast<std::uint32_t>(model_.events.size());
    model_.events.push_back({.at = event.at,
                             .epoch = event.epoch,
                             .lane = lane,
                             .count = event.count,
                             .caller = event.caller,
                             .operation = event.operation,
                             .outcome = event.outcome,
                             .origin = event.origin,
                             .from = event.from,
                             .to = event.to});
    if (auto note = note_of(event, world_.texts); !note.empty())
        model_.notes.push_back({place, std::move(note)});
}

void Collector::note_refusal(const Event& event) {
    auto refusal = answer_of({&event, 1}, world_.texts).refusal;
    if (!refusal) return;
    const auto place = static_cast<std::uint32_t>(model_.events.size() - 1);
    model_.refusals.push_back({place, refusal->check, std::move(refusal->expected),
                               std::move(refusal->found), refusal->winner});
}

void Collector::follow_worker(const Event& event, std::uint32_t place) {
    const Worker* record = world_.find(event.worker);
    if (!record) return;
    auto& stretches = model_.lanes[place].stretches;
    if (!stretches.empty()) {
        const Stretch& last = stretches.back();
        if (last.state == record->state && last.owner == record->owner && last.org == record->org)
            return;
    }
    stretches.push_back({event.at, event.position, record->state, record->owner, record->org});
}

void Collector::follow_plane(const Event& event) {
    const auto& mark = std::get<ControlPlaneMarked>(event.payload);
    const ControlPlane* plane = world_.find_control_plane(mark.instance);
    if (!plane) return;
    const bool known = planes_[plane->id.value] != 0;
    auto& stretches = plane_lane(*plane).stretches;
    if (!known) stretches.back() = {event.at, event.position, plane->state};
    if (stretches.back().state != plane->state)
        stretches.push_back({event.at, event.position, plane->state});
}

PlaneLane& Collector::plane_lane(const ControlPlane& plane) {
    std::uint32_t& place = planes_[plane.id.value];
    if (place == 0) {
        model_.planes.push_back({plane.id, {{model_.start, Position{}, plane.state}}});
        place = static_cast<std::uint32_t>(model_.planes.size());
    }
    return model_.planes[place - 1];
}

Model Collector::finish() && {
    model_.findings = watch_.finish(world_, model_.end);
    for (Lane& lane : model_.lanes) {
        const Worker* record = world_.find(lane.worker);
        if (!record) continue;
        lane.record = *record;
        lane.pod = pod_name(record->pod, record->id, world_.texts);
    }
    model_.texts = std::move(world_.texts);
    return std::move(model_);
}

}  // namespace fenceline::replay::report
