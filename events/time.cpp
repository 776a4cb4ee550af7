#include "events/time.hpp"

#include <chrono>
#include <limits>
#include <optional>

namespace fenceline {

namespace {

namespace chrono = std::chrono;

constexpr std::int64_t ns_per_second = 1'000'000'000;
constexpr std::int64_t seconds_per_day = 86'400;

class SystemClock final : public Clock {
  public:
    Time now() override { return {since_epoch(chrono::system_clock::now())}; }
    Duration elapsed() override { return {since_epoch(chrono::steady_clock::now())}; }

  private:
    template <typename Point>
    static std::int64_t since_epoch(Point point) {
        return chrono::duration_cast<chrono::nanoseconds>(point.time_since_epoch()).count();
    }
};

// Rounds towards the past, so that times before 1970 keep a positive fraction.
constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) {
    return a / b - (a % b < 0 ? 1 : 0);
}

void put_digits(char* out, int digits, std::int64_t value) {
    for (int i = digits - 1; i >= 0; --i, value /= 10) out[i] = static_cast<char>('0' + value % 10);
}

// Takes a text apart from its front. The first thing that does not fit stops all that follows.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    int digits(std::size_t count) {
        int value = 0;
        if (rest_.size() < count) good_ = false;
        for (std::size_t i = 0; good_ && i < count; ++i) {
            if (rest_[i] < '0' || rest_[i] > '9') good_ = false;
            value = value * 10 + (rest_[i] - '0');
        }
        if (good_) rest_.remove_prefix(count);
        return value;
    }
    void expect(std::string_view any_of) {
        if (rest_.empty() || any_of.find(rest_.front()) == any_of.npos) good_ = false;
        if (good_) rest_.remove_prefix(1);
    }
    bool skip(char c) {
        if (!good_ || rest_.empty() || rest_.front() != c) return false;
        rest_.remove_prefix(1);
        return true;
    }
    // One to nine digits as nanoseconds.
    std::int64_t fraction() {
        std::int64_t ns = 0;
        std::int64_t unit = ns_per_second;
        while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9' && unit > 1) {
            unit /= 10;
            ns += (rest_.front() - '0') * unit;
            rest_.remove_prefix(1);
        }
        const bool more = !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9';
        if (unit == ns_per_second || more) good_ = false;
        return ns;
    }
    [[nodiscard]] bool good() const { return good_; }
    [[nodiscard]] bool complete() const { return good_ && rest_.empty(); }

  private:
    std::string_view rest_;
    bool good_ = true;
};

tl::unexpected<Error> not_a_time(std::string_view text, std::string_view why) {
    std::string shown(text.substr(0, 40));
    for (char& c : shown)
        if (c < ' ' || c > '~') c = '?';  // an error is read on a terminal
    if (text.size() > shown.size()) shown += "...";
    return fail(ErrorCode::invalid_request, "not a time: '" + shown + "': " + std::string(why),
                "write it like 2026-05-24T10:00:00Z or 2026-05-24T12:00:00.5+02:00");
}

// Seconds east of UTC; nothing when it is no offset.
std::optional<std::int64_t> scan_offset(Scanner& in) {
    if (in.skip('Z') || in.skip('z')) return 0;
    const bool west = in.skip('-');
    if (!west && !in.skip('+')) return std::nullopt;
    const int hours = in.digits(2);
    in.expect(":");
    const int minutes = in.digits(2);
    if (!in.good() || hours > 23 || minutes > 59) return std::nullopt;
    const std::int64_t east = hours * 3600 + minutes * 60;
    return west ? -east : east;
}

// Whole seconds since 1970 and a fraction of 0 to 999,999,999 ns as one number, if it fits.
std::optional<Time> to_time(std::int64_t second, std::int64_t ns) {
    // The first second that the range touches is only partly inside: count back from the next.
    std::int64_t out = 0;
    if (second < 0) {
        second += 1;
        ns -= ns_per_second;
    }
    if (__builtin_mul_overflow(second, ns_per_second, &out)) return std::nullopt;
    if (__builtin_add_overflow(out, ns, &out)) return std::nullopt;
    return Time{out};
}

}  // namespace

Clock& system_clock() {
    static SystemClock clock;
    return clock;
}

std::string to_rfc3339(Time time) {
    const auto second = floor_div(time.ns, ns_per_second);
    const auto day = floor_div(second, seconds_per_day);
    const auto in_day = second - day * seconds_per_day;
    const chrono::year_month_day date{chrono::sys_days{chrono::days{day}}};

    std::string out = "0000-00-00T00:00:00.000000000Z";
    put_digits(&out[0], 4, static_cast<int>(date.year()));
    put_digits(&out[5], 2, static_cast<unsigned>(date.month()));
    put_digits(&out[8], 2, static_cast<unsigned>(date.day()));
    put_digits(&out[11], 2, in_day / 3600);
    put_digits(&out[14], 2, in_day / 60 % 60);
    put_digits(&out[17], 2, in_day % 60);
    const auto ns = time.ns % ns_per_second;
    put_digits(&out[20], 9, ns < 0 ? ns + ns_per_second : ns);
    return out;
}

Result<Time> parse_rfc3339(std::string_view text) {
    Scanner in(text);
    const int year = in.digits(4);
    in.expect("-");
    const auto month = static_cast<unsigned>(in.digits(2));
    in.expect("-");
    const auto day = static_cast<unsigned>(in.digits(2));
    in.expect("Tt ");
    const int hour = in.digits(2);
    in.expect(":");
    const int minute = in.digits(2);
    in.expect(":");
    const int second = in.digits(2);
    const std::int64_t ns = in.skip('.') ? in.fraction() : 0;
    if (!in.good())
        return not_a_time(text, "the date, the time of day or its fraction is malformed");
    const auto offset = scan_offset(in);
    if (!offset) return not_a_time(text, "it must end in Z or an offset like +02:00");
    if (!in.complete()) return not_a_time(text, "something follows the time");

    const chrono::year_month_day date{chrono::year{year}, chrono::month{month}, chrono::day{day}};
    if (!date.ok()) return not_a_time(text, "there is no such day");
    if (second == 60)
        return not_a_time(text, "a leap second has no place of its own; use second 59");
    if (hour > 23 || minute > 59 || second > 59) return not_a_time(text, "no such time of day");

    const std::int64_t days = chrono::sys_days{date}.time_since_epoch().count();
    const auto time =
        to_time(days * seconds_per_day + hour * 3600 + minute * 60 + second - *offset, ns);
    if (!time) return not_a_time(text, "it is before September 1677 or after April 2262");
    return *time;
}

}  // namespace fenceline
