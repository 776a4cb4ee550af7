#pragma once

// A snapshot as prometheus-cpp's plain structs, in the order they are printed. Internal to the
// exporter. Families without a series are left out.

#include <vector>

#include <prometheus/metric_family.h>

#include "metrics/prometheus_exporter.hpp"

namespace fenceline {

using Families = std::vector<prometheus::MetricFamily>;

[[nodiscard]] Families families_of(const MetricSnapshot& metrics);

// Appends what the page says about itself.
void append_info(const ExpositionInfo& info, Families& out);

// Appends a family of one series.
void append_single(prometheus::MetricType type, const char* name, const char* help,
                   std::vector<prometheus::ClientMetric::Label> labels, std::int64_t value,
                   Families& out);

}  // namespace fenceline
