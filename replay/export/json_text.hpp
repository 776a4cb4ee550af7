#pragma once

// JSON, appended piece by piece: exports write it by the million lines.
//
// Pure functions.

#include <string>
#include <string_view>

namespace fenceline::replay {

// The text in quotes, with everything escaped that JSON or a terminal would take for more than
// text. It is valid UTF-8, as every text of a journal is.
void append_json(std::string_view text, std::string& out);

// The value of a key, in an object that has others or none before it.
inline void append_key(std::string_view key, std::string& out) {
    if (out.back() != '{') out += ',';
    out += '"';
    out += key;
    out += "\":";
}

}  // namespace fenceline::replay
