#include "tools/json.hpp"

namespace fenceline::tools {

std::string line_of(const Json& value) {
    auto text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
    text += '\n';
    return text;
}

Json json_of(Time time) {
    return time.given() ? Json(to_rfc3339(time)) : Json(nullptr);
}

Json json_of(const WorkerLease& lease) {
    return {{"worker", lease.worker().value},
            {"owner", lease.owner()},
            {"epoch", lease.epoch().value},
            {"image", lease.image()}};
}

Json json_of(const WorkerView& row) {
    return {{"worker", row.worker.value},
            {"state", to_text(row.state)},
            {"owner", row.owner},
            {"epoch", row.epoch.value},
            {"org", row.org},
            {"image", row.image},
            {"pod", row.pod},
            {"version", row.version.value},
            {"retire_reason", row.retire_reason},
            {"created_at", json_of(row.created_at)},
            {"updated_at", json_of(row.updated_at)},
            {"last_heartbeat_at", json_of(row.last_heartbeat_at)},
            {"reserved_at", json_of(row.reserved_at)},
            {"activation_started_at", json_of(row.activation_started_at)},
            {"credentials_expire_at", json_of(row.credentials_expire_at)}};
}

Json json_of(const Answer& answer) {
    Json out{{"op", to_text(answer.operation)}};
    if (answer.worker.given()) out["worker"] = answer.worker.value;
    out["outcome"] = to_text(answer.outcome);
    out["transitioned"] = answer.transitioned();
    if (acts_on_worker(answer.operation) && answer.worker.given())
        out["cleanup_scheduled"] = answer.cleanup_scheduled;
    if (answer.from != State::none) out["from"] = to_text(answer.from);
    if (answer.to != State::none) out["to"] = to_text(answer.to);
    // Without a position it was answered from memory, or there was nothing to record.
    out["seq"] = answer.position.given() ? Json(answer.position.value) : Json(nullptr);
    out["at"] = json_of(answer.at);
    if (answer.lease) out["lease"] = json_of(*answer.lease);
    if (answer.refusal)
        out["refusal"] = {{"check", to_text(answer.refusal->check)},
                          {"expected", answer.refusal->expected},
                          {"found", answer.refusal->found},
                          {"winner", answer.refusal->winner.value}};
    if (answer.operation == Operation::cp_expire_stale ||
        answer.operation == Operation::cp_expire_draining)
        out["expired"] = answer.expired;
    if (answer.replayed) out["replayed"] = true;
    return out;
}

}  // namespace fenceline::tools
