#pragma once

// All projections behind the thirteen metrics, folded together, and the one value that every
// renderer (Prometheus, OpenMetrics, JSON, diff) prints.
//
//   pool.apply(event); tallies.apply(event); tallies.apply(measurements);
//   MetricSnapshot page = snapshot(pool, tallies, texts, view);
//
// Tallies are the counters and histograms, of whatever they were fed: every event for the
// cluster's view, one recorder's events and durations for a process's. PoolGauges are about the
// pool and are fed every event always.
//
// Threading: as a std::vector.

#include <cstdint>
#include <string>
#include <string_view>
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
    std::string name_space = "duckgres";  // as valid_namespace() has it; empty: no prefix
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
    // One more than the highest text id held: what the dictionary must have.
    [[nodiscard]] std::uint64_t texts_needed() const;

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
    [[nodiscard]] std::uint64_t texts_needed() const;

    // Whether this instance exposes the pool's gauges: as its latest report says, else as it was
    // told at its start.
    [[nodiscard]] bool leads(TextId instance, bool told_at_start) const;

    LifecycleCounts counts;
    Capacity capacity;
};

// What a metric's name may begin with: [a-zA-Z_:][a-zA-Z0-9_:]*, or nothing.
[[nodiscard]] bool valid_namespace(std::string_view name_space);

[[nodiscard]] MetricSnapshot snapshot(const PoolGauges& pool, const Tallies& tallies,
                                      const Dictionary& texts, const MetricView& view);

}  // namespace fenceline
