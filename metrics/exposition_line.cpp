#include "metrics/exposition_line.hpp"

#include <algorithm>
#include <charconv>

namespace fenceline {

namespace {

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

tl::unexpected<std::string> wrong(std::string what) {
    return tl::unexpected<std::string>(std::move(what));
}

// Walks over a line from left to right.
class Cursor {
  public:
    explicit Cursor(std::string_view rest) : rest_(rest) {}

    [[nodiscard]] bool at_end() const { return rest_.empty(); }
    [[nodiscard]] std::string_view rest() const { return rest_; }

    void skip_blanks() {
        while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
    }
    bool take(char c) {
        if (rest_.empty() || rest_.front() != c) return false;
        rest_.remove_prefix(1);
        return true;
    }
    // Everything up to the next blank.
    std::string_view word() {
        return advance(std::ranges::find_if(rest_, is_blank) - rest_.begin());
    }
    // A metric's name, or a label's, which has no colon. Empty when there is none.
    std::string_view name(std::string_view also) {
        const auto belongs = [&](char c) {
            return is_letter(c) || also.find(c) != std::string_view::npos;
        };
        if (rest_.empty() || !belongs(rest_.front())) return {};
        const auto end =
            std::ranges::find_if_not(rest_, [&](char c) { return belongs(c) || is_digit(c); });
        return advance(end - rest_.begin());
    }
    // What stands between two quotes, with its escapes undone.
    LineResult<std::string> quoted() {
        if (!take('"')) return wrong("a label's value begins with a quote");
        std::string out;
        while (!at_end()) {
            if (take('"')) return out;
            if (!take('\\')) {
                out += rest_.front();
                rest_.remove_prefix(1);
            } else if (take('n')) {
                out += '\n';
            } else if (take('"')) {
                out += '"';
            } else if (take('\\')) {
                out += '\\';
            } else {
                return wrong("only \\\\, \\\" and \\n are escapes");
            }
        }
        return wrong("a label's value breaks off");
    }

  private:
    std::string_view advance(std::ptrdiff_t size) {
        const auto out = rest_.substr(0, static_cast<std::size_t>(size));
        rest_.remove_prefix(out.size());
        return out;
    }
    std::string_view rest_;
};

constexpr std::string_view colon = ":";

// Everything within the braces; the opening one is taken already.
LineResult<ScrapedLabels> parse_labels(Cursor& cursor) {
    ScrapedLabels labels;
    for (;;) {
        cursor.skip_blanks();
        if (cursor.take('}')) break;
        std::string name(cursor.name({}));
        if (name.empty()) return wrong("a label's name or } is expected");
        cursor.skip_blanks();
        if (!cursor.take('=')) return wrong("= is expected after label \"" + name + "\"");
        cursor.skip_blanks();
        auto value = cursor.quoted();
        if (!value) return wrong(std::move(value.error()));
        labels.emplace_back(std::move(name), std::move(*value));
        cursor.skip_blanks();
        if (cursor.take(',')) continue;
        if (!cursor.take('}')) return wrong(", or } is expected after a label");
        break;
    }
    std::ranges::sort(labels);
    const auto twice = std::ranges::adjacent_find(labels, {}, &ScrapedLabels::value_type::first);
    if (twice != labels.end()) return wrong("label \"" + twice->first + "\" comes twice");
    return labels;
}

bool is_timestamp(std::string_view text) {
    std::int64_t ignored = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ignored);
    return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

std::optional<double> parse_number(std::string_view text) {
    if (text.starts_with('+')) {
        text.remove_prefix(1);
        if (text.starts_with('-')) return std::nullopt;
    }
    // The library also knows `nan(...)`, which the format does not.
    if (text.find('(') != std::string_view::npos) return std::nullopt;
    double out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return out;
}

LineResult<SampleLine> parse_sample(std::string_view line) {
    Cursor cursor(line);
    cursor.skip_blanks();
    SampleLine out;
    out.name = cursor.name(colon);
    if (out.name.empty()) return wrong("a metric's name is expected");
    const std::string_view before = cursor.rest();
    cursor.skip_blanks();
    bool apart = cursor.rest() != before;
    if (cursor.take('{')) {
        auto labels = parse_labels(cursor);
        if (!labels) return wrong(std::move(labels.error()));
        out.labels = std::move(*labels);
        cursor.skip_blanks();
        apart = true;
    }
    const std::string_view number = cursor.word();
    if (number.empty()) return wrong("\"" + out.name + "\" breaks off before its value");
    const auto value = parse_number(number);
    if (!apart || !value) return wrong("the value of \"" + out.name + "\" is not a number");
    out.value = *value;
    cursor.skip_blanks();
    if (cursor.at_end()) return out;
    if (!is_timestamp(cursor.word())) return wrong("the timestamp is not an integer");
    cursor.skip_blanks();
    if (!cursor.at_end()) return wrong("there is more after the timestamp");
    return out;
}

LineResult<std::optional<HeadLine>> parse_head(std::string_view line) {
    Cursor cursor(line);
    cursor.skip_blanks();
    cursor.take('#');
    cursor.skip_blanks();
    const std::string_view keyword = cursor.word();
    if (keyword != "HELP" && keyword != "TYPE") return std::nullopt;
    HeadLine out;
    out.kind = keyword == "HELP" ? HeadLine::Kind::help : HeadLine::Kind::type;
    cursor.skip_blanks();
    out.name = cursor.name(colon);
    if (out.name.empty() || !(cursor.at_end() || is_blank(cursor.rest().front())))
        return wrong("a metric's name is expected after " + std::string(keyword));
    cursor.skip_blanks();
    out.text = cursor.rest();
    return out;
}

}  // namespace fenceline
