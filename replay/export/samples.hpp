#pragma once

// The metrics of a window, resampled: every series at every step, as a scrape at that moment would
// have had it.
//
//   auto table = replay::sample(**reader, {.step = seconds(15)});
//   for (const SampledFamily& family : table->families)
//       for (const SampledSeries& series : family.series) ...
//
// A series that a page does not have yet, or no longer, is 0 there: a counter's first rise is then
// visible to rate(), and a gauge that vanished does not linger. Steps are whole multiples of the
// step since 1970, as query ranges are.
//
// Memory grows with the changes in the window, not with the steps; both have a limit.
//
// Threading: one thread a reader.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "projections/metrics.hpp"
#include "replay/replayer.hpp"

namespace fenceline {

namespace limits {

// Steps of one export, and changes of values in it.
inline constexpr std::int64_t sampled_steps = 10'000'000;
inline constexpr std::size_t sampled_changes = 50'000'000;

}  // namespace limits

namespace replay {

struct SampleOptions {
    Duration step = seconds(15);  // whole milliseconds
    std::optional<Time> from;     // none: a step before the first event
    Position to;                  // events up to and including this one
    std::optional<Time> until;    // the last step is at or after it; none: at or after `to`
    MetricView view;
    RecordedBy recorded_by;
    Progress progress;
};

// The values that one series has: a counter's or gauge's one, or a histogram's buckets and, last,
// its sum in nanoseconds.
using SampleValues = std::vector<std::int64_t>;

struct SampledSeries {
    std::vector<std::pair<std::string, std::string>> labels;
    // From this step on these values, ascending; before the first it is all zeros.
    std::vector<std::pair<std::int64_t, SampleValues>> changes;
};

struct SampledFamily {
    std::string name;
    std::string help;
    MetricType type = MetricType::counter;
    std::vector<std::int64_t> bounds_ns;
    std::vector<SampledSeries> series;  // by labels
    // How many values each series has.
    [[nodiscard]] std::size_t width() const {
        return type == MetricType::histogram ? bounds_ns.size() + 2 : 1;
    }
};

struct SampleTable {
    Time first;
    Duration step;
    std::int64_t steps = 0;
    std::vector<SampledFamily> families;  // in the order of the page; without empty ones
    std::vector<Recorder> matching;

    [[nodiscard]] Time at(std::int64_t step_number) const {
        return first + Duration{step.ns * step_number};
    }
};

// `invalid_request` for a step, a window or an amount that cannot be; `not_found` as replay().
[[nodiscard]] Result<SampleTable> sample(Reader& reader, const SampleOptions& options);

// One series' values, step by step.
class SampleCursor {
  public:
    SampleCursor(const SampledSeries& series, std::size_t width)
        : changes_(series.changes), zeros_(width, 0) {}

    // The values at this step; steps are asked in ascending order.
    [[nodiscard]] const SampleValues& at(std::int64_t step) {
        while (next_ < changes_.size() && changes_[next_].first <= step) ++next_;
        return next_ == 0 ? zeros_ : changes_[next_ - 1].second;
    }

  private:
    const std::vector<std::pair<std::int64_t, SampleValues>>& changes_;
    SampleValues zeros_;
    std::size_t next_ = 0;
};

}  // namespace replay
}  // namespace fenceline
