#pragma once

// The thirteen metrics as one value, which every renderer (Prometheus, OpenMetrics, JSON, diff)
// prints. A running store makes it (LifecycleStore::metrics), and so does a replay.
//
//   MetricSnapshot page = snapshot(pool, tallies, texts, {.labels = LabelMode::seed});
//   for (const MetricFamily& family : page.families) ...
//
// Series exist for what happened; the drain histogram and the headroom always. What is counted and
// how is in projections/tallies.hpp.
//
// Plain data.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "events/labels.hpp"

namespace fenceline {

class Dictionary;
class PoolGauges;
class Tallies;

enum class MetricType : std::uint8_t { counter, gauge, histogram };

// One series. Labels in the order of the contract; all numbers are integers until a renderer
// prints them: a histogram's sum is in nanoseconds.
struct MetricSeries {
    std::vector<std::pair<std::string, std::string>> labels;
    std::int64_t value = 0;             // counter, gauge
    std::vector<std::int64_t> buckets;  // histogram: cumulative, one per bound, then +Inf
    std::int64_t sum_ns = 0;
};

struct MetricFamily {
    std::string name;
    std::string help;
    MetricType type = MetricType::counter;
    std::vector<std::int64_t> bounds_ns;  // histogram
    std::vector<MetricSeries> series;     // sorted by labels
};

// Immutable once made: renderers read it, nobody keeps second books.
struct MetricSnapshot {
    std::vector<MetricFamily> families;  // in the order of the contract
};

struct MetricView {
    std::string name_space = "duckgres";  // as valid_namespace() has it; empty: no prefix
    LabelMode labels = LabelMode::exact;
    bool leads = true;  // false: lifecycle counts and targets vanish, headroom is -1
};

// What a metric's name may begin with: [a-zA-Z_:][a-zA-Z0-9_:]*, or nothing.
[[nodiscard]] bool valid_namespace(std::string_view name_space);

[[nodiscard]] MetricSnapshot snapshot(const PoolGauges& pool, const Tallies& tallies,
                                      const Dictionary& texts, const MetricView& view);

}  // namespace fenceline
