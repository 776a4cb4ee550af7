#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "tests/source/rules.hpp"

namespace fenceline::testing {
namespace {

constexpr std::array<std::string_view, 7> rooms = {
    "events", "statemachine", "projections", "journal", "metrics", "replay", "tools"};

// A room's floor, from the ground up; -1 for what is no room. Tests see everything.
int floor_of(std::string_view room) {
    if (room == "tests") return static_cast<int>(rooms.size());
    const auto* found = std::find(rooms.begin(), rooms.end(), room);
    return found == rooms.end() ? -1 : static_cast<int>(found - rooms.begin());
}

std::string_view first_folder(std::string_view path) {
    const std::size_t slash = path.find('/');
    return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

// Who may include a third party's headers: paths that start with one of `homes`.
struct ThirdParty {
    std::string_view prefix;
    std::vector<std::string_view> homes;
};

// The first entry that fits decides.
const std::vector<ThirdParty>& third_parties() {
    static const std::vector<ThirdParty> table = {
        {"tl/expected.hpp", {""}},
        {"boost/msm/", {"statemachine/decide.cpp", "statemachine/transitions.hpp"}},
        {"boost/mpl/", {"statemachine/decide.cpp", "statemachine/transitions.hpp"}},
        {"boost/fusion/", {"statemachine/decide.cpp", "statemachine/transitions.hpp"}},
        {"boost/", {"statemachine/"}},
        {"cereal/", {"events/codec.cpp"}},
        {"sqlite3.h", {"journal/sqlite/", "tools/bench/"}},
        {"sodium.h", {"journal/"}},
        {"zstd.h", {"journal/"}},
        {"zlib.h", {"replay/report/"}},
        {"prometheus/", {"metrics/prometheus_"}},
        {"nlohmann/", {"tools/", "replay/"}},
        {"CLI/", {"tools/"}},
        {"fmt/", {"tools/"}},
        {"curl/", {"tools/http_get.cpp"}},
        {"httplib.h", {"tools/bounded_server.", "tools/serve.cpp"}},
        {"doctest/", {}},
    };
    return table;
}

bool is_operating_system_header(std::string_view target) {
    static const std::set<std::string_view> names = {
        "dirent.h", "malloc.h", "fcntl.h",   "netdb.h",  "poll.h",  "pthread.h", "signal.h",
        "spawn.h",  "stdlib.h", "termios.h", "unistd.h", "errno.h", "time.h"};
    return target.starts_with("sys/") || target.starts_with("linux/") ||
           target.starts_with("netinet/") || target.starts_with("arpa/") || names.contains(target);
}

bool is_standard_header(std::string_view target) {
    return std::all_of(target.begin(), target.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || c == '_' || c == '2'; });
}

}  // namespace

Findings upward_includes(const SourceFile& file) {
    Findings findings;
    if (!file.is_cpp()) return findings;
    const int own = floor_of(file.room());
    for (const Include& include : includes_of(file)) {
        if (include.angled) continue;
        const int other = floor_of(first_folder(include.target));
        if (other < 0)
            findings.push_back({include.line, "not written from the root"});
        else if (other > own)
            findings.push_back({include.line, "upwards: " + std::string(include.target)});
    }
    return findings;
}

Findings foreign_includes(const SourceFile& file) {
    Findings findings;
    if (!file.is_cpp() || file.room() == "tests") return findings;
    for (const Include& include : includes_of(file)) {
        const std::string_view target = include.target;
        if (!include.angled || is_standard_header(target) || is_operating_system_header(target))
            continue;
        const auto& table = third_parties();
        const auto party = std::find_if(table.begin(), table.end(), [&](const ThirdParty& p) {
            return target.starts_with(p.prefix);
        });
        const bool at_home =
            party != table.end() &&
            std::any_of(party->homes.begin(), party->homes.end(),
                        [&](std::string_view home) { return file.path.starts_with(home); });
        if (!at_home)
            findings.push_back({include.line, "not in this room: " + std::string(target)});
    }
    return findings;
}

Findings private_includes(const SourceFile& file, const std::set<std::string>& public_headers) {
    Findings findings;
    if (!public_headers.contains(file.path)) return findings;
    for (const Include& include : includes_of(file)) {
        const bool allowed = include.angled ? is_standard_header(include.target) ||
                                                  include.target == "tl/expected.hpp"
                                            : public_headers.contains(std::string(include.target));
        if (!allowed)
            findings.push_back(
                {include.line, "a public header needs " + std::string(include.target)});
    }
    return findings;
}

Findings homeless_source(const SourceFile& file) {
    const bool compiled = file.is_cpp() || file.path.ends_with(".h") || file.path.ends_with(".c") ||
                          file.path.ends_with(".cc");
    if (!compiled || floor_of(file.room()) >= 0) return {};
    return {{1, "belongs to no room"}};
}

std::set<std::string> public_headers_of(const std::string& cmake_text) {
    std::set<std::string> headers;
    for (std::string_view line : lines_of(cmake_text)) {
        while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
        if (line.ends_with(".hpp") && line.find(' ') == std::string_view::npos)
            headers.emplace(line);
    }
    return headers;
}

}  // namespace fenceline::testing
