#pragma once

// The source tree as the rules of tests/source see it.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace fenceline::testing {

struct SourceFile {
    std::string path;  // from the root: "events/ids.hpp"
    std::string text;

    [[nodiscard]] bool is_header() const { return path.ends_with(".hpp"); }
    [[nodiscard]] bool is_cpp() const { return is_header() || path.ends_with(".cpp"); }
    // The first folder: "events"; empty for a file at the root.
    [[nodiscard]] std::string_view room() const;
};

// Every text file below `root`, sorted by path, build trees and hidden folders but .ci left out.
[[nodiscard]] std::vector<SourceFile> read_tree(const std::string& root);

// The same text with comments, literals and their quotes blanked, line for line and column for
// column: what is left is code.
[[nodiscard]] std::string code_only(std::string_view text);

[[nodiscard]] std::vector<std::string_view> lines_of(std::string_view text);

// What stands in an #include: `"events/ids.hpp"` without the quotes, and which quotes they were.
struct Include {
    std::size_t line;
    std::string_view target;
    bool angled;
};
[[nodiscard]] std::vector<Include> includes_of(const SourceFile& file);

// Where `word` stands as a word of its own, from `from` on; npos when nowhere.
[[nodiscard]] std::size_t find_word(std::string_view code, std::string_view word,
                                    std::size_t from = 0);

[[nodiscard]] std::size_t line_at(std::string_view text, std::size_t offset);

}  // namespace fenceline::testing
