#include "metrics/prometheus_families.hpp"

#include <utility>

namespace fenceline {

namespace {

using prometheus::ClientMetric;

// Integer nanoseconds are divided once, here, so that equal sums print alike.
double in_seconds(std::int64_t ns) {
    return static_cast<double>(ns) / 1e9;
}

prometheus::MetricType type_of(MetricType type) {
    switch (type) {
        case MetricType::counter: return prometheus::MetricType::Counter;
        case MetricType::gauge: return prometheus::MetricType::Gauge;
        case MetricType::histogram: return prometheus::MetricType::Histogram;
    }
    return prometheus::MetricType::Untyped;
}

// The buckets are cumulative already; the last one, `+Inf`, is the serializer's to print.
ClientMetric::Histogram histogram_of(const MetricFamily& family, const MetricSeries& series) {
    ClientMetric::Histogram out;
    out.sample_count = static_cast<std::uint64_t>(series.buckets.back());
    out.sample_sum = in_seconds(series.sum_ns);
    for (std::size_t i = 0; i < family.bounds_ns.size(); ++i)
        out.bucket.push_back(
            {static_cast<std::uint64_t>(series.buckets[i]), in_seconds(family.bounds_ns[i])});
    return out;
}

ClientMetric metric_of(const MetricFamily& family, const MetricSeries& series) {
    ClientMetric out;
    out.label.reserve(series.labels.size());
    for (const auto& [name, value] : series.labels) out.label.push_back({name, value});
    const auto value = static_cast<double>(series.value);
    switch (family.type) {
        case MetricType::counter: out.counter.value = value; break;
        case MetricType::gauge: out.gauge.value = value; break;
        case MetricType::histogram: out.histogram = histogram_of(family, series); break;
    }
    return out;
}

}  // namespace

Families families_of(const MetricSnapshot& metrics) {
    Families out;
    for (const MetricFamily& family : metrics.families) {
        if (family.series.empty()) continue;
        auto& made = out.emplace_back();
        made.name = family.name;
        made.help = family.help;
        made.type = type_of(family.type);
        made.metric.reserve(family.series.size());
        for (const MetricSeries& series : family.series)
            made.metric.push_back(metric_of(family, series));
    }
    return out;
}

void append_single(prometheus::MetricType type, const char* name, const char* help,
                   std::vector<ClientMetric::Label> labels, std::int64_t value, Families& out) {
    ClientMetric metric;
    metric.label = std::move(labels);
    (type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value) =
        static_cast<double>(value);
    auto& family = out.emplace_back();
    family.name = name;
    family.help = help;
    family.type = type;
    family.metric.push_back(std::move(metric));
}

void append_info(const ExpositionInfo& info, Families& out) {
    const auto gauge = [&out](const char* name, const char* help, std::int64_t value,
                              std::vector<ClientMetric::Label> labels = {}) {
        append_single(prometheus::MetricType::Gauge, name, help, std::move(labels), value, out);
    };
    gauge("fenceline_journal_position", "Journal position that this page has folded.",
          info.position.value);
    gauge("fenceline_counting_from_position",
          "Counters and histograms of this page count events after this journal position.",
          info.counting_from.value);
    if (!info.instance.empty() || !info.run.empty())
        gauge("fenceline_recorder_info", "Who recorded what the counters of this page count.", 1,
              {{"instance", info.instance}, {"run", info.run}});
    if (info.pending_failures)
        gauge("fenceline_pending_failures",
              "Failed operations that are counted but not yet in the journal.",
              *info.pending_failures);
    if (!info.version.empty())
        gauge("fenceline_build_info", "The program's version.", 1, {{"version", info.version}});
}

}  // namespace fenceline
