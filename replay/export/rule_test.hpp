#pragma once

// A window's metrics as a unit test of alert rules, which `promtool test rules` takes: an incident
// becomes a regression test.
//
// The series are those of the window, one value a step; the promql_expr_test at the end states, for
// each metric, the sum that the last step has, so that the file proves by itself that promtool read
// what was written. Add an alert_rule_test, or an expression over ALERTS, for what should fire.
//
// Values are counts; a histogram's sum is left out, as promtool compares doubles digit by digit.
//
// Pure but for what it writes; one thread.

#include <cstdint>
#include <string>
#include <vector>

#include "replay/export/openmetrics.hpp"
#include "replay/export/samples.hpp"
#include "replay/export/write.hpp"

namespace fenceline::replay {

struct RuleTestOptions {
    ExtraLabels labels;              // on every series
    std::vector<std::string> rules;  // rule files, as seen from where the test will lie
    std::vector<std::string> only;   // metrics by name; empty: all
    std::string name;                // of the test
};

// Gives the number of series. `invalid_request` for a metric of `only` that the window does not
// have.
[[nodiscard]] Result<std::int64_t> write_rule_test(const SampleTable& table,
                                                   const RuleTestOptions& options,
                                                   const Write& write);

}  // namespace fenceline::replay
