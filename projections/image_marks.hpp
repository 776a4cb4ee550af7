#pragma once

// Which numbers of a dictionary are images that a page names: a bit each, as marking must be quick.
//
//   ImageMarks images(texts.size());
//   transitions.mark_images(images);
//   if (images.marked(id.value)) ...
//
// Threading: as a std::vector.

#include <cstdint>
#include <vector>

#include "events/invariant.hpp"

namespace fenceline {

class ImageMarks {
  public:
    explicit ImageMarks(std::size_t texts) : marked_(texts) {}

    void mark(std::uint64_t image) {
        FENCELINE_INVARIANT(image < marked_.size(), "an image that is counted has a name");
        marked_[image] = true;
    }
    [[nodiscard]] bool marked(std::uint32_t image) const { return marked_[image]; }

  private:
    std::vector<bool> marked_;
};

}  // namespace fenceline
