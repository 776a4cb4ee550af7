// How SqliteJournal seals: gather rows in bounded steps, pack them, prove that the segment says
// what the rows said, and put it in their place in one transaction.

#include <algorithm>

#include "events/limits.hpp"
#include "events/on_throw.hpp"
#include "journal/sqlite/sqlite_journal.hpp"

namespace fenceline::sqlite {

Result<SealStep> SqliteJournal::seal(const SealRequest& request) {
    FENCELINE_TRY(usable());
    FENCELINE_TRY(not_writing());
    if (sealing_ == nullptr) {
        auto begun = begin_sealing(request);
        if (!begun) return tl::unexpected<Error>(std::move(begun.error()));
    }
    const OnThrow out_of_memory([&] { sealing_.reset(); });
    // Nothing to do, or one commit reaches beyond all that was to be sealed.
    const bool working = sealing_ != nullptr && !(sealing_->complete() && sealing_->events() == 0);
    Result<void> done;
    if (working) done = sealing_->complete() ? put_in_place() : gather();
    if (!done) {
        sealing_.reset();
        return tl::unexpected<Error>(std::move(done.error()));
    }
    if (!working) sealing_.reset();
    auto end = database_->reads->rows_follow();
    if (!end) return tl::unexpected<Error>(std::move(end.error()));
    return SealStep{.sealed = *end, .more = working};
}

// False: there is nothing to seal. The head's event stays a row: an append looks at rows alone.
Result<bool> SqliteJournal::begin_sealing(const SealRequest& request) {
    auto steady = Steady::begin(database_->connection);
    if (!steady) return tl::unexpected<Error>(std::move(steady.error()));
    auto head = database_->reads->head();
    if (!head) return tl::unexpected<Error>(std::move(head.error()));
    auto& segments = *database_->reads->segments();
    auto end = database_->reads->rows_follow();
    if (!end) return tl::unexpected<Error>(std::move(end.error()));
    const Position last{std::min(request.last.value, head->position.value - 1)};
    if (last.value - end->value < std::max<std::int64_t>(request.least, 1)) return false;
    auto begun = database_->reads->beginning();
    if (!begun) return tl::unexpected<Error>(std::move(begun.error()));
    Head before = *begun;
    if (*end > begun->position) {
        auto newest = segments.holding(*end);
        if (!newest) return tl::unexpected<Error>(std::move(newest.error()));
        if (*newest == nullptr) return fail(ErrorCode::corrupt, "the last segment is gone");
        before = (*newest)->row.after;
    }
    sealing_ = std::make_unique<Sealing>(before, last);
    return true;
}

// Another process was faster: its segment is as good, and may have been dropped since.
Result<bool> SqliteJournal::overtaken(Position first) {
    return database_->reads->rows_follow().map(
        [&](Position end) { return end.value + 1 != first.value; });
}

Result<void> SqliteJournal::gather() {
    auto state = Transaction::begin(database_->connection, Transaction::Kind::read);
    if (!state) return tl::unexpected<Error>(std::move(state.error()));
    auto late = overtaken(sealing_->first());
    if (!late) return tl::unexpected<Error>(std::move(late.error()));
    if (*late) return sealing_.reset(), Result<void>();
    FENCELINE_TRY(database_->reads->fill(sealing_->cursor, slice_,
                                         {Reads::Keep::stored_too, Reads::Chain::each}));
    (void)slice_.deliver(*sealing_);
    return {};
}

// Its hashes, worked out from its own events, must end where those of the rows did. False: it is
// not needed any more.
Result<bool> SqliteJournal::prove(OpenSegment& segment) {
    auto steady = Steady::begin(database_->connection);
    if (!steady) return tl::unexpected<Error>(std::move(steady.error()));
    auto late = overtaken(segment.row.first);
    if (!late) return late;
    if (*late) return false;
    FENCELINE_TRY(database_->reads->link(segment));
    return true;
}

// Proved before the lock is taken.
Result<void> SqliteJournal::put_in_place() {
    const auto sealing = std::move(sealing_);
    auto row = sealing->row();
    if (!row) return tl::unexpected<Error>(std::move(row.error()));
    auto& reads = *database_->reads;
    auto opened = open_segment(*row);
    if (!opened) return tl::unexpected<Error>(std::move(opened.error()));
    auto* segment = reads.segments()->adopt(std::move(*opened));
    const OnThrow out_of_memory([&] { reads.segments()->adopt(nullptr); });
    auto proved = prove(*segment);
    reads.segments()->adopt(nullptr);
    if (!proved) return tl::unexpected<Error>(std::move(proved.error()));
    if (!*proved) return {};
    FENCELINE_TRY(begin());
    const OnThrow ended([&] { end(); });
    auto swapped = swap_rows(*row);
    if (swapped) swapped = commit();
    end();
    return swapped;
}

Result<void> SqliteJournal::swap_rows(const SegmentRow& row) {
    auto late = overtaken(row.first);
    if (!late) return tl::unexpected<Error>(std::move(late.error()));
    if (*late) return {};
    // What was gathered may be gone with a sync that failed, and something else be there instead.
    auto same = database_->reads->was_head(row.after);
    if (!same) return tl::unexpected<Error>(std::move(same.error()));
    if (!*same) return {};
    const auto digest = digest_of(row);
    bind_segment(database_->segment, row, digest);
    FENCELINE_TRY(database_->segment.run());
    database_->unrow.bind(1, row.first.value);
    database_->unrow.bind(2, row.last().value);
    return database_->unrow.run();
}

}  // namespace fenceline::sqlite
