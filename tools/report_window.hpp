#pragma once

// The window of an incident page or of a question about one: as it was asked for, and nothing less.

#include <string>

#include "tools/source.hpp"

namespace fenceline::tools {

// Unlike window_of(), an empty journal, a window outside of it, and one that is turned round are
// errors (`invalid_request`): a page of nothing would look like a quiet night.
[[nodiscard]] Result<Window> report_window(Reader& reader, const std::string& from,
                                           const std::string& to);

}  // namespace fenceline::tools
