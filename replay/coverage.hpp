#pragma once

// What a body of journals exercised of the state machine: which operation met which state and how
// it ended, which rows of the transition table were taken, and which of its checks turned
// somebody away.
//
//   Coverage coverage;
//   coverage.note(event);  coverage.add(other);
//   for (const TransitionRow& row : coverage.rows_never_taken()) ...
//
// Pure; as a std::map for threads.

#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "events/event.hpp"
#include "statemachine/decide.hpp"

namespace fenceline::replay {

// An operation and a check that may refuse it.
struct Refusal {
    Operation operation = Operation::none;
    Check check = Check::none;
    auto operator<=>(const Refusal&) const = default;
};

class Coverage {
  public:
    // The state is the record's as it was found: `none` where there was none, or where a claim
    // found nothing.
    using Met = std::tuple<State, Operation, Outcome>;

    void note(const Event& event);
    void add(const Coverage& other);

    [[nodiscard]] const std::map<Met, std::int64_t>& met() const { return met_; }
    // Rows of today's table, in its order.
    [[nodiscard]] std::vector<TransitionRow> rows_never_taken() const;
    // What the fences of today's table, and legality, could refuse and never did.
    [[nodiscard]] std::vector<Refusal> refusals_never_met() const;

    // All refusals that today's table knows.
    [[nodiscard]] static std::vector<Refusal> possible_refusals();

  private:
    std::map<Met, std::int64_t> met_;
    std::map<std::tuple<State, Operation, State>, std::int64_t> taken_;
    std::map<Refusal, std::int64_t> refused_;
};

}  // namespace fenceline::replay
