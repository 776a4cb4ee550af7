#pragma once

// What a page of metrics is made of, as of one moment: the numbers, and the names of the images
// that they count. Taking it copies a few tables; the page, which takes many times as long, is made
// of it without the lock under which everything goes on.
//
//   MetricNumbers numbers = take_numbers(fold.pool, tallies, fold.world.texts);  // under the lock
//   MetricSnapshot page = snapshot(numbers, view);                               // after it
//
// Plain data.

#include <string>
#include <utility>
#include <vector>

#include "projections/metrics.hpp"
#include "projections/tallies.hpp"

namespace fenceline {

struct MetricNumbers {
    LifecycleCounts counts;
    Capacity::Targets targets;
    std::int64_t headroom = -1;
    Tallies tallies;
    std::vector<std::pair<TextId, std::string>> images;  // of all that is above, ascending

    // The name of an image that is counted above.
    [[nodiscard]] const std::string& image(TextId id) const;
};

[[nodiscard]] MetricNumbers take_numbers(const PoolGauges& pool, Tallies tallies,
                                         const Dictionary& texts);
[[nodiscard]] MetricSnapshot snapshot(const MetricNumbers& numbers, const MetricView& view);

}  // namespace fenceline
