#include "replay/export/json_text.hpp"

namespace fenceline::replay {

void append_json(std::string_view text, std::string& out) {
    constexpr char digits[] = "0123456789abcdef";
    out += '"';
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) {
            if (c == '\n') {
                out += "\\n";
            } else {
                out += "\\u00";
                out += digits[byte >> 4];
                out += digits[byte & 15];
            }
            continue;
        }
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    out += '"';
}

}  // namespace fenceline::replay
