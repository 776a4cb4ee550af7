// The writing half of SqliteJournal: lock, transaction, rows, commit.

#include <sqlite3.h>

#include <algorithm>
#include <new>

#include "events/codec.hpp"
#include "events/invariant.hpp"
#include "events/limits.hpp"
#include "events/on_throw.hpp"
#include "events/process.hpp"
#include "journal/commit_check.hpp"
#include "journal/sqlite/checkpoint_row.hpp"
#include "journal/sqlite/sqlite_journal.hpp"

namespace fenceline::sqlite {

namespace {

// For a lock, to those who hear of a failed sync only after it.
constexpr Duration doubt_timeout = seconds(1);

// Codes of a failed COMMIT that SQLite gave up before its last frame was written to the end. Any
// other failure may have come after it.
bool gave_up_before_the_end(int code) {
    switch (code & 0xff) {
        case SQLITE_FULL:
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_CONSTRAINT: return true;
        default: return false;
    }
}

}  // namespace

// --- lock and transaction

// The setting holds until it is changed, and cannot be within a transaction.
Result<void> SqliteJournal::set_sync(Sync wanted) {
    if (wanted == sync_) return {};
    FENCELINE_TRY(database_->connection.execute(
        wanted == Sync::in_commit ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL"));
    sync_ = wanted;
    return {};
}

bool SqliteJournal::others_write() const {
    return others_append_ || lock_.contended();
}

// A commit that is anchored is durable before others append, so that the anchor never goes back.
bool SqliteJournal::may_sync_late() const {
    const auto when = options_.late_sync;
    const bool wanted =
        when == LateSync::always || (when == LateSync::when_contended && others_write());
    return wanted && !anchor_due();
}

Result<void> SqliteJournal::begin(Sync wanted) {
    FENCELINE_TRY(usable());
    FENCELINE_TRY(not_writing());
    FENCELINE_TRY(lock_.acquire(options_.lock_timeout, [&] { look_at_recent(); }));
    const OnThrow out_of_memory([&] { lock_.release(); });
    open_files_.note_use();
    auto begun = open_files_.check();
    if (begun)
        begun = set_sync(wanted == Sync::after_lock && may_sync_late() ? wanted : Sync::in_commit);
    if (begun) begun = database_->begin.run();
    if (!begun) {
        lock_.release();
        return begun;
    }
    writing_ = true;
    payloads_.clear();
    payload_ends_.clear();
    inserted_ = 0;
    return {};
}

void SqliteJournal::end() {
    // After an error SQLite may have rolled back by itself: the next statement would be its own
    // transaction, so nothing but this may follow an error.
    if (!database_->connection.autocommit()) database_->rollback.run_unheard();
    writing_ = false;
    lock_.release();
}

// For this step alone writes are held back: what mends a failed one finds the log as it is.
int SqliteJournal::step_commit() {
    const CommitFrames::Gathering at_once(database_->commit_frames);
    const int code = sqlite3_step(database_->commit.raw());
    FENCELINE_INVARIANT(code != SQLITE_DONE || at_once.all_written(), "a commit is in the log");
    return code;
}

Result<void> SqliteJournal::commit() {
    auto& database = database_->connection;
    FENCELINE_INVARIANT(!database.autocommit(), "a commit ends the transaction that was begun");
    const OnThrow out_of_memory([&] { poisoned_ = true; });
    const Resetting reset(database_->commit);
    const int code = step_commit();
    if (code == SQLITE_DONE) {
        // Written, but into files that a reader of these names will never see.
        if (auto same = open_files_.check(); !same)
            return tl::unexpected<Error>(poison(std::move(same.error())));
        return {};
    }
    const bool unsynced = database.sync_failed();
    if (unsynced) lock_.distrust_synced();  // takes no memory
    auto error = error_of(database.raw(), code, "committing to the journal");
    database_->commit.reset();
    if (!database.autocommit()) database_->rollback.run_unheard();
    if (unsynced) mend_log();
    if (!gave_up_before_the_end(code)) return tl::unexpected<Error>(poison(std::move(error)));
    if (auto voided = void_refused_commit(database); !voided) {
        (void)mend_after(std::move(voided.error()));
        return tl::unexpected<Error>(poison(std::move(error)));
    }
    return tl::unexpected<Error>(std::move(error));
}

// What another store commits meanwhile is behind ours in the log, or has moved ours into the
// database, which is synced.
Result<void> SqliteJournal::sync(Position head) {
    const OnThrow out_of_memory([&] { poisoned_ = true; });
    if (auto synced = sync_log(database_->connection); !synced) {
        auto error = poison(std::move(synced.error()));
        doubt_log();
        return tl::unexpected<Error>(std::move(error));
    }
    note_synced(head);
    return {};
}

// With the write lock released: others may have appended since.
void SqliteJournal::doubt_log() {
    lock_.distrust_synced();
    if (!lock_.acquire(std::min(options_.lock_timeout, doubt_timeout))) return;
    const OnThrow out_of_memory([&] { lock_.release(); });
    mend_log();
    lock_.release();
}

// Under the write lock, after a sync that failed: what others see of the log may not be there.
// Where it cannot be mended, or this process dies first, no store opens the journal until all have
// closed it.
void SqliteJournal::mend_log() {
    lock_.distrust_synced();
    mend_owed_ = true;
    if (!open_files_.check()) return;
    // What the index names is on the disk, or no later sync would write it. More may go meanwhile.
    const Duration patience = std::min(options_.lock_timeout, doubt_timeout);
    auto& database = database_->connection;
    for (int tries = 0; mend_owed_ && tries < 3; ++tries) {
        const auto mended = make_index_anew(database, patience).and_then([&] {
            return write_anew(database, patience);
        });
        mend_owed_ = !mended;
        // By a move, perhaps our own: when that ends, or the journal is closed, it is tried again.
        if (!mended && mended.error().code == ErrorCode::busy) break;
    }
}

Error SqliteJournal::mend_after(Error error) {
    if (error.effect != Effect::unknown) return error;
    mend_log();
    return poison(std::move(error));
}

void SqliteJournal::note_synced(Position position) {
    synced_ = std::max(synced_, position);
    lock_.note_synced_to(synced_.value);
}

Result<void> SqliteJournal::make_durable() {
    if (told_ > synced_) synced_ = std::max(synced_, Position{lock_.synced_to()});
    if (told_ <= synced_) return {};
    FENCELINE_TRY(usable());
    FENCELINE_TRY(not_writing());
    return sync(told_);
}

Result<Head> SqliteJournal::begin_write() {
    FENCELINE_TRY(begin(Sync::after_lock));
    const OnThrow out_of_memory([&] { end(); });
    const auto version = database_->connection.data_version();
    others_append_ = head_as_of_ && head_as_of_ != version;
    if (head_as_of_ && !others_append_) return head_;
    auto head = find_head();
    if (!head) {
        end();
        return head;
    }
    head_ = *head;
    head_as_of_ = version;
    told_ = std::max(told_, head_.position);
    return head;
}

void SqliteJournal::cancel_write() {
    if (writing_ && process_ == this_process()) end();
}

// --- a commit

// All but the last: it may turn out to be the commit's last, which carries the seal.
Result<void> SqliteJournal::prepare(std::span<const Event> events) {
    FENCELINE_TRY(usable());
    if (!writing_) return fail(ErrorCode::invalid_request, "prepare comes after begin_write");
    if (events.empty()) return {};
    const auto ready = events.first(events.size() - 1);
    add_payloads(ready);
    return insert_rows(ready, nullptr);
}

Result<Head> SqliteJournal::append(const Commit& what) {
    FENCELINE_TRY(usable());
    if (!writing_) return fail(ErrorCode::invalid_request, "append comes after begin_write");
    auto head = insert(what);
    if (head)
        if (auto committed = commit(); !committed)
            head = tl::unexpected<Error>(std::move(committed.error()));
    if (head) {
        note_recent(*head);
        head_ = *head;
        head_as_of_ = database_->connection.data_version();
        if (sync_ == Sync::in_commit) {
            note_synced(head->position);
            anchor_if_due(*head);  // before others may append, so that it never goes back
        }
    } else {
        head_as_of_.reset();
    }
    end();
    if (head && sync_ == Sync::after_lock)
        if (auto synced = sync(head->position); !synced)
            return tl::unexpected<Error>(std::move(synced.error()));
    return head;
}

// What others appended since is in memory, while all of them note it. A database that changed and
// ends where it did has a checkpoint more, or a segment.
Result<Head> SqliteJournal::find_head() {
    if (!others_append_) return database_->reads->head();
    auto end = database_->reads->end();
    if (!end) return tl::unexpected<Error>(std::move(end.error()));
    others_append_ = !(*end == JournalEnd{head_.position, head_.chain});
    if (!others_append_) return head_;
    recent_.attach(lock_.share_memory());
    return recent_.prove(head_, *end) ? recent_.head() : database_->reads->head();
}

// While others write: less is left for when the lock is ours. We are in line, and must stay there.
void SqliteJournal::look_at_recent() noexcept {
    if (!others_append_) return;
    try {
        recent_.look(head_);
    } catch (const std::bad_alloc&) {
        // Looked at again under the lock.
    }
}

// For whoever of the other stores has the lock next.
void SqliteJournal::note_recent(const Head& head) {
    if (hashed_.empty()) return;
    recent_.attach(lock_.share_memory());
    recent_.note(head_.chain, hashed_, head.chain);
}

Result<Head> SqliteJournal::insert(const Commit& what) {
    FENCELINE_TRY(check_commit(head_, what));
    hashed_.clear();
    hasher_.begin(head_.chain, others_write() ? &hashed_ : nullptr);
    measured_.clear();
    codec::encode(what.measured, measured_);
    FENCELINE_TRY(insert_names(what));
    ChainHash chain{};
    FENCELINE_TRY(what.events.empty() ? insert_flush(what, chain) : insert_events(what, chain));
    return head_after(head_, what, chain);
}

Result<void> SqliteJournal::insert_names(const Commit& what) {
    const auto first = head_.position.value + 1;
    if (what.recorder != nullptr) {
        Recorder recorder = *what.recorder;
        if (recorder.first.value != first)
            return fail(ErrorCode::invalid_request,
                        "a recorder's first position is that of its first event");
        hasher_.recorder(recorder);
        auto& row = database_->recorder;
        row.bind(1, recorder.id.value);
        row.bind(2, first);
        row.bind_text(3, recorder.instance);
        row.bind_text(4, recorder.run);
        FENCELINE_TRY(row.run());
    }
    std::uint32_t number = head_.texts;
    for (const std::string& text : what.texts) {
        hasher_.text(TextId{number}, text);
        auto& row = database_->text;
        row.bind(1, number++);
        row.bind(2, first);
        row.bind_text(3, text);
        FENCELINE_TRY(row.run());
    }
    return {};
}

void SqliteJournal::add_payloads(std::span<const Event> events) {
    for (std::size_t i = payload_ends_.size(); i < events.size(); ++i) {
        codec::encode(events[i].payload, payloads_);
        payload_ends_.push_back(payloads_.size());
    }
}

std::string_view SqliteJournal::payload_of(std::size_t event) const {
    const auto start = event == 0 ? 0 : payload_ends_[event - 1];
    return std::string_view(payloads_).substr(start, payload_ends_[event] - start);
}

Result<void> SqliteJournal::insert_rows(std::span<const Event> events, const SealBytes* last_seal) {
    rows_.clear();
    for (std::size_t i = inserted_; i < events.size(); ++i)
        rows_.push_back({&events[i], payload_of(i), i + 1 < events.size() ? nullptr : last_seal});
    inserted_ = std::max(inserted_, events.size());
    return database_->events->insert(rows_);
}

// In the chain a commit's texts come before its events, so that what prepare() inserted is hashed
// only now.
Result<void> SqliteJournal::insert_events(const Commit& what, ChainHash& chain) {
    if (what.events.size() <= inserted_)
        return fail(ErrorCode::invalid_request, "the commit lacks events that were prepared");
    add_payloads(what.events);
    for (std::size_t i = 0; i < what.events.size(); ++i) {
        const Event& event = what.events[i];
        hasher_.event(event, codec::kind_of(event.payload), payload_of(i));
    }
    hasher_.measured(std::string_view(measured_));
    chain = hasher_.finish(what.by);
    const SealBytes seal{bytes_of(chain), measured_};
    return insert_rows(what.events, &seal);
}

Result<void> SqliteJournal::insert_flush(const Commit& what, ChainHash& chain) {
    hasher_.measured(std::string_view(measured_));
    chain = hasher_.finish(what.by);
    auto& row = database_->flush;
    row.bind(1, head_.flushes + 1);
    row.bind(2, head_.position.value);
    row.bind(3, what.by.value);
    row.bind_blob(4, measured_);
    row.bind_blob(5, bytes_of(chain));
    return row.run();
}

// --- besides

Result<void> SqliteJournal::save_checkpoint(const Checkpoint& checkpoint) {
    auto packed = pack(checkpoint);
    if (!packed) return tl::unexpected<Error>(std::move(packed.error()));
    FENCELINE_TRY(begin());
    const OnThrow out_of_memory([&] { end(); });
    Result<void> saved;
    if (auto known = database_->reads->was_head(checkpoint.head); !known)
        saved = tl::unexpected<Error>(std::move(known.error()));
    else if (!*known)
        saved = fail(ErrorCode::invalid_request, "a checkpoint belongs to a head of its journal");
    if (saved) {
        bind_checkpoint(database_->checkpoint, checkpoint, *packed);
        saved = database_->checkpoint.run();
    }
    if (saved) saved = commit();
    end();
    return saved;
}

}  // namespace fenceline::sqlite
