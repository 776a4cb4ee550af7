#pragma once

// BLAKE2b-256 of any bytes, as 64 hexadecimal digits: what two processes compare to know that they
// arrived at the same state. Pure.

#include <string>
#include <string_view>

namespace fenceline {

[[nodiscard]] std::string digest_hex(std::string_view bytes);

}  // namespace fenceline
