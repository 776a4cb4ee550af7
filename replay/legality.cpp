#include "replay/legality.hpp"

#include "replay/new_epoch.hpp"
#include "replay/presented.hpp"
#include "statemachine/decide.hpp"

namespace fenceline::replay {

namespace {

std::string worker_text(const Event& event) {
    return "worker " + std::to_string(event.worker.value);
}

std::string differs(const Event& event, const char* what, const std::string& recorded,
                    const std::string& really) {
    return worker_text(event) + ": the event found " + what + " " + recorded + ", the record has " +
           really;
}

std::string text(State state) {
    return std::string(to_text(state));
}
std::string text(std::int64_t number) {
    return std::to_string(number);
}

bool gives_epoch(Operation operation) {
    return operation == Operation::refresh_lease || operation == Operation::take_over ||
           kind_of(operation) == OperationKind::claim;
}

// The fence of an operation that passed it (I4).
void check_fence(const Event& event, const Worker& record, std::vector<std::string>& out) {
    const auto complain = [&](const char* what) {
        out.push_back(worker_text(event) + ": " + std::string(to_text(event.operation)) + " " +
                      what);
    };
    if (const Presented* lease = presented_by(event.payload)) {
        if (lease->owner != record.owner) complain("passed with a lease of another owner");
        const bool higher_is_enough = event.operation == Operation::retire_local;
        if (higher_is_enough ? lease->epoch < record.epoch : lease->epoch != record.epoch)
            complain("passed with a lease of another epoch");
    } else if (const auto* seen = std::get_if<SnapshotJudged>(&event.payload)) {
        if (seen->observed != Presented{record.owner, record.epoch})
            complain("passed with a snapshot of another owner or epoch");
        if (seen->observed_state != record.state)
            complain("passed with a snapshot of another state");
        if (seen->observed_version != record.version) complain("passed with a stale snapshot");
    } else if (const auto* taken = std::get_if<WorkerTakenOver>(&event.payload)) {
        if (taken->asked_epoch != record.epoch) complain("passed with another epoch");
    }
    if (gives_epoch(event.operation) &&
        new_epoch_of(event.payload) != Epoch{record.epoch.value + 1})
        complain("did not raise the epoch by one");
}

}  // namespace

Legality::Legality() {
    for (const auto& row : transition_rows()) table_.emplace(row.from, row.operation, row.to);
}

std::vector<std::string> Legality::of(const Event& event, const World& world) const {
    std::vector<std::string> out;
    // Never came to a decision: it says what was asked for, and nothing was found or changed.
    if (event.outcome == Outcome::store_error) return out;
    const auto kind = kind_of(event.operation);
    if (kind == OperationKind::control_plane) {
        check_control_plane(event, world, out);
        return out;
    }
    const Worker* record = event.worker.given() ? world.find(event.worker) : nullptr;
    check_found(event, record, out);
    if (transitioned(event)) {
        check_transition(event, record, out);
    } else if (event.to != event.from) {
        out.push_back(worker_text(event) + ": a refused " + std::string(to_text(event.operation)) +
                      " changed the state");
    }
    return out;
}

void Legality::check_found(const Event& event, const Worker* record,
                           std::vector<std::string>& out) const {
    const Worker none;
    const Worker& really = record != nullptr ? *record : none;
    if (event.from != really.state)
        out.push_back(differs(event, "state", text(event.from), text(really.state)));
    if (event.version != really.version)
        out.push_back(
            differs(event, "version", text(event.version.value), text(really.version.value)));
    if (event.epoch != really.epoch)
        out.push_back(differs(event, "epoch", text(event.epoch.value), text(really.epoch.value)));
    if (event.owner != really.owner) out.push_back(worker_text(event) + ": found another owner");
    if (event.org != really.org) out.push_back(worker_text(event) + ": found another org");
}

void Legality::check_transition(const Event& event, const Worker* record,
                                std::vector<std::string>& out) const {
    if (!acts_on_worker(event.operation)) {
        out.push_back(std::string(to_text(event.operation)) + " cannot transition a worker");
        return;
    }
    if (!event.worker.given()) {
        out.push_back(std::string(to_text(event.operation)) + " transitioned without a worker");
        return;
    }
    // Answered from memory while the record stood; recorded late, it changes no state.
    if (std::holds_alternative<HeartbeatsTallied>(event.payload)) {
        if (event.to != event.from)
            out.push_back(worker_text(event) + ": a tally of heartbeats changed the state");
        return;
    }
    if (record != nullptr && is_terminal(record->state))
        out.push_back(worker_text(event) + ": an event after its end as " + text(record->state));
    if (!table_.contains({event.from, event.operation, event.to}))
        out.push_back(worker_text(event) + ": " + text(event.from) + " -> " + text(event.to) +
                      " by " + std::string(to_text(event.operation)) +
                      " is not in the transition table");
    const bool creates = kind_of(event.operation) == OperationKind::create;
    if (creates && record != nullptr) out.push_back(worker_text(event) + ": created a second time");
    if (!creates && record == nullptr)
        out.push_back(worker_text(event) + ": changed before it was created");
    if (!creates && record != nullptr) check_fence(event, *record, out);
}

void Legality::check_control_plane(const Event& event, const World& world,
                                   std::vector<std::string>& out) const {
    const auto* marked = std::get_if<ControlPlaneMarked>(&event.payload);
    if (marked == nullptr || !transitioned(event) || event.operation == Operation::cp_heartbeat)
        return;
    const auto name = [&] {
        return "control plane " + std::string(world.texts.text(marked->instance));
    };
    const ControlPlane* plane = world.find_control_plane(marked->instance);
    if (plane == nullptr)
        out.push_back(name() + ": marked before it was heard of");
    else if (event.operation != Operation::cp_drain && !plane->live())
        out.push_back(name() + ": expired a second time");
}

}  // namespace fenceline::replay
