#pragma once

// The sealed part of a journal: which events are in segments, and the one that is open.
//
// Segments continue each other from the first event on; event rows follow the last of them. The
// head's event is never sealed, so that an append looks at rows alone.
//
// Threading: as the connection.

#include <memory>
#include <vector>

#include "journal/segment.hpp"
#include "journal/sqlite/segment_row.hpp"
#include "journal/sqlite/sqlite.hpp"

namespace fenceline::sqlite {

struct OpenSegment {
    // The end of a commit and the hash that seals it.
    struct Link {
        Position last;
        ChainHash chain{};
    };

    SegmentRow row;
    std::unique_ptr<SegmentReader> reader;
    std::vector<Link> links;  // one a commit; empty until they were asked for and worked out

    [[nodiscard]] bool holds(Position position) const {
        return position >= row.first && position <= row.last();
    }
};

class Segments {
  public:
    [[nodiscard]] static Result<std::unique_ptr<Segments>> prepare(Connection& database);

    // The last sealed position; 0 when there is none.
    [[nodiscard]] Result<Position> end();
    // The segment that holds the position, null when none does. Kept open until another one is
    // asked for: rows of segments are never changed.
    [[nodiscard]] Result<OpenSegment*> holding(Position position);
    // The first segment that ends at or after this time; null when none does.
    [[nodiscard]] Result<OpenSegment*> reaching(Time at);
    // Opens one that is not in the table (yet); null closes it again.
    OpenSegment* adopt(std::unique_ptr<OpenSegment> segment);

  private:
    explicit Segments(Connection& database) : database_(database) {}

    Connection& database_;
    Statement end_, select_, reaching_;
    std::unique_ptr<OpenSegment> open_;
};

// Takes the columns apart; `row.columns` is empty afterwards.
[[nodiscard]] Result<std::unique_ptr<OpenSegment>> open_segment(SegmentRow row);

}  // namespace fenceline::sqlite
