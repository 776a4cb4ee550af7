#include "tools/bench/bench.hpp"

#include <algorithm>

namespace fenceline::tools::bench {

bool Figure::reached() const {
    switch (kind) {
        case Goal::ratio_at_least: return ratio() >= goal;
        case Goal::at_least: return value >= goal;
        case Goal::at_most: return value <= goal;
        case Goal::none: break;
    }
    return true;
}

double median(std::vector<double> values) {
    if (values.empty()) return 0;
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

double quantile(std::vector<double>& values, double part) {
    if (values.empty()) return 0;
    const auto at = static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), values.begin() + at, values.end());
    return values[static_cast<std::size_t>(at)];
}

}  // namespace fenceline::tools::bench
