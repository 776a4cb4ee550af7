#include <algorithm>
#include <array>
#include <string_view>

#include "tests/source/rules.hpp"

namespace fenceline::testing {
namespace {

constexpr auto npos = std::string_view::npos;

// Hand-written code and scripts, as against documents and generated data.
bool is_written_code(const SourceFile& file) {
    const std::string_view path = file.path;
    const std::string_view name = path.substr(path.rfind('/') + 1);
    return file.is_cpp() || path.ends_with(".cmake") || path.ends_with(".in") ||
           path.ends_with(".sh") || path.ends_with(".py") || name == "CMakeLists.txt" ||
           (file.room() == "tools" && name.find('.') == npos);
}

template <typename Check>
Findings each_line(const SourceFile& file, Check check) {
    Findings findings;
    const auto lines = lines_of(file.text);
    for (std::size_t i = 0; i < lines.size(); ++i)
        if (std::string what = check(lines[i]); !what.empty())
            findings.push_back({i + 1, std::move(what)});
    return findings;
}

// The text of the literal that follows `macro` on this line; npos-free: empty when none does.
std::string_view literal_after(std::string_view line, std::string_view macro) {
    const std::size_t at = line.find(macro);
    if (at == npos) return {};
    const std::size_t open = at + macro.size();
    const std::size_t close = line.find('"', open);
    return close == npos ? line.substr(open) : line.substr(open, close - open);
}

}  // namespace

Findings missing_guard(const SourceFile& file) {
    if (!file.is_header()) return {};
    const auto lines = lines_of(file.text);
    if (!lines.empty() && lines.front() == "#pragma once") return {};
    return {{1, "a header opens with #pragma once"}};
}

Findings long_file(const SourceFile& file) {
    if (!file.is_cpp()) return {};
    const std::size_t limit = file.room() == "tests" ? 700 : 400;
    const std::size_t lines = lines_of(file.text).size();
    if (lines <= limit) return {};
    return {{limit + 1, std::to_string(lines) + " lines, " + std::to_string(limit) + " allowed"}};
}

Findings long_lines(const SourceFile& file) {
    if (!is_written_code(file)) return {};
    bool formatted = true;
    return each_line(file, [&](std::string_view line) -> std::string {
        if (line.find("// clang-format off") != npos) formatted = false;
        if (line.find("// clang-format on") != npos) formatted = true;
        if (!formatted || line.size() <= 100) return {};
        return std::to_string(line.size()) + " columns, 100 allowed";
    });
}

Findings stray_whitespace(const SourceFile& file) {
    if (!is_written_code(file) && !file.path.ends_with(".md")) return {};
    return each_line(file, [](std::string_view line) -> std::string {
        if (line.find('\t') != npos) return "a tab";
        if (line.ends_with(' ') || line.ends_with('\r')) return "white space at the end";
        return {};
    });
}

Findings left_over_markers(const SourceFile& file) {
    // Spelt in halves, or this file would find itself.
    static const std::array<std::string, 3> markers = {
        "TO"
        "DO",
        "FIX"
        "ME",
        "XX"
        "X"};
    return each_line(file, [](std::string_view line) -> std::string {
        for (const std::string& marker : markers)
            if (find_word(line, marker) != npos) return "left over: " + marker;
        return {};
    });
}

Findings machine_paths(const SourceFile& file) {
    static const std::array<std::string, 4> paths = {
        "/wo"
        "rk/",
        "/ho"
        "me/",
        "/ro"
        "ot/",
        "/Us"
        "ers/"};
    return each_line(file, [](std::string_view line) -> std::string {
        for (const std::string& path : paths)
            if (line.find(path) != npos) return "a path of one machine: " + path;
        return {};
    });
}

Findings misnamed_tests(const SourceFile& file) {
    if (file.room() != "tests" || !file.path.ends_with("_test.cpp")) return {};
    // "tests/journal/append_test.cpp" holds suites "journal/..."
    const std::string_view inner = std::string_view(file.path).substr(6);
    const std::string suite = std::string(inner.substr(0, inner.find('/'))) + "/";
    return each_line(file, [&](std::string_view line) -> std::string {
        const std::string_view named = literal_after(line, "TEST_SUITE(\"");
        if (!named.empty() && !named.starts_with(suite)) return "a suite starts with " + suite;
        const std::string_view said = literal_after(line, "TEST_CASE(\"");
        if (said.find(',') != npos) return "a comma in a test's name";
        return {};
    });
}

}  // namespace fenceline::testing
