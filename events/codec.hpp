#pragma once

// Payloads as bytes and back. Fixed little endian, canonical: one value has one byte string.
//
// The first byte is the layout version of that payload, then its fields (FORMAT.md). Older
// versions are lifted here. Hostile bytes give `corrupt`: every length is held against what
// remains, nothing may trail, and no enumerator is trusted.
//
// Pure functions, any thread.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "events/event.hpp"
#include "events/result.hpp"

namespace fenceline::codec {

// Appends the payload's bytes to `out`; nothing for NoDetail.
void encode(const Payload& payload, std::string& out);

// `kind` is the number stored beside the bytes (the variant's index).
[[nodiscard]] Result<Payload> decode(std::uint8_t kind, std::string_view bytes);

void encode(const Measurements& measurements, std::string& out);
[[nodiscard]] Result<Measurements> decode_measurements(std::string_view bytes);

}  // namespace fenceline::codec
