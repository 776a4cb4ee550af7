#pragma once

// How long things took: calls by operation, drains, activations by image.
//
//   Durations durations;
//   durations.apply(event);         // drains, activations, tallied heartbeats, late failures
//   durations.apply(measurements);  // the calls of a commit, recorded with the one after it
//
// A call is timed from its entry until its event is durable, so its sample comes later than its
// event and in its own message. Drains and activations are spans between the times of two events.
//
// Threading: as a std::vector.

#include <array>
#include <vector>

#include "events/event.hpp"
#include "projections/flat_table.hpp"
#include "projections/histogram.hpp"
#include "projections/image_marks.hpp"
#include "projections/projection.hpp"

namespace fenceline {

class Durations {
  public:
    using Calls = Histogram<bounds::transition>;
    using Drains = Histogram<bounds::drain>;
    using Activations = Histogram<bounds::activation>;

    void apply(const Event& event);
    void apply(const Measurements& measured);
    // So many more events take no memory.
    void make_room(std::size_t events) { activations_.make_room(events); }

    // Empty for an operation that does not act on a worker.
    [[nodiscard]] const Calls& calls(Operation operation) const;
    [[nodiscard]] const Drains& drains() const { return drains_; }
    // Null when this image was never activated.
    [[nodiscard]] const Activations* activations(TextId image) const;
    // Images with an activation, ascending by their number.
    [[nodiscard]] std::vector<TextId> activated_images() const;
    // Marks the images that a page names, by their numbers.
    void mark_images(ImageMarks& images) const;

    void save(StateWriter& out) const;
    [[nodiscard]] bool load(StateReader& in);
    // One more than the highest text id held: what the dictionary must have.
    [[nodiscard]] std::uint64_t texts_needed() const;

  private:
    void add_call(Operation operation, Duration took);

    // By the operation's number; those that act on a worker are the first of the vocabulary.
    static constexpr std::size_t operations =
        static_cast<std::size_t>(Operation::retire_idle_variant_from_snapshot) + 1;
    std::array<Calls, operations> calls_{};
    Drains drains_;
    FlatTable<Activations> activations_;  // by image
};

}  // namespace fenceline
