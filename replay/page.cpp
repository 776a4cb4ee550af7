#include "replay/page.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>

namespace fenceline::replay {

namespace {

constexpr int page_digits = 16;

double in_seconds(std::int64_t ns) {
    return as_printed(static_cast<double>(ns) / 1e9);
}

ScrapedType type_of(MetricType type) {
    switch (type) {
        case MetricType::counter: return ScrapedType::counter;
        case MetricType::gauge: return ScrapedType::gauge;
        case MetricType::histogram: return ScrapedType::histogram;
    }
    return ScrapedType::untyped;
}

ScrapedSeries series_of(const MetricFamily& family, const MetricSeries& series) {
    ScrapedSeries out;
    out.labels = series.labels;
    std::ranges::sort(out.labels);
    out.value = as_printed(static_cast<double>(series.value));
    for (std::size_t i = 0; i < series.buckets.size(); ++i)
        out.buckets.emplace_back(i < family.bounds_ns.size()
                                     ? in_seconds(family.bounds_ns[i])
                                     : std::numeric_limits<double>::infinity(),
                                 as_printed(static_cast<double>(series.buckets[i])));
    out.sum = in_seconds(series.sum_ns);
    if (!out.buckets.empty()) out.count = out.buckets.back().second;
    return out;
}

void add(ScrapedSeries& into, const ScrapedSeries& series) {
    into.value += series.value;
    into.sum += series.sum;
    into.count += series.count;
    std::map<double, double> buckets(into.buckets.begin(), into.buckets.end());
    for (const auto& [bound, samples] : series.buckets) buckets[bound] += samples;
    into.buckets.assign(buckets.begin(), buckets.end());
}

void add(ScrapedFamily& into, const ScrapedFamily& family) {
    std::map<ScrapedLabels, std::size_t> places;
    for (std::size_t i = 0; i < into.series.size(); ++i) places[into.series[i].labels] = i;
    for (const ScrapedSeries& series : family.series) {
        const auto place = places.find(series.labels);
        if (place == places.end())
            into.series.push_back(series);
        else
            add(into.series[place->second], series);
    }
    std::ranges::sort(into.series, {}, &ScrapedSeries::labels);
}

std::string escaped(std::string_view value) {
    std::string out;
    for (const char c : value) {
        if (c == '\\' || c == '"') out += '\\';
        out += c == '\n' ? std::string("\\n") : std::string(1, c);
    }
    return out;
}

}  // namespace

std::string number_text(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    return {text.data(), end};
}

double as_printed(double value) {
    if (!std::isfinite(value)) return value;
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value,
                                   std::chars_format::general, page_digits)
                         .ptr;
    double back = value;
    std::from_chars(text.data(), end, back);
    return back;
}

std::string to_text(const SampleId& id) {
    using enum SampleId::Part;
    std::string out = id.family;
    if (id.part == bucket) out += "_bucket";
    if (id.part == sum) out += "_sum";
    if (id.part == count) out += "_count";
    ScrapedLabels labels = id.labels;
    if (id.part == bucket) labels.emplace_back("le", number_text(id.bound));
    for (std::size_t i = 0; i < labels.size(); ++i) {
        out += i == 0 ? "{" : ",";
        out += labels[i].first + "=\"" + escaped(labels[i].second) + "\"";
    }
    return labels.empty() ? out : out + "}";
}

Scrape page_of(const MetricSnapshot& metrics) {
    Scrape out;
    for (const MetricFamily& family : metrics.families) {
        ScrapedFamily& made = out.families.emplace_back();
        made.name = family.name;
        made.help = family.help;
        made.type = type_of(family.type);
        for (const MetricSeries& series : family.series)
            made.series.push_back(series_of(family, series));
        std::ranges::sort(made.series, {}, &ScrapedSeries::labels);
    }
    std::ranges::sort(out.families, {}, &ScrapedFamily::name);
    return out;
}

Scrape sum_of(const std::vector<Scrape>& pages, std::size_t gauges_from, const Scrape& contract) {
    std::map<std::string, ScrapedFamily> families;
    for (std::size_t i = 0; i < pages.size(); ++i) {
        for (const ScrapedFamily& family : pages[i].families) {
            const ScrapedFamily* known = contract.family(family.name);
            const bool gauge = known && known->type == ScrapedType::gauge;
            if (gauge && i != gauges_from) continue;
            const auto [found, fresh] = families.try_emplace(family.name, family);
            if (!fresh) add(found->second, family);
        }
    }
    Scrape out;
    for (auto& [name, family] : families) out.families.push_back(std::move(family));
    return out;
}

}  // namespace fenceline::replay
