#include "replay/coverage.hpp"

#include <set>
#include <string_view>

namespace fenceline::replay {

namespace {

// The checks of a row, read back from how the table names them.
std::vector<Check> checks_of(const TransitionRow& row) {
    std::vector<Check> checks;
    std::string_view rest = row.fences;
    while (!rest.empty()) {
        const auto end = rest.find(", ");
        auto name = rest.substr(0, end);
        rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 2);
        // "epoch or higher": the check is the first word, what it holds against is the rest.
        name = name.substr(0, name.find(' '));
        if (const auto check = from_text<Check>(name)) checks.push_back(*check);
    }
    return checks;
}

}  // namespace

void Coverage::note(const Event& event) {
    met_[{event.from, event.operation, event.outcome}] += event.count;
    if (!acts_on_worker(event.operation)) return;
    if (transitioned(event))
        taken_[{event.from, event.operation, event.to}] += event.count;
    else
        refused_[{event.operation, event.failed_check}] += event.count;
}

void Coverage::add(const Coverage& other) {
    for (const auto& [what, count] : other.met_) met_[what] += count;
    for (const auto& [what, count] : other.taken_) taken_[what] += count;
    for (const auto& [what, count] : other.refused_) refused_[what] += count;
}

std::vector<TransitionRow> Coverage::rows_never_taken() const {
    auto rows = transition_rows();
    std::erase_if(rows, [&](const TransitionRow& row) {
        return taken_.contains({row.from, row.operation, row.to});
    });
    return rows;
}

std::vector<Refusal> Coverage::possible_refusals() {
    std::set<Refusal> all;
    for (const TransitionRow& row : transition_rows()) {
        for (const Check check : checks_of(row)) all.insert({row.operation, check});
        // A claim looks only where it is legal; every other operation names its worker.
        if (kind_of(row.operation) != OperationKind::claim)
            all.insert({row.operation, Check::legal_state});
    }
    return {all.begin(), all.end()};
}

std::vector<Refusal> Coverage::refusals_never_met() const {
    auto all = possible_refusals();
    std::erase_if(all, [&](const Refusal& refusal) { return refused_.contains(refusal); });
    return all;
}

}  // namespace fenceline::replay
