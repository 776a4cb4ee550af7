#include "journal/answer_builder.hpp"

#include <map>
#include <set>

#include "statemachine/decide.hpp"
#include "statemachine/minter.hpp"

namespace fenceline {

namespace {

struct Token {
    Presented presented;
    State state = State::none;
    Position version;
};

// What the caller presented, whatever shape its payload has.
Token token_of(const Event& event) {
    return std::visit(
        [](const auto& p) -> Token {
            using P = std::decay_t<decltype(p)>;
            if constexpr (requires { p.lease; }) return {.presented = p.lease};
            if constexpr (std::is_same_v<P, SnapshotJudged>)
                return {p.observed, p.observed_state, p.observed_version};
            if constexpr (std::is_same_v<P, WorkerTakenOver>)
                return {.presented = {{}, p.asked_epoch}};
            return {};
        },
        event.payload);
}

// "hot|hot_idle": the states that the table permits, worked out once.
const std::string& legal_states(Operation operation) {
    static const auto texts = [] {
        std::map<Operation, std::set<State>> states;
        for (const auto& row : transition_rows()) states[row.operation].insert(row.from);
        std::map<Operation, std::string> joined;
        for (const auto& [asked, from] : states)
            for (const State state : from)
                joined[asked] += (joined[asked].empty() ? "" : "|") + std::string(to_text(state));
        return joined;
    }();
    static const std::string nowhere;
    const auto it = texts.find(operation);
    return it == texts.end() ? nowhere : it->second;
}

std::string cap_of(const Event& event) {
    if (const auto* claimed = std::get_if<WorkerClaimed>(&event.payload))
        return std::to_string(event.failed_check == Check::org_cap
                                  ? claimed->caps.max_org_workers
                                  : claimed->caps.max_global_workers);
    if (const auto* spawned = std::get_if<WorkerSpawned>(&event.payload)) {
        if (event.failed_check == Check::warm_target) return std::to_string(spawned->warm_target);
        return std::to_string(event.failed_check == Check::org_cap
                                  ? spawned->caps.max_org_workers
                                  : spawned->caps.max_global_workers);
    }
    return {};
}

Refusal refusal_of(const Event& event, const Dictionary& texts) {
    const Token token = token_of(event);
    Refusal why{.check = event.failed_check, .winner = event.version};
    switch (event.failed_check) {
        case Check::exists:
            why.expected = "worker " + std::to_string(event.worker.value);
            why.found = "no such worker";
            if (kind_of(event.operation) == OperationKind::control_plane) {
                why.expected = "control plane " + std::string(texts.text(event.caller));
                why.found = "no such control plane";
            }
            break;
        case Check::owner:
            why.expected = texts.text(token.presented.owner);
            why.found = texts.text(event.owner);
            break;
        case Check::epoch:
            why.expected = std::to_string(token.presented.epoch.value);
            why.found = std::to_string(event.epoch.value);
            break;
        case Check::observed_state:
            why.expected = to_text(token.state);
            why.found = to_text(event.from);
            break;
        case Check::legal_state:
            why.expected = legal_states(event.operation);
            why.found = to_text(event.from);
            break;
        case Check::version:
            why.expected = std::to_string(token.version.value);
            why.found = std::to_string(event.version.value);
            break;
        case Check::owner_not_live:
            why.expected = "an owner that is gone";
            why.found = std::string(texts.text(event.owner)) + " is live";
            break;
        case Check::neutral:
            why.expected = "a neutral worker";
            why.found = "bound to " + std::string(texts.text(event.org));
            break;
        case Check::org_cap:
        case Check::global_cap:
        case Check::warm_target:
            why.expected = "fewer than " + cap_of(event);
            why.found = "as many or more";
            break;
        case Check::match:
            why.expected = "a claimable worker";
            why.found = "none";
            break;
        case Check::caller_stays:
            why.expected = "a caller that is not draining";
            why.found = std::string(texts.text(event.caller)) + " is draining";
            break;
        case Check::none:
        case Check::request:
        case Check::journal: break;
    }
    return why;
}

// The lease that a transition gave its caller, if it gives one.
std::optional<WorkerLease> lease_of(const Event& event, const Dictionary& texts) {
    const auto mint = [&](TextId owner, Epoch epoch) {
        return Minter::lease(event.worker, std::string(texts.text(owner)), epoch,
                             std::string(texts.text(event.image)));
    };
    if (!transitioned(event)) return std::nullopt;
    if (const auto* p = std::get_if<WorkerSpawned>(&event.payload))
        return mint(event.caller, p->epoch);
    if (const auto* p = std::get_if<WorkerClaimed>(&event.payload))
        return mint(event.caller, p->new_epoch);
    if (const auto* p = std::get_if<WorkerTakenOver>(&event.payload))
        return mint(event.caller, p->new_epoch);
    if (const auto* p = std::get_if<LeaseRefreshed>(&event.payload))
        return mint(event.owner, p->new_epoch);
    return std::nullopt;
}

}  // namespace

bool schedules_cleanup(const Event& event) {
    return transitioned(event) && kind_of(event.operation) == OperationKind::snapshot;
}

std::string pod_name(const PodName& pod, WorkerId worker, const Dictionary& texts) {
    std::string name(texts.text(pod.text));
    if (pod.numbered) name += '-' + std::to_string(worker.value);
    return name;
}

Answer answer_of(std::span<const Event> events, const Dictionary& texts) {
    const Event& event = events.front();
    Answer answer{.operation = event.operation,
                  .outcome = event.outcome,
                  .worker = event.worker,
                  .from = event.from,
                  .to = event.to,
                  .position = event.position,
                  .at = event.at,
                  .cleanup_scheduled = schedules_cleanup(event)};
    answer.lease = lease_of(event, texts);
    if (event.failed_check != Check::none) answer.refusal = refusal_of(event, texts);
    if (event.operation == Operation::cp_expire_stale ||
        event.operation == Operation::cp_expire_draining)
        for (const Event& each : events)
            if (const auto* marked = std::get_if<ControlPlaneMarked>(&each.payload))
                answer.expired.emplace_back(texts.text(marked->instance));
    return answer;
}

WorkerView view_of(const Worker& worker, const Dictionary& texts) {
    const auto text = [&](TextId id) { return std::string(texts.text(id)); };
    return {.worker = worker.id,
            .pod = pod_name(worker.pod, worker.id, texts),
            .image = text(worker.image),
            .org = text(worker.org),
            .owner = text(worker.owner),
            .retire_reason = text(worker.retire_reason),
            .state = worker.state,
            .epoch = worker.epoch,
            .created_at = worker.created_at,
            .updated_at = worker.updated_at,
            .last_heartbeat_at = worker.last_heartbeat_at,
            .reserved_at = worker.reserved_at,
            .activation_started_at = worker.activation_started_at,
            .credentials_expire_at = worker.credentials_expire_at,
            .version = worker.version};
}

}  // namespace fenceline
