// The laws of the transition table, generated from it: each row lands where it says, each absent
// pair is refused, each fenced row refuses a stale token, and the checks come in the order of the
// contract.

#include <algorithm>
#include <set>

#include "tests/support/scenario.hpp"

namespace fenceline::testing {
namespace {

using Fences = std::vector<std::string>;

Fences fences_of(const TransitionRow& row) {
    Fences names;
    std::string_view rest = row.fences;
    while (!rest.empty()) {
        const auto end = rest.find(", ");
        names.emplace_back(rest.substr(0, end));
        rest = end == rest.npos ? std::string_view{} : rest.substr(end + 2);
    }
    return names;
}

struct Miss {
    Outcome outcome;
    Check check;
};

Miss miss_of(const std::string& fence) {
    if (fence == "exists") return {Outcome::row_missing, Check::exists};
    if (fence == "owner") return {Outcome::fence_miss_owner, Check::owner};
    if (fence == "epoch" || fence == "epoch or higher")
        return {Outcome::fence_miss_epoch, Check::epoch};
    if (fence == "observed_state") return {Outcome::fence_miss_state, Check::observed_state};
    if (fence == "neutral") return {Outcome::fence_miss_state, Check::neutral};
    if (fence == "version") return {Outcome::fence_miss_updated_at, Check::version};
    if (fence == "owner_not_live") return {Outcome::fence_miss_cp_revived, Check::owner_not_live};
    if (fence == "caller_stays") return {Outcome::shutting_down, Check::caller_stays};
    if (fence == "org_cap") return {Outcome::org_cap, Check::org_cap};
    if (fence == "global_cap") return {Outcome::global_cap, Check::global_cap};
    if (fence == "warm_target") return {Outcome::warm_target_met, Check::warm_target};
    if (fence == "match") return {Outcome::no_idle, Check::match};
    FAIL("no expectation for the fence " << fence);
    return {};
}

// One operation on a worker in one state, with some of its fences broken and all others whole.
class Attempt {
  public:
    Attempt(State from, Operation operation, State to, const Fences& broken)
        : from_(from), operation_(operation), to_(to), broken_(broken.begin(), broken.end()) {}

    Scenario run() {
        Scenario scenario;
        // Versions start above 1, so that there is an older one to present.
        scenario.given(as("cp-z", ControlPlaneHeartbeat{}));
        if (present()) scenario.given(as("cp-z", worker_in(from_, row())));
        // Another active worker of the org and of the image fills every cap of one.
        if (broke("org_cap") || broke("global_cap"))
            scenario.given(as("cp-z", worker_in(State::hot, neighbour())));
        if (broke("warm_target")) {
            auto warm = neighbour();
            warm.worker = WorkerId{9};
            warm.org.clear();
            scenario.given(as("cp-z", worker_in(State::idle, warm)));
        }
        if (broke("owner_not_live")) scenario.given(as("cp-a", ControlPlaneHeartbeat{}));
        if (broke("caller_stays"))
            scenario.given(as("cp-b", ControlPlaneHeartbeat{}))
                .given(as("cp-b", ControlPlaneDrain{}));
        scenario.when(as("cp-b", request(scenario)));
        return scenario;
    }

  private:
    [[nodiscard]] bool broke(const std::string& fence) const { return broken_.contains(fence); }
    [[nodiscard]] bool present() const {
        return from_ != State::none && !broke("exists") && !broke("match");
    }
    [[nodiscard]] bool org_bound() const {
        return broke("neutral") || from_ == State::reserved || from_ == State::activating ||
               from_ == State::hot || from_ == State::hot_idle;
    }

    [[nodiscard]] WorkerView row() const {
        return {.worker = WorkerId{7},
                .image = "i",
                .org = org_bound() ? "acme" : "",
                .owner = "cp-a",
                .epoch = Epoch{5}};
    }
    [[nodiscard]] static WorkerView neighbour() {
        return {.worker = WorkerId{8}, .image = "i", .org = "acme", .owner = "cp-a"};
    }

