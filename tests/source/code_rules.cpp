#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "tests/source/rules.hpp"

namespace fenceline::testing {
namespace {

constexpr auto npos = std::string_view::npos;

bool is_library(const SourceFile& file) {
    constexpr std::array<std::string_view, 6> rooms = {"events",  "statemachine", "projections",
                                                       "journal", "metrics",      "replay"};
    return file.is_cpp() && std::find(rooms.begin(), rooms.end(), file.room()) != rooms.end();
}

void find_words(std::string_view code, std::span<const std::string_view> words,
                const std::string& why, Findings& findings) {
    for (const std::string_view word : words)
        for (std::size_t at = find_word(code, word); at != npos; at = find_word(code, word, at + 1))
            findings.push_back({line_at(code, at), why + ": " + std::string(word)});
}

// One past the `>` that closes the `<` at `open`.
std::size_t past_template(std::string_view code, std::size_t open) {
    int depth = 0;
    for (std::size_t i = open; i < code.size(); ++i) {
        if (code[i] == '<') ++depth;
        if (code[i] == '>' && --depth == 0) return i + 1;
        if (code[i] == ';') break;
    }
    return npos;
}

// Whether a name and an opening parenthesis follow: a function's declaration.
bool names_a_function(std::string_view code, std::size_t at) {
    const auto skip = [&](std::string_view bytes) {
        at = std::min(code.find_first_not_of(bytes, at), code.size());
    };
    skip(" \n");
    const std::size_t name = at;
    skip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:");
    if (at == name) return false;
    skip(" \n");
    return at < code.size() && code[at] == '(';
}

// From where the declaration that holds `at` begins: past the last statement, block, access
// label or parameter list's opening.
std::size_t declaration_start(std::string_view code, std::size_t at) {
    while (at > 0) {
        const char before = code[at - 1];
        if (before == ';' || before == '{' || before == '}') break;
        const bool scope = before == ':' && ((at >= 2 && code[at - 2] == ':') || code[at] == ':');
        if (before == ':' && !scope) break;
        --at;
    }
    return at;
}

}  // namespace

Findings discardable_results(const SourceFile& file) {
    Findings findings;
    if (!file.is_header()) return findings;
    const std::string code = code_only(file.text);
    const std::string_view view = code;
    for (std::size_t at = find_word(view, "Result"); at != npos;
         at = find_word(view, "Result", at + 1)) {
        if (at + 6 >= view.size() || view[at + 6] != '<') continue;
        const std::size_t end = past_template(view, at + 6);
        if (end == npos || !names_a_function(view, end)) continue;
        const std::size_t start = declaration_start(view, at);
        if (view.substr(start, at - start).find("[[nodiscard]]") == npos)
            findings.push_back({line_at(view, at), "a Result that may be dropped"});
    }
    return findings;
}

Findings impure_calls(const SourceFile& file) {
    static constexpr std::array<std::string_view, 16> words = {"getenv",
                                                               "secure_getenv",
                                                               "rand",
                                                               "srand",
                                                               "random",
                                                               "random_device",
                                                               "clock_gettime",
                                                               "gettimeofday",
                                                               "localtime",
                                                               "localtime_r",
                                                               "mktime",
                                                               "steady_clock",
                                                               "chrono::system_clock",
                                                               "high_resolution_clock",
                                                               "std::time",
                                                               "setlocale"};
    Findings findings;
    const bool pure = file.room() == "events" || file.room() == "statemachine" ||
                      file.room() == "projections" || file.room() == "replay";
    if (!pure || !file.is_cpp() || file.path == "events/time.cpp") return findings;
    const std::string code = code_only(file.text);
    find_words(code, words, "neither clock nor chance nor environment here", findings);
    for (const std::string_view call : {"time(nullptr", "time(NULL", "time(0"})
        for (std::size_t at = code.find(call); at != npos; at = code.find(call, at + 1))
            findings.push_back({line_at(code, at), "the wall clock"});
    return findings;
}

Findings printing_library(const SourceFile& file) {
    static constexpr std::array<std::string_view, 8> words = {
        "std::cout", "std::cerr", "std::clog", "printf", "fprintf", "puts", "fputs", "syslog"};
    Findings findings;
    // The broken invariant says why before it ends the process.
    if (!is_library(file) || file.path == "events/invariant.cpp") return findings;
    find_words(code_only(file.text), words, "the library prints nothing", findings);
    return findings;
}

Findings throwing_library(const SourceFile& file) {
    static constexpr std::array<std::string_view, 1> words = {"throw"};
    Findings findings;
    // A cereal archive can report bad bytes in no other way; the codec catches it.
    if (!is_library(file) || file.path == "events/codec.cpp") return findings;
    find_words(code_only(file.text), words, "the library throws nothing", findings);
    return findings;
}

Findings sleeping_tests(const SourceFile& file) {
    static constexpr std::array<std::string_view, 5> words = {"sleep_for", "sleep_until", "usleep",
                                                              "nanosleep", "sleep"};
    Findings findings;
    if (file.room() != "tests" || !file.is_cpp()) return findings;
    find_words(code_only(file.text), words, "a test that waits for time", findings);
    return findings;
}

}  // namespace fenceline::testing
