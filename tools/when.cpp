#include "tools/when.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <string>

namespace fenceline::tools {

namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t ns_per_second = 1'000'000'000;

struct Unit {
    std::string_view name;
    std::int64_t ns;
};
// Longer names first: "ms" is not "m" and a stray "s".
constexpr std::array units{Unit{"ms", 1'000'000},
                           Unit{"us", 1'000},
                           Unit{"ns", 1},
                           Unit{"d", 86'400 * ns_per_second},
                           Unit{"h", 3'600 * ns_per_second},
                           Unit{"m", 60 * ns_per_second},
                           Unit{"s", ns_per_second}};

auto bad(std::string_view text, std::string why) {
    return fail(ErrorCode::invalid_request, "\"" + std::string(text) + "\" " + std::move(why),
                "2026-05-24T10:00:00Z, @1779616800, #1234 and -15m are understood");
}

// A whole number at the front of `text`, which loses it.
bool take_number(std::string_view& text, std::int64_t& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || value < 0 || text.front() == '-') return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

Result<When> parse_unix(std::string_view text) {
    auto rest = text.substr(1);
    std::int64_t whole = 0, fraction = 0;
    if (rest.empty() || !take_number(rest, whole) || whole > most / ns_per_second - 1)
        return bad(text, "is not @ and seconds since 1970");
    if (!rest.empty() && rest.front() == '.') {
        rest.remove_prefix(1);
        std::int64_t unit = ns_per_second;
        bool any = false;
        for (; !rest.empty() && rest.front() >= '0' && rest.front() <= '9' && unit > 1;
             rest.remove_prefix(1), any = true) {
            unit /= 10;
            fraction += (rest.front() - '0') * unit;
        }
        if (!any) return bad(text, "has no decimals after its point");
    }
    if (!rest.empty()) return bad(text, "is not @ and seconds since 1970, at most nine decimals");
    return When{.kind = When::Kind::time, .time = {whole * ns_per_second + fraction}};
}

Result<When> parse_position(std::string_view text) {
    auto rest = text.substr(1);
    std::int64_t position = 0;
    if (rest.empty() || !take_number(rest, position) || !rest.empty())
        return bad(text, "is not # and a journal position");
    return When{.kind = When::Kind::position, .position = Position{position}};
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
    auto rest = text;
    std::int64_t sum = 0;
    if (rest.empty()) return bad(text, "is not a span of time");
    while (!rest.empty()) {
        std::int64_t number = 0;
        if (!take_number(rest, number)) return bad(text, "is not a span of time such as 15m");
        const Unit* unit = nullptr;
        for (const auto& each : units)
            if (unit == nullptr && rest.starts_with(each.name)) unit = &each;
        if (unit == nullptr) return bad(text, "needs a unit: d, h, m, s, ms, us or ns");
        if (number > (most - sum) / unit->ns) return bad(text, "is out of range");
        sum += number * unit->ns;
        rest.remove_prefix(unit->name.size());
    }
    return Duration{sum};
}

std::string duration_text(Duration duration) {
    std::string out;
    auto rest = duration.ns;
    // By the length of the unit: in the table they stand by the length of their names.
    for (const std::string_view name : {"d", "h", "m", "s", "ms", "us", "ns"})
        for (const auto& unit : units)
            if (unit.name == name && rest >= unit.ns) {
                out += std::to_string(rest / unit.ns) + std::string(name);
                rest %= unit.ns;
            }
    return out.empty() ? "0s" : out;
}

Result<When> parse_when(std::string_view text) {
    if (text.empty()) return bad(text, "is no time");
    if (text.front() == '@') return parse_unix(text);
    if (text.front() == '#') return parse_position(text);
    if (text.front() == '-') {
        const auto before = parse_duration(text.substr(1));
        if (!before) return bad(text, "is no time before the last event");
        return When{.kind = When::Kind::relative, .before_end = *before};
    }
    const auto time = parse_rfc3339(text);
    if (!time) return bad(text, "is no time");
    return When{.kind = When::Kind::time, .time = *time};
}

}  // namespace fenceline::tools
