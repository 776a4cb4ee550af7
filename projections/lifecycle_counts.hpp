#pragma once

// Active workers by image, state and binding: a fold of the events alone, without the records.
//
//   LifecycleCounts counts;
//   counts.apply(event);
//   counts.count(image, State::idle, Binding::neutral);
//
// Workers without an image are left out, of the metric and of `lifecycle_stats` alike.
//
// Threading: as a std::vector.

#include <array>
#include <vector>

#include "events/event.hpp"
#include "projections/flat_table.hpp"
#include "projections/image_marks.hpp"
#include "projections/projection.hpp"

namespace fenceline {

class LifecycleCounts {
  public:
    static constexpr std::size_t active_states = 7;  // spawning .. draining
    static constexpr std::size_t bindings = 2;

    // The workers of one image; the states in the order of their numbers.
    struct OfImage {
        TextId image;
        std::array<std::array<std::int64_t, bindings>, active_states> counts{};
    };

    void apply(const Event& event);

    [[nodiscard]] std::int64_t count(TextId image, State state, Binding binding) const;
    // Images that have an active worker, ascending by their number.
    [[nodiscard]] std::vector<OfImage> images() const;
    // Marks the images that a page names, by their numbers.
    void mark_images(ImageMarks& images) const;

    void save(StateWriter& out) const;
    [[nodiscard]] bool load(StateReader& in);
    // One more than the highest text id held: what the dictionary must have.
    [[nodiscard]] std::uint64_t texts_needed() const;

  private:
    struct Cells {
        std::array<std::array<std::int64_t, bindings>, active_states> counts{};
        [[nodiscard]] bool empty() const { return counts == decltype(counts){}; }
    };

    FlatTable<Cells> images_;
};

}  // namespace fenceline
