// Anchors as people keep them.

#include <charconv>

#include "journal/chain.hpp"
#include "replay/verify.hpp"

namespace fenceline::replay {

Result<Anchor> parse_anchor(std::string_view text) {
    const auto bad = [&](const char* why) {
        return fail(ErrorCode::invalid_request, "\"" + std::string(text) + "\" " + why,
                    "an anchor is POSITION:HASH, as fenceline anchor prints it");
    };
    const auto colon = text.find(':');
    if (colon == text.npos) return bad("has no colon");
    Anchor anchor;
    auto& number = anchor.position.value;
    const auto [end, error] = std::from_chars(text.data(), text.data() + colon, number);
    if (error != std::errc{} || end != text.data() + colon || number < 0)
        return bad("does not begin with a position");
    const auto hex = text.substr(colon + 1);
    if (hex.size() != 2 * anchor.chain.size()) return bad("does not end with 64 digits");
    if (!from_hex(hex, anchor.chain)) return bad("does not end with hexadecimal digits");
    return anchor;
}

std::string to_text(const Anchor& anchor) {
    return std::to_string(anchor.position.value) + ":" + to_hex(anchor.chain);
}

}  // namespace fenceline::replay
