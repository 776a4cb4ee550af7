#include "replay/quantiles.hpp"

namespace fenceline::replay {

std::optional<double> quantile(std::span<const std::int64_t> bounds_ns,
                               std::span<const std::int64_t> cumulative, double q) {
    if (cumulative.size() != bounds_ns.size() + 1 || cumulative.back() <= 0) return std::nullopt;
    const double rank = q * static_cast<double>(cumulative.back());
    for (std::size_t i = 0; i < bounds_ns.size(); ++i) {
        const auto upto = static_cast<double>(cumulative[i]);
        if (upto < rank || cumulative[i] == 0) continue;
        const auto before = i == 0 ? 0.0 : static_cast<double>(cumulative[i - 1]);
        const auto low = i == 0 ? 0.0 : static_cast<double>(bounds_ns[i - 1]);
        const auto high = static_cast<double>(bounds_ns[i]);
        if (upto <= before) return high;  // an empty bucket that begins at the rank
        return low + (high - low) * (rank - before) / (upto - before);
    }
    return std::nullopt;
}

}  // namespace fenceline::replay
