#pragma once

// Bytes as a page carries them: gzip, which browsers unpack by themselves, in base64.
// Pure.

#include <string>
#include <string_view>

namespace fenceline::replay::report {

[[nodiscard]] std::string gzip(std::string_view bytes);
[[nodiscard]] std::string base64(std::string_view bytes);

}  // namespace fenceline::replay::report
