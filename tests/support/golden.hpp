#pragma once

// Reads tests/golden/: one record a line, fields between blanks, `#` opens a comment.

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace fenceline::testing {

inline std::vector<std::vector<std::string>> golden_lines(const std::string& name) {
    std::ifstream file(std::string(FENCELINE_SOURCE_DIR) + "/tests/golden/" + name);
    REQUIRE_MESSAGE(file.good(), name);
    std::vector<std::vector<std::string>> out;
    for (std::string line; std::getline(file, line);) {
        if (line.empty() || line[0] == '#') continue;
        std::istringstream fields(line);
        out.emplace_back();
        for (std::string field; fields >> field;) out.back().push_back(field);
    }
    return out;
}

// "-" stands for no bytes.
inline std::string from_hex(const std::string& hex) {
    std::string out;
    if (hex == "-") return out;
    REQUIRE(hex.size() % 2 == 0);
    for (std::size_t i = 0; i < hex.size(); i += 2)
        out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    return out;
}

inline std::string to_hex(std::string_view bytes) {
    constexpr char digits[] = "0123456789abcdef";
    if (bytes.empty()) return "-";
    std::string out;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

}  // namespace fenceline::testing
