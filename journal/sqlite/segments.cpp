#include "journal/sqlite/segments.hpp"

#include "events/limits.hpp"
#include "journal/sqlite/checkpoint_row.hpp"

namespace fenceline::sqlite {

namespace {
constexpr std::string_view end_sql = "SELECT last FROM segment ORDER BY first DESC LIMIT 1";
constexpr std::string_view reaching_sql =
    "SELECT first FROM segment WHERE at_last >= ?1 ORDER BY first LIMIT 1";
}  // namespace

Result<std::unique_ptr<OpenSegment>> open_segment(SegmentRow row) {
    auto reader = SegmentReader::open(row.columns, row.first, row.last());
    if (!reader) return tl::unexpected<Error>(std::move(reader.error()));
    row.columns.clear();
    row.columns.shrink_to_fit();
    auto segment = std::make_unique<OpenSegment>();
    segment->row = std::move(row);
    segment->reader = std::move(*reader);
    return segment;
}

Result<std::unique_ptr<Segments>> Segments::prepare(Connection& database) {
    std::unique_ptr<Segments> segments(new Segments(database));
    for (const auto& [into, sql] :
         {std::pair(&segments->end_, end_sql), std::pair(&segments->select_, select_segment_sql),
          std::pair(&segments->reaching_, reaching_sql)}) {
        auto statement = database.prepare(sql);
        if (!statement) return tl::unexpected<Error>(std::move(statement.error()));
        *into = std::move(*statement);
    }
    return segments;
}

Result<Position> Segments::end() {
    const Resetting reset(end_);
    auto row = end_.step();
    if (!row) return tl::unexpected<Error>(std::move(row.error()));
    return Position{*row ? end_.integer(0).value_or(0) : 0};
}

Result<OpenSegment*> Segments::holding(Position position) {
    if (open_ && open_->holds(position)) return open_.get();
    auto last = end();
    if (!last) return tl::unexpected<Error>(std::move(last.error()));
    if (position > *last || position.value < 1) return nullptr;
    const Resetting reset(select_);
    const RaisedLimit limit(database_, limits::segment_bytes);
    select_.bind(1, position.value);
    auto found = select_.step();
    if (!found) return tl::unexpected<Error>(std::move(found.error()));
    if (!*found) return nullptr;
    auto row = read_segment(select_);
    if (!row) return tl::unexpected<Error>(std::move(row.error()));
    if (row->last() < position)
        return fail(ErrorCode::corrupt,
                    "the segment that holds event " + std::to_string(position.value) + " is gone",
                    "restore a backup");
    auto segment = open_segment(std::move(*row));
    if (!segment) return tl::unexpected<Error>(std::move(segment.error()));
    open_ = std::move(*segment);
    return open_.get();
}

Result<OpenSegment*> Segments::reaching(Time at) {
    const Resetting reset(reaching_);
    reaching_.bind(1, at.ns);
    auto row = reaching_.step();
    if (!row) return tl::unexpected<Error>(std::move(row.error()));
    if (!*row) return nullptr;
    const Position first{reaching_.integer(0).value_or(0)};
    reaching_.reset();
    return holding(first);
}

OpenSegment* Segments::adopt(std::unique_ptr<OpenSegment> segment) {
    open_ = std::move(segment);
    return open_.get();
}

}  // namespace fenceline::sqlite