    [[nodiscard]] std::string owner() const { return broke("owner") ? "cp-x" : "cp-a"; }
    [[nodiscard]] Epoch epoch() const {
        return Epoch{broke("epoch") || broke("epoch or higher") ? 4 : 5};
    }
    [[nodiscard]] Caps caps() const {
        return {.max_org_workers = broke("org_cap") ? 1 : 0,
                .max_global_workers = broke("global_cap") ? 1 : 0};
    }

    [[nodiscard]] WorkerSnapshot seen(const Scenario& scenario) const {
        WorkerView view = row();
        view.state = from_;
        if (present()) view.version = scenario.worker(7).version;
        view.owner = owner();
        view.epoch = epoch();
        if (broke("observed_state")) view.state = from_ == State::hot ? State::idle : State::hot;
        if (broke("version")) view.version = Position{view.version.value - 1};
        return Minter::snapshot(view);
    }

    [[nodiscard]] Request request(const Scenario& scenario) const {
        const auto held = lease(7, owner(), epoch().value, "i");
        switch (operation_) {
            case Operation::spawn: return spawn();
            case Operation::adopt: return worker_in(to_, row());
            case Operation::publish_idle: return PublishIdle{held};
            case Operation::publish_reserved: return PublishReserved{held};
            case Operation::begin_activation: return BeginActivation{held};
            case Operation::complete_activation: return CompleteActivation{held};
            case Operation::park: return Park{held};
            case Operation::unpark: return Unpark{held};
            case Operation::heartbeat: return Heartbeat{held};
            case Operation::refresh_lease: return RefreshLease{held};
            case Operation::credentials_refreshed: return RefreshCredentials{held, noon};
            case Operation::drain: return Drain{held};
            case Operation::retire_drained: return RetireDrained{held, "normal"};
            case Operation::mark_lost_from_lease: return MarkLost{held, "crash"};
            case Operation::retire_local: return RetireLocal{held, "normal"};
            case Operation::claim_idle: return ClaimIdle{"acme", "i", caps()};
            case Operation::claim_hot_idle: return ClaimHotIdle{"acme", "i", caps()};
            case Operation::take_over: return TakeOver{WorkerId{7}, epoch(), "acme"};
            case Operation::retire_from_snapshot:
                return RetireFromSnapshot{seen(scenario), to_, "crash"};
            case Operation::retire_orphan_from_snapshot:
                return RetireOrphan{seen(scenario), "orphaned"};
            case Operation::retire_idle_variant_from_snapshot:
                return RetireIdleVariant{seen(scenario), "idle_timeout"};
            default: FAIL("not an operation on a worker"); return Spawn{};
        }
    }

    [[nodiscard]] Spawn spawn() const {
        return {.worker = WorkerId{7},
                .image = "i",
                .org = broke("org_cap") ? "acme" : "",
                .caps = caps(),
                .warm_target = broke("warm_target") ? 1 : 0};
    }

