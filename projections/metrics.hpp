#pragma once

// All projections behind the thirteen metrics, folded together, and the one value that every
// renderer (Prometheus, OpenMetrics, JSON, diff) prints.
//
//   Metrics metrics;
//   metrics.apply(event); metrics.apply(measurements);
//   MetricSnapshot snapshot = metrics.snapshot(texts, view);
//
// The counters and histograms of a Metrics hold what it was fed: every event for the cluster's
// view, one recorder's events for a process's. The gauges (lifecycle counts, targets) are about
// the pool and are fed every event always.
//
// Threading: as a std::vector.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "events/text.hpp"
#include "projections/capacity.hpp"
#include "projections/durations.hpp"
#include "projections/lifecycle_counts.hpp"
#include "projections/observations.hpp"
#include "projections/transitions.hpp"

namespace fenceline {

enum class MetricType : std::uint8_t { counter, gauge, histogram };

// One series. Labels in the order of the contract; all numbers are integers until a renderer
// prints them: a histogram's sum is in nanoseconds.
struct MetricSeries {
    std::vector<std::pair<std::string, std::string>> labels;
    std::int64_t value = 0;               // counter, gauge
    std::vector<std::int64_t> buckets;    // histogram: cumulative, one per bound, then +Inf
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
    std::string name_space = "duckgres";
    LabelMode labels = LabelMode::exact;
    bool leads = true;  // false: lifecycle counts and targets vanish, headroom is -1
};

// What the counters and histograms count.
class Tallies {
  public:
    void apply(const Event& event) noexcept;
    void apply(const Measurements& measured) noexcept;
    void save(StateWriter& out) const;
    [[nodiscard]] bool load(StateReader& in);

    Transitions transitions;
    Durations durations;
    Observations observations;
};

// What the gauges say of the pool.
class PoolGauges {
  public:
    void apply(const Event& event) noexcept;
    void save(StateWriter& out) const;
    [[nodiscard]] bool load(StateReader& in);

    LifecycleCounts counts;
    Capacity capacity;
};

[[nodiscard]] MetricSnapshot snapshot(const PoolGauges& pool, const Tallies& tallies,
                                      const Dictionary& texts, const MetricView& view);

}  // namespace fenceline
