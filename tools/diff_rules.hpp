#pragma once

// --tolerance and --ignore as written, and metrics by the names that people use for them.

#include <string>
#include <vector>

#include "events/result.hpp"
#include "replay/comparison.hpp"

namespace fenceline::tools {

// The full name of a metric, written with or without its namespace; or an error that says which
// was probably meant.
[[nodiscard]] Result<std::string> metric_named(const std::string& name,
                                               const std::string& name_space);

// METRIC=0.5 or METRIC=2%; METRIC may be one number of a histogram: ..._sum
[[nodiscard]] Result<replay::Tolerance> parse_tolerance(const std::string& text,
                                                        const std::string& name_space);

// METRIC, label=value, or METRIC{label="value"}
[[nodiscard]] Result<replay::Ignored> parse_ignored(const std::string& text,
                                                    const std::string& name_space);

}  // namespace fenceline::tools
