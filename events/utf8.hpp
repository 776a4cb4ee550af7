#pragma once

// Texts from outside are valid UTF-8 or they are refused at the edge: everything behind it
// (exposition, JSON, HTML) may rely on that.
//
// Pure functions, any thread.

#include <string_view>

namespace fenceline {

// Strict: shortest forms only, no surrogates, nothing above U+10FFFF, and no NUL. Control
// characters are allowed: what shows a text escapes them.
[[nodiscard]] bool is_valid_utf8(std::string_view text);

}  // namespace fenceline
