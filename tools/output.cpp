#include "tools/output.hpp"

#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <iostream>
#include <string>
#include <system_error>

#include <fmt/format.h>

namespace fenceline::tools {

namespace {

int first_write_error = 0;  // of stdout

// One code point of valid UTF-8 at the front of `text`, which loses it. Bytes that are not UTF-8
// (a file that is not what it should be) come one by one, marked as such.
struct CodePoint {
    char32_t value = 0;
    std::string_view bytes;
    bool broken = false;
};

CodePoint next_code_point(std::string_view& text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto lead = byte(0);
    const std::size_t size = lead < 0x80   ? 1
                             : lead < 0xc2 ? 0
                             : lead < 0xe0 ? 2
                             : lead < 0xf0 ? 3
                             : lead < 0xf5 ? 4
                                           : 0;
    char32_t value = size < 2 ? lead : lead & (0x7fu >> size);
    bool broken = size == 0 || size > text.size();
    for (std::size_t i = 1; !broken && i < size; ++i) {
        broken = (byte(i) & 0xc0) != 0x80;
        value = (value << 6) | (byte(i) & 0x3fu);
    }
    const auto taken = text.substr(0, broken ? 1 : size);
    text.remove_prefix(taken.size());
    return {broken ? lead : value, taken, broken};
}

bool changes_the_terminal(char32_t c) {
    if (c < 0x20 || (c >= 0x7f && c < 0xa0)) return true;        // C0, DEL, C1
    if (c == 0x200e || c == 0x200f || c == 0x061c) return true;  // direction marks
    return (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

std::string escaped(const CodePoint& c) {
    if (c.broken) return fmt::format("\\x{:02x}", static_cast<unsigned>(c.value));
    switch (c.value) {
        case '\n': return "\\n";
        case '\r': return "\\r";
        case '\t': return "\\t";
        default: break;
    }
    const auto number = static_cast<unsigned>(c.value);
    return number < 0x100 ? fmt::format("\\x{:02x}", number) : fmt::format("\\u{:04x}", number);
}

// How many places a printable text takes. One per code point: wide scripts are rare in ids, and
// a column too narrow is the worst that can happen.
std::size_t width(std::string_view text) {
    std::size_t places = 0;
    for (const char c : text) places += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    return places;
}

}  // namespace

void print_error(std::string_view what, std::string_view why, std::string_view hint) {
    auto text = fmt::format("fenceline: {}: {}\n", printable(what), printable(why));
    if (!hint.empty()) text += fmt::format("  hint: {}\n", printable(hint));
    std::fwrite(text.data(), 1, text.size(), stderr);
}

int report(std::string_view what, const Error& error) {
    print_error(what, error.text, error.hint);
    switch (error.code) {
        case ErrorCode::invalid_request:
        case ErrorCode::out_of_order:
        case ErrorCode::already_exists: return exit_refused;
        default: return exit_journal;
    }
}

int wrong_usage(std::string_view what, std::string_view why, std::string_view hint) {
    print_error(what, why, hint);
    return exit_usage;
}

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const CodePoint c = next_code_point(text);
        if (c.broken || changes_the_terminal(c.value))
            out += escaped(c);
        else
            out += c.bytes;
    }
    return out;
}

bool write_out(std::string_view text) {
    const bool whole =
        std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
    if (!whole && first_write_error == 0) first_write_error = errno;
    return whole;
}

int after_output(int code) {
    // Help is the parser's, which writes to the stream.
    if (!std::cout.flush() && first_write_error == 0) first_write_error = errno;
    const bool told = code != exit_done && code != exit_differs;
    if (first_write_error == 0 || first_write_error == EPIPE || told) return code;
    print_error("stdout", "the output could not be written whole: " +
                              std::generic_category().message(first_write_error));
    return exit_journal;
}

void Table::row(std::vector<std::string> cells) {
    cells.resize(columns_.size());
    for (auto& cell : cells) cell = printable(cell);
    rows_.push_back(std::move(cells));
}

std::string Table::text(const Context& context) const {
    std::vector<std::size_t> widths;
    for (const auto& column : columns_) widths.push_back(width(column.title));
    for (const auto& row : rows_)
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));

    std::string out;
    const auto put = [&](const std::vector<std::string>& cells) {
        std::string line;
        for (std::size_t i = 0; i < cells.size(); ++i) {
            const std::string pad(widths[i] - width(cells[i]), ' ');
            if (i > 0) line += "  ";
            line += columns_[i].align == Align::right ? pad + cells[i] : cells[i] + pad;
        }
        while (!line.empty() && line.back() == ' ') line.pop_back();
        return line;
    };
    std::vector<std::string> titles;
    for (const auto& column : columns_) titles.push_back(column.title);
    out += context.colour ? "\x1b[1m" + put(titles) + "\x1b[0m\n" : put(titles) + "\n";
    for (const auto& row : rows_) out += put(row) + "\n";
    return out;
}

std::string human_duration(std::int64_t ns) {
    const bool negative = ns < 0;
    const auto n = negative ? -static_cast<double>(ns) : static_cast<double>(ns);
    const char* sign = negative ? "-" : "";
    if (n < 1e3) return fmt::format("{}{} ns", sign, static_cast<std::int64_t>(n));
    if (n < 1e6) return fmt::format("{}{:.1f} us", sign, n / 1e3);
    if (n < 1e9) return fmt::format("{}{:.1f} ms", sign, n / 1e6);
    if (n < 60e9) return fmt::format("{}{:.1f} s", sign, n / 1e9);
    const auto seconds = static_cast<std::int64_t>(n / 1e9);
    if (seconds < 3600) return fmt::format("{}{} min {:02} s", sign, seconds / 60, seconds % 60);
    if (seconds < 86'400)
        return fmt::format("{}{} h {:02} min", sign, seconds / 3600, seconds / 60 % 60);
    return fmt::format("{}{} d {:02} h", sign, seconds / 86'400, seconds / 3600 % 24);
}

}  // namespace fenceline::tools
