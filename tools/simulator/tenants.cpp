#include "tools/simulator/tenants.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace fenceline::tools {

namespace {

constexpr std::array<std::string_view, 16> names{
    "acme",      "globex", "initech", "umbrella", "hooli",    "stark & co", "wayne",    "tyrell",
    "cyberdyne", "wonka",  "soylent", "duff",     "vandelay", "oceanic",    "aperture", "zorg"};

// One org in this many is pinned to an older image.
constexpr std::size_t pinned_each = 4;

}  // namespace

Tenants::Tenants(const SimulationSettings& settings, std::size_t deployed) : pinned_(deployed) {
    for (std::int64_t i = 0; i < settings.orgs; ++i) {
        const auto nth = static_cast<std::size_t>(i);
        orgs_.push_back(nth < names.size() ? std::string(names[nth])
                                           : "org-" + std::to_string(i + 1));
        odds_.push_back(std::max<std::uint64_t>(1, 1'000 / (nth + 1)));
    }
    for (std::int64_t i = 0; i < settings.images; ++i)
        images_.push_back("duckgres-worker:1.4." + std::to_string(i));
}

const std::string& Tenants::image_for(std::size_t org, std::size_t release) const {
    const bool wants_its_own = pinned_ > 0 && org % pinned_each == pinned_each - 1;
    return images_[wants_its_own ? org / pinned_each % pinned_ : release];
}

}  // namespace fenceline::tools
