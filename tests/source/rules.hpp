#pragma once

// The rules that the tree is held to, each a pure function of one file. A rule that does not
// concern a file finds nothing in it.

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "tests/source/tree.hpp"

namespace fenceline::testing {

struct Finding {
    std::size_t line;
    std::string what;
};
using Findings = std::vector<Finding>;

// --- what may include what
[[nodiscard]] Findings upward_includes(const SourceFile& file);
[[nodiscard]] Findings foreign_includes(const SourceFile& file);
[[nodiscard]] Findings private_includes(const SourceFile& file,
                                        const std::set<std::string>& public_headers);
[[nodiscard]] Findings homeless_source(const SourceFile& file);

// --- what code may say
[[nodiscard]] Findings discardable_results(const SourceFile& file);
[[nodiscard]] Findings impure_calls(const SourceFile& file);
[[nodiscard]] Findings printing_library(const SourceFile& file);
[[nodiscard]] Findings throwing_library(const SourceFile& file);
[[nodiscard]] Findings sleeping_tests(const SourceFile& file);

// --- how a file looks
[[nodiscard]] Findings missing_guard(const SourceFile& file);
[[nodiscard]] Findings long_file(const SourceFile& file);
[[nodiscard]] Findings long_lines(const SourceFile& file);
[[nodiscard]] Findings stray_whitespace(const SourceFile& file);
[[nodiscard]] Findings left_over_markers(const SourceFile& file);
[[nodiscard]] Findings machine_paths(const SourceFile& file);
[[nodiscard]] Findings misnamed_tests(const SourceFile& file);

// The headers that cmake/public_headers.cmake lists.
[[nodiscard]] std::set<std::string> public_headers_of(const std::string& cmake_text);

}  // namespace fenceline::testing
