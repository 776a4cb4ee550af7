#pragma once

// One line of `exec`'s input, understood: a command for the store, a query, a sweep, or what is
// wrong with it (section 3 of the command line's contract).
//
// Nothing is dropped in silence: malformed JSON, a key given twice, a field that the operation does
// not take, a wrong type, a number out of range, a NUL or broken UTF-8 refuse the line. What is
// well formed but makes no sense (an id of 0, a claim without an org) is left to the store, which
// refuses it and counts it.

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "journal/lifecycle_store.hpp"
#include "tools/exec/fields.hpp"

namespace fenceline::tools {

enum class QueryName {
    observe,
    orphaned,
    stuck,
    expired_hot_idle,
    by_states_before,
    due_for_credential_refresh,
    lifecycle_stats,
    live_control_planes,
    targets,
    position,
};

struct Query {
    QueryName name = QueryName::position;
    std::string text;  // the name as asked
    WorkerId worker;
    Time before;             // the only cutoff, or that of spawning workers
    Time activating_before;  // stuck
    std::vector<State> states;
    std::string owner;
};

struct Sweep {
    SweepOptions options;
    Ask ask;
};

struct Malformed {
    std::string why;
};

struct Line {
    std::variant<Malformed, Command, Query, Sweep> what;
    std::optional<Time> at;
    std::optional<Json> id;  // echoed
};

// `caller` is the default of queries that are about somebody's workers.
[[nodiscard]] Line parse_line(std::string_view text, std::string_view caller);

}  // namespace fenceline::tools
