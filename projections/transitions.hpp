#pragma once

// How often each operation on a worker ended in each way: the transition counter.
//
//   Transitions transitions;
//   transitions.apply(event);
//   for (const auto& row : transitions.rows()) ...
//
// Counts are kept by exact outcome. Whether a `retire_idle_variant_from_snapshot` had seen an idle
// worker is kept too, because the seed labels tell the two apart (events/labels.hpp).
//
// Threading: as a std::vector.

#include <vector>

#include "events/event.hpp"
#include "projections/flat_table.hpp"
#include "projections/image_marks.hpp"
#include "projections/projection.hpp"

namespace fenceline {

class Transitions {
  public:
    struct Row {
        Operation operation = Operation::none;
        Outcome outcome = Outcome::none;
        Origin origin = Origin::unknown;
        State observed = State::none;  // `idle` stands for both idle states, `none` for the rest
        TextId image;
        std::int64_t count = 0;
    };

    // Adds `event.count`. Operations that do not act on a worker, and events without an outcome
    // of the transition counter (`none`, `recorded`), leave no trace.
    void apply(const Event& event);
    // So many more events take no memory.
    void make_room(std::size_t events) { counts_.make_room(events); }

    // By image id, then the labels' numbers. Printers sort by text themselves.
    [[nodiscard]] std::vector<Row> rows() const;
    // Marks the images that a page names, by their numbers.
    void mark_images(ImageMarks& images) const;

    void save(StateWriter& out) const;
    [[nodiscard]] bool load(StateReader& in);
    // One more than the highest text id held: what the dictionary must have.
    [[nodiscard]] std::uint64_t texts_needed() const;

  private:
    FlatTable<std::int64_t> counts_;
};

}  // namespace fenceline
