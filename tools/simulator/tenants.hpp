#pragma once

// Who asks for sessions, and the images that serve them.
//
// Orgs differ in size: the n-th asks half as often as the (n/2)-th. Some are pinned to an image
// of their own choice; the others get the release of the replica that serves them.

#include <string>
#include <vector>

#include "tools/simulator/settings.hpp"

namespace fenceline::tools {

class Tenants {
  public:
    // `deployed` is the index of the release that everybody runs at first.
    Tenants(const SimulationSettings& settings, std::size_t deployed);

    [[nodiscard]] std::size_t draw(Random& random) const { return random.weighted(odds_); }
    [[nodiscard]] const std::string& org(std::size_t index) const { return orgs_[index]; }
    [[nodiscard]] std::size_t orgs() const { return orgs_.size(); }

    // Oldest first.
    [[nodiscard]] const std::vector<std::string>& images() const { return images_; }
    [[nodiscard]] const std::string& image_for(std::size_t org, std::size_t release) const;
    // Images that some org is pinned to.
    [[nodiscard]] bool pinned(std::size_t image) const { return image < pinned_; }

  private:
    std::vector<std::string> orgs_, images_;
    std::vector<std::uint64_t> odds_;
    std::size_t pinned_;  // images before this one have orgs that want them
};

}  // namespace fenceline::tools
