#pragma once

// One line of the Prometheus text format, without its newline. Internal to the parser.
//
// An error is a text that says what is wrong; the caller knows the line's number.

#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "metrics/exposition.hpp"

namespace fenceline {

template <typename T>
using LineResult = tl::expected<T, std::string>;

struct SampleLine {
    std::string name;
    ScrapedLabels labels;  // by name
    double value = 0;
};

// `# HELP name text` or `# TYPE name type`.
struct HeadLine {
    enum class Kind { help, type };
    Kind kind = Kind::help;
    std::string name;
    std::string text;
};

[[nodiscard]] LineResult<SampleLine> parse_sample(std::string_view line);

// A line that begins with `#`; nothing when it is a comment for people.
[[nodiscard]] LineResult<std::optional<HeadLine>> parse_head(std::string_view line);

// A number as the format writes it: decimal, `+Inf`, `-Inf`, `NaN`. Nothing when it is not one.
[[nodiscard]] std::optional<double> parse_number(std::string_view text);

}  // namespace fenceline
