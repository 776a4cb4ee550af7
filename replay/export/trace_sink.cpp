#include "replay/export/trace_sink.hpp"

#include <vector>

#include "replay/export/json_text.hpp"

namespace fenceline::replay {

namespace {

constexpr std::int64_t progress_every = 16'384;

// Floor, also before 1970: equal moments stay equal and later ones are never earlier.
std::int64_t microseconds(Time at) {
    constexpr std::int64_t us = 1'000;
    return at.ns / us - (at.ns % us < 0 ? 1 : 0);
}

bool is_about_control_plane(const Event& event) {
    return std::holds_alternative<ControlPlaneMarked>(event.payload);
}

}  // namespace

// --- one trace event

std::string& TraceSink::start(char phase, Lane lane, std::string_view name) {
    out_ += written_++ == 0 ? "\n" : ",\n";
    auto& line = out_.buffer();
    line += "{\"ph\":\"";
    line += phase;
    line += "\",\"pid\":" + std::to_string(lane.first);
    // Worker ids go beyond what viewers take for a thread's number; tracks are counted instead.
    const auto track =
        lane.second == 0 ? 0 : tracks_.try_emplace(lane.second, tracks_.size() + 1).first->second;
    line += ",\"tid\":" + std::to_string(track);
    line += ",\"ts\":" + std::to_string(microseconds(now_)) + ",\"name\":";
    append_json(name, line);
    return line;
}

void TraceSink::stop() {
    out_ += "}";
}

void TraceSink::metadata(std::string_view what, Lane lane, std::string_view name) {
    auto& line = start('M', lane, what);
    line += ",\"args\":{\"name\":";
    append_json(name, line);
    line += '}';
    stop();
}

void TraceSink::name_lane(Lane lane) {
    if (std::exchange(named_[lane], true)) return;
    const Lane own{lane.first, 0};
    if (lane != own) name_lane(own);
    if (lane == own) {
        const TextId owner{lane.first};
        metadata("process_name", own, owner.given() ? world_.texts.text(owner) : "no owner");
        metadata("thread_name", own, owner.given() ? "control plane" : "pool");
        return;
    }
    metadata("thread_name", lane, "worker " + std::to_string(lane.second));
}

void TraceSink::args(const Event& event) {
    auto& line = out_.buffer();
    const auto text = [&](std::string_view key, TextId id) {
        if (!id.given()) return;
        append_key(key, line);
        append_json(world_.texts.text(id), line);
    };
    line += ",\"args\":{\"position\":" + std::to_string(event.position.value);
    line += ",\"operation\":";
    append_json(to_text(event.operation), line);
    line += ",\"outcome\":";
    append_json(to_text(event.outcome), line);
    line += ",\"origin\":";
    append_json(to_text(event.origin), line);
    text("caller", event.caller);
    if (event.worker.given()) line += ",\"worker\":" + std::to_string(event.worker.value);
    text("image", event.image);
    text("found_owner", event.owner);
    text("found_org", event.org);
    line += ",\"found_epoch\":" + std::to_string(event.epoch.value);
    if (event.failed_check != Check::none) {
        line += ",\"check\":";
        append_json(to_text(event.failed_check), line);
        line += ",\"winner\":" + std::to_string(event.version.value);
    }
    line += '}';
}

// --- slices

void TraceSink::enter(WorkerId worker, Lane lane, State state, const Event* event) {
    name_lane(lane);
    start('B', lane, to_text(state)) += ",\"cat\":\"state\"";
    if (event != nullptr) args(*event);
    stop();
    workers_[worker.value] = {lane, state};
}

void TraceSink::leave(const Open& open) {
    start('E', open.lane, to_text(open.state));
    stop();
}

void TraceSink::arrow(char phase, Lane lane, const Event& event) {
    auto& line = start(phase, lane, to_text(event.operation));
    line += ",\"cat\":\"ownership\",\"id\":" + std::to_string(event.position.value);
    if (phase == 'f') line += ",\"bp\":\"e\"";
    stop();
}

void TraceSink::count(State left, State entered) {
    if (is_active(left)) --counts_[static_cast<std::size_t>(left)];
    if (is_active(entered)) ++counts_[static_cast<std::size_t>(entered)];
}

void TraceSink::write_counts() {
    auto& line = start('C', {0, 0}, "workers");
    line += ",\"args\":{";
    for (const auto& state : all_labels<State>())
        if (is_active(state.value)) {
            append_key(state.text, line);
            line += std::to_string(counts_[static_cast<std::size_t>(state.value)]);
        }
    line += '}';
    stop();
}

void TraceSink::follow_worker(const Event& event) {
    const Worker* record = world_.find(event.worker);
    if (record == nullptr) return;
    const auto open = workers_.find(event.worker.value);
    const Lane lane{record->owner.value, event.worker.value};
    const State before = open == workers_.end() ? State::none : open->second.state;
    if (open != workers_.end() && open->second.lane == lane && before == record->state) return;
    const bool passed = open != workers_.end() && open->second.lane != lane &&
                        open->second.lane.first != 0 && lane.first != 0;
    if (passed) arrow('s', open->second.lane, event);
    if (open != workers_.end()) {
        leave(open->second);
        workers_.erase(open);
    }
    if (is_active(record->state)) {
        enter(event.worker, lane, record->state, &event);
        if (passed) arrow('f', lane, event);
    }
    if (before == record->state) return;
    count(before, record->state);
    write_counts();
}

void TraceSink::follow_control_plane(TextId instance, const Event* event) {
    const ControlPlane* plane = world_.find_control_plane(instance);
    if (plane == nullptr) return;
    const auto state =
        plane->state == ControlPlaneState::expired ? ControlPlaneState::none : plane->state;
    auto& shown = planes_[instance.value];
    if (shown == state) return;
    const Lane lane{instance.value, 0};
    if (shown != ControlPlaneState::none) {
        start('E', lane, to_text(shown));
        stop();
    }
    shown = state;
    if (state == ControlPlaneState::none) return;
    name_lane(lane);
    start('B', lane, to_text(state)) += ",\"cat\":\"control_plane\"";
    if (event != nullptr) args(*event);
    stop();
}

void TraceSink::refused(const Event& event) {
    const auto open = workers_.find(event.worker.value);
    const Lane lane = open != workers_.end() ? open->second.lane : Lane{event.caller.value, 0};
    name_lane(lane);
    start('i', lane,
          std::string(to_text(event.operation)) + ": " + std::string(to_text(event.outcome))) +=
        ",\"cat\":\"refused\",\"s\":\"t\"";
    args(event);
    stop();
}

// --- the whole

void TraceSink::begin(Time at) {
    now_ = at;
    out_ += "{\"displayTimeUnit\":\"ms\",\"otherData\":{\"from\":\"fenceline\",\"after\":" +
            std::to_string(range_.after.value) + ",\"to\":" + std::to_string(range_.to.value) +
            "},\"traceEvents\":[";
    name_lane({0, 0});
    for (const ControlPlane& plane : world_.control_planes())
        follow_control_plane(plane.id, nullptr);
    for (const Worker& worker : world_.workers()) {
        if (!is_active(worker.state)) continue;
        count(State::none, worker.state);
        enter(worker.id, {worker.owner.value, worker.id.value}, worker.state, nullptr);
    }
    write_counts();
}

bool TraceSink::event(const Event& event) {
    now_ = std::max(now_, event.at);
    evolve(world_, event);
    if (acts_on_worker(event.operation) && !transitioned(event))
        refused(event);
    else if (event.worker.given())
        follow_worker(event);
    if (is_about_control_plane(event))
        follow_control_plane(std::get<ControlPlaneMarked>(event.payload).instance, &event);
    if (range_.progress && event.position.value % progress_every == 0)
        range_.progress(event.position, range_.to);
    return out_.good();
}

Result<std::int64_t> TraceSink::finish() {
    for (const auto& [worker, open] : workers_) leave(open);
    for (const auto& [instance, state] : planes_) {
        if (state == ControlPlaneState::none) continue;
        start('E', {instance, 0}, to_text(state));
        stop();
    }
    out_ += "\n]}\n";
    FENCELINE_TRY(out_.finish());
    return written_;
}

}  // namespace fenceline::replay
