#pragma once

// Holds what the product says against what the oracle expects. Every function returns the first
// difference in words, and nothing when there is none.
//
// Pure functions, any thread.

#include <string>

#include "events/event.hpp"
#include "events/text.hpp"
#include "journal/answers.hpp"
#include "projections/metrics.hpp"
#include "tests/support/oracle.hpp"

namespace fenceline::testing {

[[nodiscard]] std::string difference(const Expected& expected, const Result<Answer>& answer);
[[nodiscard]] std::string difference(const OracleEvent& expected, const Event& event,
                                     const Dictionary& texts);
[[nodiscard]] std::string difference(const OracleWorker& expected, const WorkerView& row);
// `page` came from Oracle::page; a call's duration is compared by its number of samples.
[[nodiscard]] std::string difference(const OraclePage& page, const MetricSnapshot& metrics,
                                     const std::string& name_space);

// The row as somebody observes it now.
[[nodiscard]] WorkerView view_of(const OracleWorker& row);

}  // namespace fenceline::testing
