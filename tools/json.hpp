#pragma once

// The JSON that commands print: keys in the order written here, texts always valid UTF-8, one
// object a line.

#include <string>

#include <nlohmann/json.hpp>

#include "events/time.hpp"
#include "journal/answers.hpp"

namespace fenceline::tools {

using Json = nlohmann::ordered_json;

// The value on one line, newline included. Bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string line_of(const Json& value);

// RFC 3339, or null when it is not set.
[[nodiscard]] Json json_of(Time time);
[[nodiscard]] Json json_of(const WorkerLease& lease);
// A worker's record; `exec` takes it back as a snapshot.
[[nodiscard]] Json json_of(const WorkerView& row);
// What became of an operation (section 3 of the command line's contract).
[[nodiscard]] Json json_of(const Answer& answer);

}  // namespace fenceline::tools
