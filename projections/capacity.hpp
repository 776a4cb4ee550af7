#pragma once

// The pool's capacity: warm targets and their headroom, demand that was missed, and who leads.
//
//   Capacity capacity;
//   capacity.apply(event);
//   capacity.headroom();                     // -1: unbounded or unknown
//   capacity.leadership(instance);           // what that instance said last
//
// Threading: as a std::vector.

#include <map>
#include <optional>
#include <utility>

#include "events/event.hpp"
#include "events/limits.hpp"
#include "projections/projection.hpp"

namespace fenceline {

namespace limits {

// Missed demand is kept for the last hour: so many buckets, of this length.
inline constexpr std::int64_t demand_buckets = 360;
inline constexpr Duration demand_bucket = seconds(10);

}  // namespace limits

class Capacity {
  public:
    // Missed claims by the start of their bucket and the image.
    using Demand = std::map<std::pair<Time, TextId>, std::int64_t>;
    using Targets = std::map<TextId, std::int64_t>;

    void apply(const Event& event);

    // Each `warm_capacity_targets` event replaces all of them.
    [[nodiscard]] const Targets& targets() const { return targets_; }
    [[nodiscard]] std::int64_t max_workers() const { return max_workers_; }
    // `max_workers` minus the targets, not below 0. -1 before any target and without a
    // `max_workers`: 0 would page somebody.
    [[nodiscard]] std::int64_t headroom() const;

    // The buckets of limits::demand_buckets up to the newest one.
    [[nodiscard]] const Demand& demand() const { return demand_; }

    // What this control-plane instance reported last; none when it never did.
    [[nodiscard]] std::optional<Leadership> leadership(TextId instance) const;

    void save(StateWriter& out) const;
    [[nodiscard]] bool load(StateReader& in);
    // One more than the highest text id held: what the dictionary must have.
    [[nodiscard]] std::uint64_t texts_needed() const;

  private:
    void count_miss(const Event& event);
    [[nodiscard]] bool load_demand(StateReader& in);
    [[nodiscard]] bool load_leaders(StateReader& in);

    bool targeted_ = false;
    std::int64_t max_workers_ = 0;
    Targets targets_;
    Demand demand_;
    std::map<TextId, Leadership> leaders_;
};

}  // namespace fenceline
