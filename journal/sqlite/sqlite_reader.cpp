#include "journal/sqlite/sqlite_reader.hpp"

#include <sqlite3.h>
#include <unistd.h>

#include "events/process.hpp"
#include "journal/sqlite/file_check.hpp"
#include "journal/sqlite/one_name.hpp"
#include "journal/sqlite/private_copy.hpp"
#include "journal/sqlite/schema.hpp"

namespace fenceline::sqlite {

namespace {

// How long a reader waits for a store that is just opening or closing.
constexpr Duration look_timeout = seconds(10);
// Views that may turn stale in a row before it is given up: each needs a store coming or going.
constexpr int most_attempts = 100;

// Ends the look whichever way the function ends.
class Looking {
  public:
    explicit Looking(LockFile& lock) : lock_(lock) {}
    ~Looking() { lock_.end_change(); }
    Looking(const Looking&) = delete;
    Looking& operator=(const Looking&) = delete;

  private:
    LockFile& lock_;
};

tl::unexpected<Error> restless(const std::string& path) {
    return fail(ErrorCode::busy, path + " keeps changing while it is being read");
}

}  // namespace

// --- finding the way

SqliteReader::SqliteReader(JournalFiles files)
    : files_(std::move(files)), process_(this_process()), first_(state_of(files_.database)) {}

// A child after fork() must not touch its parent's connection.
SqliteReader::~SqliteReader() {
    if (process_ == this_process()) return;
    (void)database_.release();
    lock_.abandon();
}

Result<std::unique_ptr<SqliteReader>> SqliteReader::open(const std::string& path) {
    auto files = resolve(path);
    if (!files) return tl::unexpected<Error>(std::move(files.error()));
    std::unique_ptr<SqliteReader> reader(new SqliteReader(std::move(*files)));
    FENCELINE_TRY(reader->attach());
    return reader;
}

SqliteReader::Seen SqliteReader::look() const {
    return {state_of(files_.database), state_of(files_.wal())};
}

// The lock file may appear later than the reader: with the first store on a copied journal.
Result<void> SqliteReader::find_lock() {
    if (lock_.present()) return {};
    auto lock = LockFile::open(files_, LockFile::Role::reader);
    if (!lock) return tl::unexpected<Error>(std::move(lock.error()));
    lock_ = std::move(*lock);
    return {};
}

Result<void> SqliteReader::attach() {
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
        auto attached = try_attach();
        if (!attached) return tl::unexpected<Error>(std::move(attached.error()));
        if (*attached) return {};
    }
    return restless(files_.database);
}

Result<bool> SqliteReader::try_attach() {
    database_.reset();
    FENCELINE_TRY(find_lock());
    FENCELINE_TRY(lock_.begin_look(look_timeout));
    const Looking looking(lock_);
    FENCELINE_TRY(check_files(files_));
    seen_ = look();
    if (!seen_.database.same_file(first_))
        return fail(ErrorCode::io, files_.database + " was replaced while it was being read");
    const bool log_holds_something = seen_.log.exists && seen_.log.size > 0;
    way_ = lock_.store_open() ? Way::live : log_holds_something ? Way::copied : Way::at_rest;
    // Copying may take long, and a store that wants to open must not wait for it.
    if (way_ == Way::copied) lock_.end_change();

    auto connection = connect(way_);
    if (connection) FENCELINE_TRY(check_name(files_, identity_of(files_.lock())));
    auto database = connection ? check(std::move(*connection))
                               : tl::unexpected<Error>(std::move(connection.error()));
    if (way_ != Way::live) {
        auto changed = stale();
        if (!changed || *changed) return changed.map([](bool) { return false; });
    }
    if (!database) return tl::unexpected<Error>(std::move(database.error()));
    database_ = std::move(*database);
    return true;
}

Result<Connection> SqliteReader::connect(Way way) {
    switch (way) {
        case Way::at_rest: return Connection::open(files_.database, {.access = Access::immutable});
        case Way::copied: return open_private_copy(files_);
        case Way::live: break;
    }
    // SQLite would make what is missing, and a reader makes nothing.
    if (!state_of(files_.wal()).exists || !state_of(files_.shared_index()).exists)
        return fail(ErrorCode::corrupt, "a store is open, but its log is gone");
    return Connection::open(files_.database, {.access = Access::read_only});
}

