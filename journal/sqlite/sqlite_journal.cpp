#include "journal/sqlite/sqlite_journal.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <new>

#include "events/invariant.hpp"
#include "events/on_throw.hpp"
#include "events/process.hpp"
#include "journal/sqlite/checkpoint_row.hpp"
#include "journal/sqlite/creation.hpp"
#include "journal/sqlite/one_name.hpp"
#include "journal/sqlite/profile.hpp"
#include "journal/sqlite/schema.hpp"
#include "journal/sqlite/source_file.hpp"

namespace fenceline::sqlite {

namespace {

// A store that closes does not wait longer for the lock: what it leaves is tidied by the next.
constexpr Duration close_timeout = seconds(5);

// Asked of the file alone, before anything is made beside it or locked: it may be a stranger's. Of
// its header alone: after a crash while the log was being moved the rest may be half of a change.
Result<void> look_at(const JournalFiles& files, const std::string& vfs) {
    FENCELINE_TRY(check_files(files));
    if (state_of(files.database).links > 1)
        return fail(ErrorCode::unsupported_format,
                    files.database + " has another name besides, a hard link",
                    "what is written by one is lost by the other: remove one, or copy the file");
    auto file = SourceFile::open(files, SourceFile::Kind::database, vfs);
    if (!file) return tl::unexpected<Error>(std::move(file.error()));
    auto header = file->read(0, header_bytes);
    if (!header) return tl::unexpected<Error>(std::move(header.error()));
    return check_header(*header, files.database);
}

}  // namespace

// --- opening

SqliteJournal::SqliteJournal(const JournalOptions& options, JournalFiles files)
    : options_(options),
      files_(std::move(files)),
      process_(this_process()),
      checkpoint_frames_(static_cast<int>(
          std::clamp<std::int64_t>(options.wal_move_bytes / frame_bytes, 1, 1 << 24))),
      checkpoint_due_(checkpoint_frames_),
      clock_(options.clock != nullptr ? options.clock : &system_clock()) {}

Result<std::unique_ptr<Journal>> SqliteJournal::open(const JournalOptions& options,
                                                     Existing existing) {
    auto files = resolve(options.path);
    if (!files) return tl::unexpected<Error>(std::move(files.error()));
    std::unique_ptr<SqliteJournal> journal(new SqliteJournal(options, std::move(*files)));
    const OnThrow out_of_memory([&] { journal->poisoned_ = true; });
    FENCELINE_TRY(journal->take_lock_and_files(existing));
    auto opened = journal->open_database();
    if (!opened) {
        opened = tl::unexpected<Error>(journal->mend_after(std::move(opened.error())));
        opened.error().effect = Effect::not_applied;  // nothing was asked yet
    }
    if (!opened && journal->made_) {
        journal->database_.reset();
        remove_made(journal->files_);
    }
    journal->lock_.end_change();
    journal->lock_.release();
    if (!opened) {
        journal->poisoned_ = true;  // leaves the files as they are
        return tl::unexpected<Error>(std::move(opened.error()));
    }
    return journal;
}

Result<void> SqliteJournal::take_lock_and_files(Existing existing) {
    const auto taken = [&] {
        return fail(ErrorCode::already_exists, "there is a file at " + files_.database + " already",
                    "choose another path");
    };
    const bool there = state_of(files_.database).exists;
    if (there && existing == Existing::refused) return taken();
    if (there || existing == Existing::required) FENCELINE_TRY(look_at(files_, options_.vfs));

    auto lock = LockFile::open(files_, LockFile::Role::store);
    if (!lock) return tl::unexpected<Error>(std::move(lock.error()));
    lock_ = std::move(*lock);
    FENCELINE_TRY(lock_.acquire(options_.lock_timeout));
    FENCELINE_TRY(lock_.begin_change(options_.lock_timeout));
    if (!state_of(files_.database).exists) {
        FENCELINE_TRY(make_journal(files_, options_, newest_format()));
        made_ = true;
    } else if (existing == Existing::refused)
        return taken();  // somebody else was faster
    else
        FENCELINE_TRY(look_at(files_, options_.vfs));
    if (lock_.only_store()) lock_.forget_synced();  // perhaps from before the machine stopped
    return lock_.announce_store();
}

Result<void> SqliteJournal::open_database() {
    const OneName name(files_);
    auto connection =
        Connection::open(files_.database, {.access = Access::read_write, .vfs = options_.vfs});
    if (!connection) return tl::unexpected<Error>(std::move(connection.error()));
    database_ = std::make_unique<Database>();
    database_->connection = std::move(*connection);
    FENCELINE_TRY(name.take(lock_.file()));
    // Before anything changes the file, or a step runs: on a schema that is not ours it could do
    // anything.
    FENCELINE_TRY(configure_careful(database_->connection));
    auto format = check_format(database_->connection);
    if (!format) return tl::unexpected<Error>(std::move(format.error()));
    FENCELINE_TRY(check_schema(database_->connection, *format));
    FENCELINE_TRY(configure_writer(database_->connection));
    database_->frames.attach(database_->connection);
    FENCELINE_TRY(lift_schema(database_->connection, *format));
    FENCELINE_TRY(database_->commit_frames.attach(database_->connection));
    FENCELINE_TRY(prepare_log());
    FENCELINE_TRY(prepare_statements());
    auto head = database_->reads->head();
    if (!head) return tl::unexpected<Error>(std::move(head.error()));
    note_synced(head->position);
    open_files_ = OpenFiles::of(files_, lock_.file());
    FENCELINE_TRY(open_files_.check());
    auto id = database_->connection.value("SELECT value FROM meta WHERE name = 'journal_id'");
    if (!id) return tl::unexpected<Error>(std::move(id.error()));
    id_ = std::move(*id);
    return made_ ? anchor_new_journal() : check_anchor();
}

// A log that is there may hold a commit whose sync failed, and the database a page: others see it,
// but the disk may not have it. It has all of it before anyone is told.
Result<void> SqliteJournal::prepare_log() {
    auto& database = database_->connection;
    FENCELINE_TRY(write_anew(database, options_.lock_timeout));
    FENCELINE_TRY(void_refused_commit(database));
    auto moved = checkpoint_log(database, Checkpointing::in_place);
    if (!moved) return tl::unexpected<Error>(std::move(moved.error()));
    if (!moved->complete()) return {};
    if (state_of(files_.wal()).size >= options_.wal_reserve_bytes) return {};
    auto reserved = reserve_log(database, options_.wal_reserve_bytes);
    // Only speed is lost where there is no room for it.
    if (!reserved && reserved.error().code != ErrorCode::no_space) return reserved;
    return {};
}

Result<void> SqliteJournal::prepare_statements() {
    auto& database = database_->connection;
    const std::pair<Statement*, std::string_view> statements[] = {
        {&database_->begin, "BEGIN IMMEDIATE"},
        {&database_->commit, "COMMIT"},
        {&database_->rollback, "ROLLBACK"},
        {&database_->text, "INSERT INTO text VALUES (?1, ?2, ?3)"},
        {&database_->recorder, "INSERT INTO recorder VALUES (?1, ?2, ?3, ?4)"},
        {&database_->flush, "INSERT INTO flush VALUES (?1, ?2, ?3, ?4, ?5)"},
        {&database_->checkpoint, insert_checkpoint_sql},
        {&database_->segment, insert_segment_sql},
        {&database_->unrow, "DELETE FROM event WHERE position BETWEEN ?1 AND ?2"},
    };
    for (const auto& [into, sql] : statements) {
        auto statement = database.prepare(sql);
        if (!statement) return tl::unexpected<Error>(std::move(statement.error()));
        *into = std::move(*statement);
    }
    auto events = EventBatch::prepare(database);
    if (!events) return tl::unexpected<Error>(std::move(events.error()));
    database_->events = std::move(*events);
    auto reads = Reads::prepare(database, newest_format());
    if (!reads) return tl::unexpected<Error>(std::move(reads.error()));
    database_->reads = std::move(*reads);
    return {};
}

// --- closing

SqliteJournal::~SqliteJournal() {
    if (process_ == this_process()) {
        try {
            (void)close();
        } catch (const std::bad_alloc&) {
            // The log stays, and is moved by the next one.
            if (database_ != nullptr) keep_log_at_close(database_->connection);
        }
        return;
    }
    // A child after fork(): the connection and the lock are its parent's.
    if (log_move_ != nullptr) log_move_->abandon();
    (void)database_.release();
    lock_.abandon();
}

Result<void> SqliteJournal::close() {
    if (process_ != this_process()) return usable();
    if (writing_) cancel_write();
    if (database_ == nullptr) return {};
    log_move_.reset();  // before the last connection, which tidies up
    lock_.end_move();
    if (mend_owed_) doubt_log();
    const bool alone = !poisoned_ && lock_.acquire(close_timeout) &&
                       lock_.begin_change(close_timeout) && lock_.only_store() &&
                       open_files_.nothing_replaced();
    // The last one leaves one file behind. An error loses nothing: the log stays.
    Result<void> moved;
    if (alone)
        if (auto counts = checkpoint_log(database_->connection, Checkpointing::truncate); !counts)
            moved = tl::unexpected<Error>(std::move(counts.error()));
    if (!alone || !moved) keep_log_at_close(database_->connection);
    if (lock_.held() && !poisoned_ && moved) {
        auto head = database_->reads->head();
        if (head && !alone) moved = sync_log(database_->connection);
        if (!moved) moved = tl::unexpected<Error>(mend_after(std::move(moved.error())));
        if (head && moved) anchor_now(*head);
    }
    database_.reset();
    lock_.withdraw_store();
    lock_.end_change();
    if (lock_.held()) lock_.release();
    poisoned_ = true;
    return moved;
}

// --- states

Result<void> SqliteJournal::usable() const {
    if (poisoned_)
        return fail(ErrorCode::poisoned, "an earlier commit's result is unknown",
                    "open the journal again");
    if (process_ != this_process())
        return fail(ErrorCode::invalid_request, "the journal was opened before fork()",
                    "open it in this process");
    return {};
}

Result<void> SqliteJournal::not_writing() const {
    if (!writing_) return {};
    return fail(ErrorCode::invalid_request, "this journal is being written already");
}

Error SqliteJournal::poison(Error error) {
    poisoned_ = true;
    error.effect = Effect::unknown;
    return error;
}

// --- reading

Result<std::string> SqliteJournal::id() {
    FENCELINE_TRY(usable());
    return id_;
}

Result<Head> SqliteJournal::head() {
    FENCELINE_TRY(usable());
    if (writing_) return head_;
    FENCELINE_TRY(open_files_.check());
    auto head = database_->reads->head();
    if (head) told_ = std::max(told_, head->position);
    return head;
}

Result<bool> SqliteJournal::was_head(const Head& head) {
    FENCELINE_TRY(usable());
    if (writing_ && recent_.proved(head, head_)) return true;
    return database_->reads->was_head(head);
}

Result<Head> SqliteJournal::beginning() {
    FENCELINE_TRY(usable());
    return database_->reads->beginning();
}

Result<Base> SqliteJournal::base() {
    FENCELINE_TRY(usable());
    return database_->reads->base();
}

Result<std::vector<Pin>> SqliteJournal::pins() {
    FENCELINE_TRY(usable());
    return database_->reads->pins();
}

Result<void> SqliteJournal::read(const Head& after, Position to, Sink& sink) {
    FENCELINE_TRY(usable());
    if (writing_ && to == head_.position && !sink.wants_stored() && recent_.proved(after, head_)) {
        (void)recent_.deliver(sink);
        return {};
    }
    auto cursor = database_->reads->start(after, to);
    if (!cursor) return tl::unexpected<Error>(std::move(cursor.error()));
    const auto wanted = Reads::wanted_by(sink);
    while (!cursor->done) {
        if (writing_) {
            FENCELINE_TRY(database_->reads->fill(*cursor, slice_, wanted));
        } else {
            auto state = Transaction::begin(database_->connection, Transaction::Kind::read);
            if (!state) return tl::unexpected<Error>(std::move(state.error()));
            FENCELINE_TRY(database_->reads->fill(*cursor, slice_, wanted));
        }
        if (!slice_.deliver(sink)) break;
    }
    return {};
}

Result<Event> SqliteJournal::event(Position position) {
    FENCELINE_TRY(usable());
    return database_->reads->event(position);
}

Result<Checkpoint> SqliteJournal::checkpoint(Position position) {
    FENCELINE_TRY(usable());
    return database_->reads->checkpoint(position);
}

Result<std::vector<Position>> SqliteJournal::checkpoints() {
    FENCELINE_TRY(usable());
    return database_->reads->checkpoints();
}

Result<Position> SqliteJournal::first_at(Time at) {
    FENCELINE_TRY(usable());
    return database_->reads->first_at(at);
}

}  // namespace fenceline::sqlite
