#include "tools/metric_view.hpp"

#include <array>

namespace fenceline::tools {

namespace {

constexpr std::array type_names{"counter", "gauge", "histogram"};

Json series_of(const MetricFamily& family, const MetricSeries& series) {
    Json labels = Json::object();
    for (const auto& [name, value] : series.labels) labels[name] = value;
    Json out{{"labels", std::move(labels)}};
    if (family.type != MetricType::histogram) {
        out["value"] = series.value;
        return out;
    }
    Json buckets = Json::array();
    for (std::size_t i = 0; i < series.buckets.size(); ++i)
        buckets.push_back({{"le", i < family.bounds_ns.size()
                                      ? Json(static_cast<double>(family.bounds_ns[i]) / 1e9)
                                      : Json("+Inf")},
                           {"count", series.buckets[i]}});
    out["count"] = series.buckets.empty() ? 0 : series.buckets.back();
    out["sum"] = static_cast<double>(series.sum_ns) / 1e9;
    out["buckets"] = std::move(buckets);
    return out;
}

}  // namespace

Json json_of(const MetricSnapshot& metrics) {
    Json families = Json::array();
    for (const auto& family : metrics.families) {
        Json all = Json::array();
        for (const auto& series : family.series) all.push_back(series_of(family, series));
        families.push_back({{"name", family.name},
                            {"type", type_names[static_cast<std::size_t>(family.type)]},
                            {"help", family.help},
                            {"series", std::move(all)}});
    }
    return families;
}

ExpositionInfo info_of(const replay::Replayed& past, const replay::RecordedBy& who) {
    ExpositionInfo info{.position = past.head.position,
                        .counting_from = past.counting_from,
                        .pending_failures = std::nullopt,
                        .version = program_version()};
    if (who.anybody()) return info;
    info.instance = who.instance;
    info.run = who.run;
    if (past.matching.size() == 1) {
        info.instance = past.matching.front().instance;
        info.run = past.matching.front().run;
    }
    return info;
}

std::string program_version() {
    return FENCELINE_VERSION;
}

}  // namespace fenceline::tools
