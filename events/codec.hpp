#pragma once

// Payloads as bytes and back. Fixed little endian, canonical: one value has one byte string, and
// bytes that decode encode to themselves again (at the layout's newest version).
//
//   std::string bytes;
//   codec::encode(payload, bytes);
//   codec::decode(static_cast<std::uint8_t>(payload.index()), bytes) == payload;
//
// The first byte is the layout version of that payload, then its fields (FORMAT.md). Older
// versions are lifted here; a newer one is `unsupported_format`. Hostile bytes give `corrupt`:
// every length is held against what remains before anything is allocated, nothing may trail.
// Numbers of a vocabulary are kept as found, known or not. No exceptions.
//
// Whoever checks a chain hashes the stored bytes: an old layout encodes to other ones.
//
// Pure functions, any thread.

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "events/event.hpp"
#include "events/result.hpp"

namespace fenceline::codec {

// The number stored beside the bytes: the variant's index, frozen.
[[nodiscard]] inline std::uint8_t kind_of(const Payload& payload) {
    return static_cast<std::uint8_t>(payload.index());
}

// The payload's name in documents and errors: "lease_exercised"; "?" for an unknown kind.
[[nodiscard]] std::string_view payload_name(std::uint8_t kind);

inline constexpr std::uint32_t any_text = std::numeric_limits<std::uint32_t>::max();

// Appends the payload's bytes to `out`; nothing for NoDetail. A payload larger than
// limits::payload_bytes is the caller's broken promise: it splits what can grow.
void encode(const Payload& payload, std::string& out);

// `texts`: how many dictionary entries there are; a payload that names one beyond is corrupt.
[[nodiscard]] Result<Payload> decode(std::uint8_t kind, std::string_view bytes,
                                     std::uint32_t texts = any_text);
// The same where the payload is to be; after an error that holds one of no meaning.
[[nodiscard]] Result<void> decode(std::uint8_t kind, std::string_view bytes, std::uint32_t texts,
                                  Payload& out);

// Nothing is appended when there are no values; `first` means nothing then.
void encode(const Measurements& measurements, std::string& out);
[[nodiscard]] Result<Measurements> decode_measurements(std::string_view bytes);

}  // namespace fenceline::codec
