#pragma once

// What came of a simulation, counted from the journal itself.

#include <map>
#include <set>
#include <utility>

#include "journal/journal.hpp"

namespace fenceline::tools {

struct Census {
    Head head;
    Time first_at;
    std::map<std::pair<Operation, Outcome>, std::int64_t> operations;
    std::map<Outcome, std::int64_t> outcomes;
    std::set<WorkerId> workers;  // that ever were

    [[nodiscard]] std::int64_t of(Operation operation, Outcome outcome) const {
        const auto found = operations.find({operation, outcome});
        return found == operations.end() ? 0 : found->second;
    }
};

[[nodiscard]] Result<Census> take_census(Reader& reader);

}  // namespace fenceline::tools
