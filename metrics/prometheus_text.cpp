#include "metrics/prometheus_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string_view>

namespace fenceline {

namespace {

using prometheus::ClientMetric;

// As the library prints doubles.
constexpr int digits = 16;
// Below it an integer has at most 15 digits, so that it is printed with all of them.
constexpr double all_digits = 1e15;

class Printer {
  public:
    std::string text;

    void family(const prometheus::MetricFamily& family) {
        if (!family.help.empty()) comment("# HELP ", family.name, family.help);
        switch (family.type) {
            case prometheus::MetricType::Histogram:
                comment("# TYPE ", family.name, "histogram");
                for (const auto& metric : family.metric) histogram(family.name, metric);
                break;
            case prometheus::MetricType::Counter:
                comment("# TYPE ", family.name, "counter");
                for (const auto& metric : family.metric)
                    sample(family.name, metric, metric.counter.value);
                break;
            default:
                comment("# TYPE ", family.name, "gauge");
                for (const auto& metric : family.metric)
                    sample(family.name, metric, metric.gauge.value);
        }
    }

  private:
    void comment(std::string_view kind, std::string_view name, std::string_view rest) {
        text.append(kind).append(name).append(" ").append(rest).append("\n");
    }
    void sample(std::string_view name, const ClientMetric& metric, double value) {
        head(name, metric, {});
        number(value);
        text += '\n';
    }
    void histogram(const std::string& name, const ClientMetric& metric) {
        const auto& of = metric.histogram;
        count(name + "_count", metric, {}, of.sample_count);
        head(name + "_sum", metric, {});
        number(of.sample_sum);
        text += '\n';
        const std::string bucket = name + "_bucket";
        for (const auto& one : of.bucket) {
            char bound[32];
            count(bucket, metric, printed(one.upper_bound, bound), one.cumulative_count);
        }
        count(bucket, metric, "+Inf", of.sample_count);
    }
    void count(std::string_view name, const ClientMetric& metric, std::string_view bound,
               std::uint64_t value) {
        head(name, metric, bound);
        char buffer[24];
        const auto end = std::to_chars(std::begin(buffer), std::end(buffer), value).ptr;
        text.append(buffer, end).append("\n");
    }

    // Name and labels; `bound`, when it is given, is that of a bucket.
    void head(std::string_view name, const ClientMetric& metric, std::string_view bound) {
        text += name;
        char before = '{';
        for (const auto& label : metric.label) {
            text += before;
            text.append(label.name).append("=\"");
            escaped(label.value);
            text += '"';
            before = ',';
        }
        if (!bound.empty()) {
            text += before;
            text.append("le=\"").append(bound).append("\"");
            before = ',';
        }
        text += before == ',' ? "} " : " ";
    }
    void escaped(std::string_view value) {
        const auto special = [](char c) { return c == '\\' || c == '"' || c == '\n'; };
        for (;;) {
            const auto plain = std::ranges::find_if(value, special) - value.begin();
            text.append(value, 0, static_cast<std::size_t>(plain));
            value.remove_prefix(static_cast<std::size_t>(plain));
            if (value.empty()) return;
            text += '\\';
            text += value.front() == '\n' ? 'n' : value.front();
            value.remove_prefix(1);
        }
    }
    void number(double value) {
        char buffer[32];
        text += printed(value, buffer);
    }
    template <std::size_t N>
    static std::string_view printed(double value, char (&buffer)[N]) {
        if (std::isinf(value)) return value < 0 ? "-Inf" : "+Inf";
        char* end = buffer;
        if (value == std::trunc(value) && std::abs(value) < all_digits)
            end = std::to_chars(buffer, buffer + N, static_cast<std::int64_t>(value)).ptr;
        else
            end = std::to_chars(buffer, buffer + N, value, std::chars_format::general, digits).ptr;
        return {buffer, end};
    }
};

}  // namespace

std::string text_of(const Families& families) {
    Printer printer;
    for (const auto& family : families) printer.family(family);
    return std::move(printer.text);
}

}  // namespace fenceline
