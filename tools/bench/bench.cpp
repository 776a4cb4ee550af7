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

}  // namespace fenceline::tools::bench
