#include "journal/sqlite/wal.hpp"

#include <sqlite3.h>

namespace fenceline::sqlite {

namespace {

int note_frames(void* count, sqlite3*, const char*, int frames) {
    static_cast<FrameCount*>(count)->set(frames);
    return SQLITE_OK;
}

}  // namespace

// Through SQLite's own handle: nobody else may open a file of the journal.
Result<void> sync_log(Connection& database) {
    sqlite3_file* log = nullptr;
    const int code =
        sqlite3_file_control(database.raw(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    if (code != SQLITE_OK || log == nullptr || log->pMethods == nullptr)
        return fail(ErrorCode::io, "the journal's log is not open: it cannot be synced");
    const int synced = log->pMethods->xSync(log, SQLITE_SYNC_FULL);
    if (synced != SQLITE_OK)
        return tl::unexpected<Error>(error_of(nullptr, synced, "syncing the journal's log"));
    return {};
}

void FrameCount::attach(Connection& database) {
    sqlite3_wal_hook(database.raw(), note_frames, this);
}

Result<CheckpointCounts> checkpoint_log(Connection& database, Checkpointing how) {
    CheckpointCounts counts;
    const int mode =
        how == Checkpointing::truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
    const int code =
        sqlite3_wal_checkpoint_v2(database.raw(), "main", mode, &counts.frames, &counts.moved);
    if (code != SQLITE_OK && code != SQLITE_BUSY)
        return tl::unexpected<Error>(
            error_of(database.raw(), code, "moving the log into the journal"));
    return counts;
}

Result<void> reserve_log(Connection& database, std::int64_t bytes) {
    // With a small cache the transaction's pages go to the log before it ends: all but those that
    // the cache still holds, so a few more are asked for.
    constexpr std::int64_t held_back_bytes = 32 * 4096;
    FENCELINE_TRY(database.execute("PRAGMA cache_size = 16"));
    Result<void> grown;
    {
        auto transaction = Transaction::begin(database, Transaction::Kind::write);
        if (!transaction) return tl::unexpected<Error>(std::move(transaction.error()));
        grown = database.execute("CREATE TABLE reserve (bytes BLOB)");
        auto insert = grown ? database.prepare("INSERT INTO reserve VALUES (zeroblob(?1))")
                            : Result<Statement>(Statement());
        if (grown && insert) {
            insert->bind(1, bytes + held_back_bytes);
            grown = insert->run();
        }
    }
    FENCELINE_TRY(database.execute("PRAGMA cache_size = -2000"));
    if (!grown) return grown;
    return sync_log(database);
}

}  // namespace fenceline::sqlite
