#include "events/labels.hpp"

#include <map>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "events/result.hpp"
#include "tests/support/golden.hpp"

namespace fenceline {

TEST_SUITE_BEGIN("events/labels");

namespace {

using Numbers = std::map<std::pair<std::string, int>, std::string>;

template <typename E>
void collect(Numbers& out, const std::string& vocabulary) {
    for (const auto& label : all_labels<E>())
        out[{vocabulary, static_cast<int>(label.value)}] = std::string(label.text);
}

Numbers all_numbers() {
    Numbers out;
    collect<State>(out, "state");
    collect<Binding>(out, "binding");
    collect<Operation>(out, "operation");
    collect<Outcome>(out, "outcome");
    collect<Check>(out, "check");
    collect<Origin>(out, "origin");
    collect<SpawnFailureReason>(out, "spawn_failure_reason");
    collect<HealthResult>(out, "health_result");
    collect<StrandedOutcome>(out, "stranded_outcome");
    collect<MissReason>(out, "miss_reason");
    collect<ControlPlaneState>(out, "control_plane_state");
    collect<Leadership>(out, "leadership");
    collect<LabelMode>(out, "label_mode");
    for (int number = 0; number < 256; ++number) {
        const auto text = to_text(static_cast<ErrorCode>(number));
        if (text != "?") out[{"error_code", number}] = std::string(text);
    }
    return out;
}

template <typename E>
void check_vocabulary() {
    const auto labels = all_labels<E>();
    std::set<std::string_view> texts;
    int last = -1;
    for (const auto& [value, text] : labels) {
        CHECK(static_cast<int>(value) > last);
        last = static_cast<int>(value);
        CHECK(texts.insert(text).second);
        CHECK(text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos);
        CHECK(to_text(value) == text);
        CHECK(from_text<E>(text) == value);
    }
    // Every number without a row is unknown, and no text means it.
    for (int number = 0; number < 256; ++number) {
        const auto text = to_text(static_cast<E>(number));
        const auto back = from_text<E>(text);
        CHECK((text == "?") == !back.has_value());
        if (back) CHECK(static_cast<int>(*back) == number);
    }
    CHECK_FALSE(from_text<E>("?").has_value());
    CHECK_FALSE(from_text<E>("").has_value());
    CHECK_FALSE(from_text<E>("no such label").has_value());
}

}  // namespace

TEST_CASE("every number keeps its text for ever") {
    Numbers frozen;
    for (const auto& line : testing::golden_lines("labels.txt")) {
        REQUIRE(line.size() == 3);
        CHECK(frozen.emplace(std::pair{line[0], std::stoi(line[1])}, line[2]).second);
    }
    const auto now = all_numbers();
    for (const auto& [number, text] : frozen) {
        const auto found = now.find(number);
        REQUIRE_MESSAGE(found != now.end(), number.first, " ", number.second);
        CHECK(found->second == text);
    }
    for (const auto& [number, text] : now)
        CHECK_MESSAGE(frozen.contains(number), number.first, " ", text, " is not frozen yet");
}

TEST_CASE("texts and numbers are one to one") {
    check_vocabulary<State>();
    check_vocabulary<Binding>();
    check_vocabulary<Operation>();
    check_vocabulary<Outcome>();
    check_vocabulary<Check>();
    check_vocabulary<Origin>();
    check_vocabulary<SpawnFailureReason>();
    check_vocabulary<HealthResult>();
    check_vocabulary<StrandedOutcome>();
    check_vocabulary<MissReason>();
    check_vocabulary<ControlPlaneState>();
    check_vocabulary<Leadership>();
    check_vocabulary<LabelMode>();
}

TEST_CASE("active and terminal states divide the states") {
    int active = 0;
    for (const auto& [state, text] : all_labels<State>()) {
        CHECK_FALSE((is_active(state) && is_terminal(state)));
        CHECK((is_active(state) || is_terminal(state)) == (state != State::none));
        active += is_active(state);
    }
    CHECK(active == 7);
    CHECK(all_labels<State>().size() == state_count);
}

TEST_CASE("each operation has its kind") {
    std::map<OperationKind, int> kinds;
    for (const auto& [operation, text] : all_labels<Operation>()) ++kinds[kind_of(operation)];
    CHECK(kinds[OperationKind::create] == 2);
    CHECK(kinds[OperationKind::lease] == 13);
    CHECK(kinds[OperationKind::claim] == 2);
    CHECK(kinds[OperationKind::epoch] == 1);
    CHECK(kinds[OperationKind::snapshot] == 3);
    CHECK(kinds[OperationKind::control_plane] == 4);
    CHECK(kinds[OperationKind::observation] == 10);
    CHECK(kinds[OperationKind::none] == 1);
    CHECK(kind_of(Operation::retire_local) == OperationKind::lease);
    CHECK(kind_of(Operation::take_over) == OperationKind::epoch);
    CHECK(kind_of(Operation::leadership) == OperationKind::observation);
}

TEST_CASE("the operations of the transition counter are those on a worker") {
    for (const auto& [operation, text] : all_labels<Operation>()) {
        const auto kind = kind_of(operation);
        const bool on_worker = kind == OperationKind::create || kind == OperationKind::lease ||
                               kind == OperationKind::claim || kind == OperationKind::epoch ||
                               kind == OperationKind::snapshot;
        CHECK_MESSAGE(acts_on_worker(operation) == on_worker, text);
    }
}

TEST_CASE("exact labels are what was decided") {
    for (const auto& [operation, text] : all_labels<Operation>())
        for (const auto& [outcome, label] : all_labels<Outcome>())
            CHECK(label_of(LabelMode::exact, operation, outcome, State::hot) == outcome);
}

TEST_CASE("seed labels are the coarser set of the older dashboards") {
    using enum Operation;
    const auto seed = [](Operation operation, Outcome outcome, State observed) {
        return label_of(LabelMode::seed, operation, outcome, observed);
    };
    const Outcome misses[] = {Outcome::row_missing,           Outcome::fence_miss_owner,
                              Outcome::fence_miss_epoch,      Outcome::fence_miss_state,
                              Outcome::fence_miss_updated_at, Outcome::fence_miss_cp_revived};
    for (const auto miss : misses) {
        for (const auto operation : {drain, retire_drained, mark_lost_from_lease})
            CHECK(seed(operation, miss, State::none) == Outcome::fence_miss_lease);
        CHECK(seed(refresh_lease, miss, State::none) == Outcome::fence_miss_owner);
        for (const auto operation : {retire_from_snapshot, retire_orphan_from_snapshot})
            for (const auto observed : {State::idle, State::hot})
                CHECK(seed(operation, miss, observed) == Outcome::fence_miss_snapshot);
        for (const auto& [observed, text] : all_labels<State>()) {
            const bool variant = observed == State::idle || observed == State::hot_idle;
            CHECK(seed(retire_idle_variant_from_snapshot, miss, observed) ==
                  (variant ? Outcome::fence_miss_snapshot : Outcome::fence_miss_state));
        }
        for (const auto operation : {park, heartbeat, retire_local, take_over})
            CHECK(seed(operation, miss, State::none) == miss);
    }
    for (const auto& [operation, text] : all_labels<Operation>())
        for (const auto outcome : {Outcome::transitioned, Outcome::store_error, Outcome::no_idle,
                                   Outcome::org_cap, Outcome::recorded})
            CHECK(seed(operation, outcome, State::hot) == outcome);
}

TEST_SUITE_END();

}  // namespace fenceline
