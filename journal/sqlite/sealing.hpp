#pragma once

// A segment while it is being filled: it hears the rows in order and keeps whole commits, until it
// is full. Nothing is written here, and no lock is held.
//
// Threading: as the journal.

#include <string>
#include <utility>
#include <vector>

#include "journal/segment.hpp"
#include "journal/sqlite/segment_row.hpp"
#include "journal/sqlite/slice.hpp"

namespace fenceline::sqlite {

class Sealing final : public Sink {
  public:
    // `before`: the head that the first event follows. `last`: nothing after it.
    Sealing(const Head& before, Position last);

    [[nodiscard]] bool wants_stored() const override { return true; }
    bool text(TextId id, std::string_view value) override;
    bool recorder(const Recorder& recorder) override;
    bool stored(std::uint8_t kind, std::string_view payload) override;
    bool event(const Event& event) override;
    bool stored_measured(std::string_view bytes) override;
    bool seal(const Seal& seal) override;

    // Nothing more is to be heard: it is full, or the rows up to `last` are at their end.
    [[nodiscard]] bool complete() const { return ended_ || cursor.done; }
    [[nodiscard]] Position first() const { return packer_.first(); }
    [[nodiscard]] std::int64_t events() const {
        return packer_.next().value - packer_.first().value;
    }
    [[nodiscard]] Result<SegmentRow> row() const;

    Cursor cursor;

  private:
    [[nodiscard]] bool full() const;

    Head before_, heard_, after_;  // heard_: names of a commit that is not whole yet included
    ChainHash last_chain_{};
    SegmentPacker packer_;
    std::vector<std::pair<Event, std::string>> commit_;  // the one that is not whole yet
    std::size_t commit_used_ = 0;
    std::string payload_, measured_;
    bool ended_ = false;
};

}  // namespace fenceline::sqlite
