#include "replay/export/numbers.hpp"

#include <charconv>

namespace fenceline::replay {

void append_number(double value, std::string& out) {
    constexpr int digits = 16;
    char buffer[32];
    const auto end =
        std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::general, digits);
    out.append(buffer, end.ptr);
}

void append_seconds(std::int64_t ns, std::string& out) {
    append_number(static_cast<double>(ns) / 1e9, out);
}

void append_count(std::int64_t value, std::string& out) {
    append_number(static_cast<double>(value), out);
}

void append_timestamp(Time at, std::string& out) {
    constexpr std::int64_t second = 1'000'000'000, millisecond = 1'000'000;
    out += std::to_string(at.ns / second);
    const auto rest = at.ns % second / millisecond;
    if (rest == 0) return;
    auto decimals = std::to_string(1'000 + rest);
    decimals[0] = '.';
    decimals.erase(decimals.find_last_not_of('0') + 1);
    out += decimals;
}

}  // namespace fenceline::replay
