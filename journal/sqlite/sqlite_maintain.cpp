// How SqliteJournal moves its log into the database: at once under the write lock, or for the most
// part without it.

#include "events/on_throw.hpp"
#include "events/process.hpp"
#include "journal/sqlite/sqlite_journal.hpp"

namespace fenceline::sqlite {

bool SqliteJournal::move_is_due() const {
    return database_->frames.frames() >= checkpoint_due_;
}

// A reader holds the log back, or somebody else is moving it: looked at again a little later.
void SqliteJournal::put_off_move() {
    checkpoint_due_ = database_->frames.frames() + checkpoint_frames_ / 4 + 1;
    move_held_up_ = true;
}

// The next commit starts the log anew.
void SqliteJournal::moved_all() {
    checkpoint_due_ = checkpoint_frames_;
    move_held_up_ = false;
    database_->frames.set(0);
}

bool SqliteJournal::lags() const {
    constexpr int lengths = 16;
    return !move_held_up_ && database_->frames.frames() / lengths >= checkpoint_frames_;
}

Result<void> SqliteJournal::maintain() {
    FENCELINE_TRY(usable());
    FENCELINE_TRY(not_writing());
    if (!move_is_due()) return {};
    if (!lock_.begin_move()) return put_off_move(), Result<void>();
    const OnThrow out_of_memory([&] { lock_.end_move(); });
    auto moved = move_now();
    lock_.end_move();
    return moved;
}

Result<void> SqliteJournal::move_now() {
    FENCELINE_TRY(lock_.acquire(options_.lock_timeout));
    const OnThrow out_of_memory([&] {
        lock_.release();
        poisoned_ = true;  // it may have been a sync that failed
    });
    auto counts = open_files_.check().and_then(
        [&] { return checkpoint_log(database_->connection, Checkpointing::in_place); });
    if (!counts) counts = tl::unexpected<Error>(mend_after(std::move(counts.error())));
    lock_.release();
    if (!counts) return tl::unexpected<Error>(std::move(counts.error()));
    if (!counts->complete()) return put_off_move(), Result<void>();
    moved_all();
    return {};
}

Result<LongWork*> SqliteJournal::begin_maintenance() {
    FENCELINE_TRY(usable());
    FENCELINE_TRY(not_writing());
    if (!move_is_due()) return nullptr;
    if (!lock_.begin_move()) return put_off_move(), nullptr;
    const OnThrow out_of_memory([&] { lock_.end_move(); });
    auto begun = begin_move();
    if (begun && *begun) return log_move_.get();
    lock_.end_move();
    if (!begun) return tl::unexpected<Error>(std::move(begun.error()));
    moved_all();
    return nullptr;
}

// Of a sync that failed before, the kernel tells a descriptor once, and none that was opened since:
// those of the move would hear of nothing, so the older ones are asked.
Result<void> SqliteJournal::open_log_move() {
    auto opened = LogMove::open(files_.database, options_.vfs);
    if (!opened) return tl::unexpected<Error>(std::move(opened.error()));
    const OnThrow out_of_memory([&] { poisoned_ = true; });
    auto heard = sync_log(database_->connection).and_then([&] {
        return sync_database(database_->connection);
    });
    if (!heard) return tl::unexpected<Error>(mend_after(std::move(heard.error())));
    log_move_ = std::move(*opened);
    return {};
}

Result<bool> SqliteJournal::begin_move() {
    FENCELINE_TRY(lock_.acquire(options_.lock_timeout));
    const OnThrow out_of_memory([&] { lock_.release(); });
    // The names are looked at after the opening: they still lead to what was opened.
    auto begun = (log_move_ != nullptr ? Result<void>() : open_log_move())
                     .and_then([&] { return open_files_.check(); })
                     .and_then([&] { return log_move_->begin(); });
    lock_.release();
    return begun;
}

// What came since the move began is little, and moved under the lock: then the log starts anew.
Result<void> SqliteJournal::end_maintenance() {
    if (process_ != this_process() || log_move_ == nullptr || !log_move_->begun()) return usable();
    const OnThrow out_of_memory([&] { lock_.end_move(); });
    // Before the log is kept no more: what was moved counts as moved, but may not be there.
    const bool lost = log_move_->sync_failed();
    if (lost) poisoned_ = true;
    if ((lost || mend_owed_) && !writing_) doubt_log();
    auto moved = log_move_->end();
    if (!moved && lost)
        moved = tl::unexpected<Error>(poison(std::move(moved.error())));
    else if (!moved)
        put_off_move();
    else if (moved = usable().and_then([&] { return not_writing(); }); moved)
        moved = move_now();
    lock_.end_move();
    return moved;
}

}  // namespace fenceline::sqlite
