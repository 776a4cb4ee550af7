#include "tools/event_view.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "journal/answer_builder.hpp"
#include "tools/output.hpp"

namespace fenceline::tools {

namespace {

// The detail of each payload, field by field. One overload a payload; a new one does not compile
// without.
class Details {
  public:
    explicit Details(const Names& names) : names_(names) {}

    Json operator()(const NoDetail&) const { return Json::object(); }
    Json operator()(const WorkerSpawned& d) const {
        return {{"asked_worker", d.asked_worker.value},
                {"prefix", text(d.prefix)},
                {"org", text(d.org)},
                {"epoch", d.epoch.value},
                {"max_org_workers", d.caps.max_org_workers},
                {"max_global_workers", d.caps.max_global_workers},
                {"warm_target", d.warm_target}};
    }
    Json operator()(const WorkerAdopted& d) const {
        return {{"pod", text(d.pod.text)},
                {"pod_numbered", d.pod.numbered},
                {"org", text(d.org)},
                {"owner", text(d.owner)},
                {"retire_reason", text(d.retire_reason)},
                {"epoch", d.epoch.value},
                {"state", to_text(d.state)},
                {"created_at", json_of(d.created_at)},
                {"updated_at", json_of(d.updated_at)},
                {"last_heartbeat_at", json_of(d.last_heartbeat_at)},
                {"reserved_at", json_of(d.reserved_at)},
                {"activation_started_at", json_of(d.activation_started_at)},
                {"credentials_expire_at", json_of(d.credentials_expire_at)},
                {"drain_started_at", json_of(d.drain_started_at)}};
    }
    Json operator()(const WorkerClaimed& d) const {
        return {{"org", text(d.org)},
                {"asked_image", text(d.asked_image)},
                {"max_org_workers", d.caps.max_org_workers},
                {"max_global_workers", d.caps.max_global_workers},
                {"new_epoch", d.new_epoch.value}};
    }
    Json operator()(const WorkerTakenOver& d) const {
        return {{"org", text(d.org)},
                {"asked_epoch", d.asked_epoch.value},
                {"new_epoch", d.new_epoch.value}};
    }
    Json operator()(const LeaseExercised& d) const { return {{"lease", presented(d.lease)}}; }
    Json operator()(const ActivationCompleted& d) const {
        return {{"lease", presented(d.lease)}, {"reserved_at", json_of(d.reserved_at)}};
    }
    Json operator()(const LeaseRefreshed& d) const {
        return {{"lease", presented(d.lease)}, {"new_epoch", d.new_epoch.value}};
    }
    Json operator()(const CredentialsRefreshed& d) const {
        return {{"lease", presented(d.lease)}, {"expires_at", json_of(d.expires_at)}};
    }
    Json operator()(const WorkerEnded& d) const {
        return {{"lease", presented(d.lease)}, {"reason", text(d.reason)}};
    }
    Json operator()(const SnapshotJudged& d) const {
        return {{"observed", presented(d.observed)},
                {"observed_state", to_text(d.observed_state)},
                {"observed_version", d.observed_version.value},
                {"target", to_text(d.target)},
                {"reason", text(d.reason)}};
    }
    Json operator()(const ControlPlaneMarked& d) const {
        return {{"instance", text(d.instance)}, {"cutoff", json_of(d.cutoff)}};
    }
    Json operator()(const SpawnFailed& d) const { return {{"reason", to_text(d.reason)}}; }
    Json operator()(const HealthChecked& d) const { return {{"result", to_text(d.result)}}; }
    Json operator()(const PodDeleted& d) const {
        return {{"drain_started_at", json_of(d.drain_started_at)}};
    }
    Json operator()(const StrandedReconciled& d) const { return {{"outcome", to_text(d.outcome)}}; }
    Json operator()(const WarmCapacityMissed& d) const { return {{"reason", to_text(d.reason)}}; }
    Json operator()(const WarmCapacityTargeted& d) const {
        Json targets = Json::object();
        for (const auto& [image, target] : d.targets) targets[text(image)] = target;
        return {{"targets", std::move(targets)}, {"max_workers", d.max_workers}};
    }
    Json operator()(const LeadershipChanged& d) const {
        return {{"leadership", to_text(d.leadership)}};
    }
    Json operator()(const HeartbeatsTallied& d) const {
        return {{"last_at", json_of(d.last_at)}, {"took_ns", spans(d.took)}};
    }
    Json operator()(const OperationFailed& d) const {
        return {{"code", to_text(d.code)}, {"took_ns", spans(d.took)}};
    }

