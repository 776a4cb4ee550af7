#pragma once

// The thirteen metrics by name, with their labels: what can be asked for.
//
//   for (const replay::KnownFamily& family : replay::known_families()) ...
//   if (const auto* family = replay::known_family("duckgres_warm_capacity_headroom", "duckgres"))
//
// A test holds the table against what the projections render.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "projections/metrics.hpp"

namespace fenceline::replay {

struct KnownFamily {
    std::string_view name;  // without its namespace
    MetricType type = MetricType::counter;
    std::vector<std::string_view> labels;  // ascending, without `le`
};

[[nodiscard]] std::span<const KnownFamily> known_families();

// With and without the namespace in front; null when there is none of that name.
[[nodiscard]] const KnownFamily* known_family(std::string_view name, std::string_view name_space);

[[nodiscard]] std::string full_name(const KnownFamily& family, std::string_view name_space);

}  // namespace fenceline::replay