    State from_;
    Operation operation_;
    State to_;
    std::set<std::string> broken_;
};

std::vector<Operation> worker_operations() {
    std::vector<Operation> operations;
    for (const auto& label : all_labels<Operation>())
        if (acts_on_worker(label.value)) operations.push_back(label.value);
    return operations;
}

const TransitionRow* row_for(const std::vector<TransitionRow>& rows, State from,
                             Operation operation, State target) {
    const bool has_target =
        operation == Operation::adopt || operation == Operation::retire_from_snapshot;
    for (const auto& row : rows)
        if (row.from == from && row.operation == operation && (!has_target || row.to == target))
            return &row;
    return nullptr;
}

const TransitionRow& any_row_of(const std::vector<TransitionRow>& rows, Operation operation) {
    const auto it = std::ranges::find(rows, operation, &TransitionRow::operation);
    REQUIRE(it != rows.end());
    return *it;
}

void expect(State from, Operation operation, State to, const Fences& broken, const Miss& miss) {
    CAPTURE(to_text(from));
    CAPTURE(to_text(operation));
    CAPTURE(to_text(to));
    CAPTURE(broken);
    Attempt attempt(from, operation, to, broken);
    Scenario scenario = attempt.run();
    scenario.then(miss.outcome, miss.check);
    CHECK(scenario.event().from == scenario.event().to);
}

}  // namespace

TEST_SUITE("statemachine/laws") {
    TEST_CASE("each row lands where it says") {
        for (const auto& row : transition_rows()) {
            CAPTURE(to_text(row.from));
            CAPTURE(to_text(row.operation));
            Scenario scenario = Attempt(row.from, row.operation, row.to, {}).run();
            scenario.then(Outcome::transitioned).moved(row.from, row.to);
            CHECK(scenario.worker(7).state == row.to);
            CHECK(scenario.worker(7).version == scenario.event().position);
        }
    }

    TEST_CASE("each row refuses a token that is stale in one respect") {
        for (const auto& row : transition_rows()) {
            const auto kind = kind_of(row.operation);
            if (kind == OperationKind::create || kind == OperationKind::claim) continue;
            for (const auto& fence : fences_of(row))
                expect(row.from, row.operation, row.to, {fence}, miss_of(fence));
        }
    }

    TEST_CASE("of several broken fences the first of the contract's order answers") {
        for (const auto& row : transition_rows()) {
            const Fences fences = fences_of(row);
            for (std::size_t first = 0; first < fences.size(); ++first) {
                Fences broken(fences.begin() + static_cast<std::ptrdiff_t>(first), fences.end());
                // An org is capped and a neutral worker warms the pool: no spawn is both.
                if (row.operation == Operation::spawn && fences[first] != "warm_target")
                    broken.pop_back();
                expect(row.from, row.operation, row.to, broken, miss_of(fences[first]));
            }
        }
    }

    TEST_CASE("each absent pair is refused") {
        const auto rows = transition_rows();
        int absent = 0;
        for (const auto& state : all_labels<State>())
            for (const Operation operation : worker_operations())
                for (const State target : {State::retired, State::lost}) {
                    if (row_for(rows, state.value, operation, target)) continue;
                    ++absent;
                    const bool claim = kind_of(operation) == OperationKind::claim;
                    const Miss miss = claim ? miss_of("match")
                                      : state.value == State::none
                                          ? miss_of("exists")
                                          : Miss{Outcome::fence_miss_state, Check::legal_state};
                    expect(state.value, operation, target, {}, miss);
                }
        CHECK(absent > 200);
    }

    TEST_CASE("in an illegal state the fences before legality answer first") {
        const auto rows = transition_rows();
        for (const auto& state : all_labels<State>())
            for (const Operation operation : worker_operations()) {
                const auto kind = kind_of(operation);
                if (state.value == State::none || kind == OperationKind::create ||
                    kind == OperationKind::claim)
                    continue;
                if (row_for(rows, state.value, operation, State::lost)) continue;
                for (const auto& fence : fences_of(any_row_of(rows, operation))) {
                    const bool after =
                        fence == "version" || fence == "neutral" || fence == "owner_not_live";
                    const Miss legal{Outcome::fence_miss_state, Check::legal_state};
                    expect(state.value, operation, State::lost, {fence},
                           after ? legal : miss_of(fence));
                }
            }
    }

    TEST_CASE("no row leaves a terminal state I5") {
        for (const auto& row : transition_rows()) CHECK_FALSE(is_terminal(row.from));
    }

    TEST_CASE("lost is never reached from draining") {
        for (const auto& row : transition_rows())
            CHECK_FALSE((row.from == State::draining && row.to == State::lost));
    }

    TEST_CASE("every operation on a worker has a row") {
        const auto rows = transition_rows();
        for (const Operation operation : worker_operations())
            CHECK(std::ranges::count(rows, operation, &TransitionRow::operation) > 0);
        CHECK(rows.size() == 79);
    }
}

}  // namespace fenceline::testing
