#pragma once

// What control planes reported without a decision: failures, checks, strandings, misses.
//
//   Observations seen;
//   seen.apply(event);
//   for (const auto& row : seen.spawn_failures()) ...
//
// A report adds `event.count`. One that the journal could not take (`store_error`) lost its
// particulars, and a series without them would be a lie: it is not counted here.
//
// Threading: as a std::vector.

#include <vector>

#include "events/event.hpp"
#include "projections/counts_bytes.hpp"
#include "projections/image_marks.hpp"
#include "projections/projection.hpp"

namespace fenceline {

class Observations {
  public:
    // A count by image and by one closed label. Rows come by image id, then the label's number.
    template <typename Label>
    struct Row {
        TextId image;
        Label label{};
        std::int64_t count = 0;
    };
    template <typename Label>
    using Rows = std::vector<Row<Label>>;
    enum class NoLabel : std::uint8_t {};

    void apply(const Event& event);
    // So many more events take no memory.
    void make_room(std::size_t events);

    [[nodiscard]] Rows<SpawnFailureReason> spawn_failures() const;
    [[nodiscard]] Rows<HealthResult> health_checks() const;
    [[nodiscard]] Rows<MissReason> capacity_misses() const;
    [[nodiscard]] Rows<NoLabel> activation_failures() const;
    [[nodiscard]] Rows<StrandedOutcome> stranded_pods() const;     // without an image
    [[nodiscard]] Rows<StrandedOutcome> stranded_secrets() const;  // likewise
    // Marks the images that a page names, by their numbers.
    void mark_images(ImageMarks& images) const;

    void save(StateWriter& out) const;
    [[nodiscard]] bool load(StateReader& in);
    // One more than the highest text id held: what the dictionary must have.
    [[nodiscard]] std::uint64_t texts_needed() const;

  private:
    // Key: the image's number, then eight bits of label.
    Counts spawn_failures_, health_checks_, capacity_misses_, activation_failures_;
    Counts stranded_pods_, stranded_secrets_;
};

}  // namespace fenceline