Result<std::unique_ptr<SqliteReader::Database>> SqliteReader::check(Connection connection) const {
    auto database = std::make_unique<Database>();
    database->connection = std::move(connection);
    FENCELINE_TRY(configure_reader(database->connection, database->budget));
    FENCELINE_TRY(check_identity(database->connection, files_.database));
    auto format = check_format(database->connection);
    if (!format) return tl::unexpected<Error>(std::move(format.error()));
    FENCELINE_TRY(check_schema(database->connection, *format));
    auto reads = Reads::prepare(database->connection, *format);
    if (!reads) return tl::unexpected<Error>(std::move(reads.error()));
    database->reads = std::move(*reads);
    return database;
}

// --- asking

Result<void> SqliteReader::usable() const {
    if (process_ == this_process()) return {};
    return fail(ErrorCode::invalid_request, "the reader was opened before fork()",
                "open it in this process");
}

Result<bool> SqliteReader::stale() {
    if (way_ == Way::live) return !state_of(files_.database).same_file(first_);
    FENCELINE_TRY(find_lock());
    return lock_.store_open() || look() != seen_;
}

template <typename Ask>
auto SqliteReader::steady(Ask&& ask) -> decltype(ask(std::declval<Database&>())) {
    using Answer = decltype(ask(std::declval<Database&>()));
    FENCELINE_TRY(usable());
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
        auto changed = stale();
        if (!changed) return Answer(tl::unexpect, std::move(changed.error()));
        if (*changed || database_ == nullptr) FENCELINE_TRY(attach());
        database_->budget.renew();
        Answer answer = ask(*database_);
        changed = stale();
        if (changed && !*changed) return answer;
    }
    return restless(files_.database);
}

Result<std::string> SqliteReader::id() {
    return steady([](Database& database) {
        return database.connection.value("SELECT value FROM meta WHERE name = 'journal_id'");
    });
}

Result<Head> SqliteReader::head() {
    return steady([](Database& database) { return database.reads->head(); });
}

Result<Head> SqliteReader::beginning() {
    return steady([](Database& database) { return database.reads->beginning(); });
}

Result<Base> SqliteReader::base() {
    return steady([](Database& database) { return database.reads->base(); });
}

Result<std::vector<Pin>> SqliteReader::pins() {
    return steady([](Database& database) { return database.reads->pins(); });
}

Result<void> SqliteReader::read(const Head& after, Position to, Sink& sink) {
    auto start = steady([&](Database& database) { return database.reads->start(after, to); });
    if (!start) return tl::unexpected<Error>(std::move(start.error()));
    const auto wanted = Reads::wanted_by(sink);
    for (Cursor cursor = *start; !cursor.done;) {
        const Cursor before = cursor;
        FENCELINE_TRY(steady([&](Database& database) -> Result<void> {
            cursor = before;
            auto state = Transaction::begin(database.connection, Transaction::Kind::read);
            if (!state) return tl::unexpected<Error>(std::move(state.error()));
            return database.reads->fill(cursor, slice_, wanted);
        }));
        if (!slice_.deliver(sink)) break;
    }
    return {};
}

Result<Event> SqliteReader::event(Position position) {
    return steady([&](Database& database) { return database.reads->event(position); });
}

Result<Checkpoint> SqliteReader::checkpoint(Position position) {
    return steady([&](Database& database) { return database.reads->checkpoint(position); });
}

Result<std::vector<Position>> SqliteReader::checkpoints() {
    return steady([](Database& database) { return database.reads->checkpoints(); });
}

Result<Position> SqliteReader::first_at(Time at) {
    return steady([&](Database& database) { return database.reads->first_at(at); });
}

Result<std::vector<std::string>> SqliteReader::damage() {
    return steady([&](Database& database) {
        return damage_of(database.connection, database.budget, files_);
    });
}

// --- a copy

// In one step: in several, each commit of another process would start it over.
Result<void> SqliteReader::copy_into(Connection& target) {
    return steady([&](Database& database) -> Result<void> {
        sqlite3_backup* backup =
            sqlite3_backup_init(target.raw(), "main", database.connection.raw(), "main");
        if (backup == nullptr)
            return tl::unexpected<Error>(target.error("starting the copy of the journal"));
        const int stepped = sqlite3_backup_step(backup, -1);
        const int finished = sqlite3_backup_finish(backup);
        const int code = stepped != SQLITE_DONE ? stepped : finished;
        if (stepped == SQLITE_DONE && finished == SQLITE_OK) return {};
        return tl::unexpected<Error>(error_of(target.raw(), code, "copying the journal"));
    });
}

}  // namespace fenceline::sqlite