  private:
    [[nodiscard]] std::string text(TextId id) const { return names_.text(id); }
    [[nodiscard]] Json presented(const Presented& lease) const {
        return {{"owner", text(lease.owner)}, {"epoch", lease.epoch.value}};
    }
    static Json spans(const std::vector<Duration>& took) {
        Json out = Json::array();
        for (const auto span : took) out.push_back(span.ns);
        return out;
    }

    const Names& names_;
};

Json recorder_json(const Event& event, const Names& names) {
    const Recorder* recorder = names.recorder(event.recorder);
    if (recorder == nullptr) return nullptr;
    return {{"instance", recorder->instance}, {"run", recorder->run}};
}

}  // namespace

const Recorder* Names::recorder(RecorderId id) const {
    const auto it = std::ranges::find(recorders, id, &Recorder::id);
    return it == recorders.end() ? nullptr : &*it;
}

Json json_of(const Event& event, const Names& names) {
    Json out{{"position", event.position.value},      {"at", json_of(event.at)},
             {"operation", to_text(event.operation)}, {"outcome", to_text(event.outcome)},
             {"origin", to_text(event.origin)},       {"caller", names.text(event.caller)}};
    out["worker"] = event.worker.given() ? Json(event.worker.value) : Json(nullptr);
    out["image"] = names.text(event.image);
    out["from"] = event.from == State::none ? Json(nullptr) : Json(to_text(event.from));
    out["to"] = event.to == State::none ? Json(nullptr) : Json(to_text(event.to));
    out["found"] = {{"owner", names.text(event.owner)},
                    {"org", names.text(event.org)},
                    {"epoch", event.epoch.value},
                    {"version", event.version.value}};
    out["count"] = event.count;
    out["request_id"] = event.request_id;
    out["recorder"] = recorder_json(event, names);
    out["detail"] = std::visit(Details(names), event.payload);
    const auto refusal = answer_of({&event, 1}, names.texts).refusal;
    if (refusal)
        out["refusal"] = {{"check", to_text(refusal->check)},
                          {"expected", refusal->expected},
                          {"found", refusal->found},
                          {"winner", refusal->winner.value}};
    return out;
}

std::string movement_of(const Event& event) {
    if (event.from == State::none && event.to == State::none) return {};
    if (event.from == event.to) return std::string(to_text(event.to));
    if (event.from == State::none) return fmt::format("-> {}", to_text(event.to));
    return fmt::format("{} -> {}", to_text(event.from), to_text(event.to));
}

std::string refusal_of(const Event& event, const Names& names) {
    const auto refusal = answer_of({&event, 1}, names.texts).refusal;
    if (!refusal) return {};
    std::string text(to_text(refusal->check));
    if (!refusal->expected.empty() || !refusal->found.empty())
        text += fmt::format(": expected {}, found {}",
                            refusal->expected.empty() ? "nobody" : refusal->expected,
                            refusal->found.empty() ? "nobody" : refusal->found);
    if (refusal->winner.given()) text += fmt::format(" (#{})", refusal->winner.value);
    return text;
}

std::string note_of(const Event& event, const Names& names) {
    std::string note = refusal_of(event, names);
    const auto add = [&](std::string_view text) {
        if (text.empty()) return;
        if (!note.empty()) note += ", ";
        note += text;
    };
    const auto detail = std::visit(Details(names), event.payload);
    for (const char* key : {"reason", "result", "outcome", "leadership", "instance", "code"})
        if (const auto it = detail.find(key); it != detail.end())
            add(it->template get_ref<const std::string&>());
    if (const auto it = detail.find("new_epoch"); it != detail.end() && *it != 0)
        add(fmt::format("epoch {}", it->template get<std::int64_t>()));
    if (event.count != 1) add(fmt::format("{} times", event.count));
    return note;
}

// --- on one line

namespace {
constexpr auto log_columns = "{:>9}  {:<30}  {:<27}  {:<20}  {:>7}  {:<22}  {:<16}  {}";
}  // namespace

std::string log_heading() {
    return fmt::format(fmt::runtime(log_columns), "POSITION", "AT", "OPERATION", "OUTCOME",
                       "WORKER", "STATE", "CALLER", "WHY") +
           "\n";
}

std::string log_line(const Event& event, const Names& names) {
    const auto worker = event.worker.given() ? std::to_string(event.worker.value) : "";
    auto text =
        fmt::format(fmt::runtime(log_columns), event.position.value, to_rfc3339(event.at),
                    to_text(event.operation), to_text(event.outcome), worker, movement_of(event),
                    printable(names.text(event.caller)), printable(note_of(event, names)));
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
}

}  // namespace fenceline::tools
