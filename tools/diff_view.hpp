#pragma once

// What a diff of pages found, for people, as JSON, and as JUnit for CI.

#include <string>
#include <vector>

#include "replay/causes.hpp"
#include "replay/comparison.hpp"
#include "replay/expected.hpp"
#include "tools/json.hpp"
#include "tools/output.hpp"

namespace fenceline::tools {

// One page of the live side, and what it was held against.
struct ComparedPage {
    std::string source;
    replay::Expected expected;
};

struct PageDiff {
    std::string journal;
    std::vector<ComparedPage> pages;
    replay::Comparison found;
    std::vector<replay::Causes> causes;  // one for each difference
    std::vector<std::string> notes;      // what explains a difference, or narrows what "same" says
};

[[nodiscard]] std::string text_of(const PageDiff& diff, const Context& context);
[[nodiscard]] Json json_of(const PageDiff& diff);
// One test case a metric.
[[nodiscard]] std::string junit_of(const PageDiff& diff, const std::string& name_space);

// "#812, #990, #1204 and 3 before": the newest few of what made a number.
[[nodiscard]] std::string events_text(const replay::Causes& causes);

}  // namespace fenceline::tools
