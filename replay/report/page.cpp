#include "replay/report/page.hpp"

#include <charconv>

#include "replay/report/assets.hpp"
#include "replay/report/pack.hpp"

namespace fenceline::replay::report {

namespace {

std::string bytes_of(std::string_view hex) {
    std::string out;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        unsigned byte = 0;
        std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
        out += static_cast<char>(byte);
    }
    return out;
}

// What goes in the template's {{places}}. Only our own assets and base64 ever go there.
std::string filling_of(std::string_view place, const std::string& data) {
    if (place == "script") return std::string(assets::script);
    if (place == "style") return std::string(assets::style);
    if (place == "script_hash") return base64(bytes_of(assets::script_hash));
    if (place == "style_hash") return base64(bytes_of(assets::style_hash));
    if (place == "data") return data;
    return {};
}

}  // namespace

std::string page_of(const Model& model, const PageOptions& options) {
    const std::string data = base64(gzip(data_of(model, options)));
    std::string out;
    out.reserve(assets::markup.size() + assets::script.size() + assets::style.size() + data.size());
    std::string_view rest = assets::markup;
    for (auto open = rest.find("{{"); open != rest.npos; open = rest.find("{{")) {
        const auto close = rest.find("}}", open);
        out += rest.substr(0, open);
        out += filling_of(rest.substr(open + 2, close - open - 2), data);
        rest.remove_prefix(close + 2);
    }
    out += rest;
    return out;
}

}  // namespace fenceline::replay::report
