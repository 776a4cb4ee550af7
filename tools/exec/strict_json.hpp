#pragma once

// JSON as `exec` takes it: one object, no key twice, not deeper than it ever needs.

#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "tools/json.hpp"

namespace fenceline::limits {

// Objects and lists inside one another in a line of input.
inline constexpr int input_depth = 16;
// Keys of one object: each new one is held against those before it.
inline constexpr std::size_t input_fields = 4'096;

}  // namespace fenceline::limits

namespace fenceline::tools {

// The object, or why it is none.
[[nodiscard]] tl::expected<Json, std::string> parse_object(std::string_view text);

}  // namespace fenceline::tools
