#include "events/utf8.hpp"

#include <cstddef>
#include <cstdint>

namespace fenceline {

namespace {

// What may follow a lead byte. Only the second byte has ranges of its own: they are what keeps
// out long forms (E0, F0), surrogates (ED) and numbers above U+10FFFF (F4).
struct Sequence {
    std::size_t size = 0;  // 0: not a lead byte
    std::uint8_t second_min = 0x80;
    std::uint8_t second_max = 0xbf;
};

Sequence sequence_of(std::uint8_t lead) {
    if (lead >= 0xc2 && lead <= 0xdf) return {2};
    if (lead == 0xe0) return {3, 0xa0, 0xbf};
    if (lead == 0xed) return {3, 0x80, 0x9f};
    if (lead >= 0xe1 && lead <= 0xef) return {3};
    if (lead == 0xf0) return {4, 0x90, 0xbf};
    if (lead >= 0xf1 && lead <= 0xf3) return {4};
    if (lead == 0xf4) return {4, 0x80, 0x8f};
    return {};
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    std::size_t i = 0;
    while (i < text.size()) {
        const auto lead = byte(i);
        if (lead == 0) return false;
        if (lead < 0x80) {
            ++i;
            continue;
        }
        const auto sequence = sequence_of(lead);
        if (sequence.size == 0 || text.size() - i < sequence.size) return false;
        if (byte(i + 1) < sequence.second_min || byte(i + 1) > sequence.second_max) return false;
        for (std::size_t k = 2; k < sequence.size; ++k)
            if ((byte(i + k) & 0xc0) != 0x80) return false;
        i += sequence.size;
    }
    return true;
}

}  // namespace fenceline
