#pragma once

// All projections behind the thirteen metrics, folded together.
//
//   pool.apply(event); tallies.apply(event); tallies.apply(measurements);
//   MetricSnapshot page = snapshot(pool, tallies, texts, view);   // projections/metrics.hpp
//
// Threading: as a std::vector.

#include "projections/capacity.hpp"
#include "projections/durations.hpp"
#include "projections/lifecycle_counts.hpp"
#include "projections/observations.hpp"
#include "projections/transitions.hpp"

namespace fenceline {

// The counters and histograms of whatever this was fed: every event and duration for the cluster's
// view, those of one recorder for a process's.
class Tallies {
  public:
    void apply(const Event& event);
    void apply(const Measurements& measured);
    // So many more events take no memory: what is durable is counted, come what may.
    void make_room(std::size_t events);
    void save(StateWriter& out) const;
    [[nodiscard]] bool load(StateReader& in);
    // One more than the highest text id held: what the dictionary must have.
    [[nodiscard]] std::uint64_t texts_needed() const;

    Transitions transitions;
    Durations durations;
    Observations observations;
};

// What the gauges say of the pool. Fed every event, always.
class PoolGauges {
  public:
    void apply(const Event& event);
    void save(StateWriter& out) const;
    [[nodiscard]] bool load(StateReader& in);
    [[nodiscard]] std::uint64_t texts_needed() const;

    // Whether this instance exposes the pool's gauges: as its latest report says, else as it was
    // told at its start.
    [[nodiscard]] bool leads(TextId instance, bool told_at_start) const;

    LifecycleCounts counts;
    Capacity capacity;
};

}  // namespace fenceline
