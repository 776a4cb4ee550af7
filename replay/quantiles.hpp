#pragma once

// Quantiles of a histogram, as Prometheus' histogram_quantile() has them: linear within a bucket,
// the first bucket beginning at 0.
//
//   quantile({1'000'000, 5'000'000}, {2, 10, 10}, 0.5)   // nanoseconds
//
// Pure.

#include <cstdint>
#include <optional>
#include <span>

namespace fenceline::replay {

// `cumulative` has one number a bound and one more for all. Nothing when there are no samples, or
// when the quantile is above the last bound: the histogram does not know how far.
[[nodiscard]] std::optional<double> quantile(std::span<const std::int64_t> bounds_ns,
                                             std::span<const std::int64_t> cumulative, double q);

}  // namespace fenceline::replay
