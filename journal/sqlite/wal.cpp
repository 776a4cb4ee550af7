#include "journal/sqlite/wal.hpp"

#include <sqlite3.h>

#include <array>
#include <cstring>

namespace fenceline::sqlite {

namespace {

int note_frames(void* count, sqlite3*, const char*, int frames) {
    static_cast<FrameCount*>(count)->set(frames);
    return SQLITE_OK;
}

// SQLite's own handles: nobody else may open a file of the journal.
Result<sqlite3_file*> handle(Connection& database, int which) {
    sqlite3_file* file = nullptr;
    const int code = sqlite3_file_control(database.raw(), "main", which, &file);
    if (code == SQLITE_OK && file != nullptr && file->pMethods != nullptr) return file;
    return fail(ErrorCode::io, "a file of the journal is not open: its log cannot be looked after");
}

Result<void> done(int code, const char* what) {
    if (code == SQLITE_OK) return {};
    return tl::unexpected<Error>(error_of(nullptr, code, what));
}

// --- the log's bytes: https://www.sqlite.org/fileformat2.html#walformat

constexpr std::int64_t log_header_bytes = 32;
using FrameHeader = std::array<char, frame_header_bytes>;

bool ends_commit(const FrameHeader& frame) {
    constexpr std::array<char, 4> none{};
    return std::memcmp(frame.data() + 4, none.data(), none.size()) != 0;
}
bool has_salts(const FrameHeader& frame, const std::array<char, 8>& salts) {
    return std::memcmp(frame.data() + 8, salts.data(), salts.size()) == 0;
}

// Whether frames that recovery could take for a commit lie from `start` on. Their pages are not
// looked at: half of one may be new, and the other half what was there before.
Result<bool> commit_lies_at(sqlite3_file& log, std::int64_t start,
                            const std::array<char, 8>& salts) {
    sqlite3_int64 size = 0;
    FENCELINE_TRY(done(log.pMethods->xFileSize(&log, &size), "measuring the journal's log"));
    for (auto at = start; at + frame_bytes <= size; at += frame_bytes) {
        FrameHeader frame{};
        FENCELINE_TRY(done(log.pMethods->xRead(&log, frame.data(), frame_header_bytes, at),
                           "reading the journal's log"));
        if (!has_salts(frame, salts)) return false;
        if (ends_commit(frame)) return true;
    }
    return false;
}

std::uint32_t number_at(const volatile char* bytes) {
    std::array<char, sizeof(std::uint32_t)> copied{};
    for (std::size_t i = 0; i < copied.size(); ++i) copied[i] = bytes[i];
    std::uint32_t number = 0;
    std::memcpy(&number, copied.data(), copied.size());
    return number;
}

}  // namespace

// https://www.sqlite.org/walformat.html#the_wal_index_header
Result<LogState> state_of_log(Connection& database) {
    constexpr int region_bytes = 32'768, frames_at = 16, salts_at = 32, moved_at = 96;
    auto file = handle(database, SQLITE_FCNTL_FILE_POINTER);
    if (!file) return tl::unexpected<Error>(std::move(file.error()));
    volatile void* region = nullptr;
    FENCELINE_TRY(done((*file)->pMethods->xShmMap(*file, 0, region_bytes, 0, &region),
                       "looking at the index of the journal's log"));
    if (region == nullptr) return fail(ErrorCode::io, "the index of the journal's log is gone");
    const auto* index = static_cast<const volatile char*>(region);
    LogState state{.frames = number_at(index + frames_at), .moved = number_at(index + moved_at)};
    for (std::size_t i = 0; i < state.salts.size(); ++i) state.salts[i] = index[salts_at + i];
    return state;
}

Result<void> sync_log(Connection& database) {
    auto log = handle(database, SQLITE_FCNTL_JOURNAL_POINTER);
    if (!log) return tl::unexpected<Error>(std::move(log.error()));
    return done((*log)->pMethods->xSync(*log, SQLITE_SYNC_FULL), "syncing the journal's log");
}

Result<void> sync_database(Connection& database) {
    auto file = handle(database, SQLITE_FCNTL_FILE_POINTER);
    if (!file) return tl::unexpected<Error>(std::move(file.error()));
    return done((*file)->pMethods->xSync(*file, SQLITE_SYNC_FULL), "syncing the journal");
}

// The first frame after the log's end becomes one that recovery stops at: a page numbered 0.
Result<void> void_refused_commit(Connection& database) {
    auto log = handle(database, SQLITE_FCNTL_JOURNAL_POINTER);
    if (!log) return tl::unexpected<Error>(std::move(log.error()));
    auto end = state_of_log(database);
    if (!end) return tl::unexpected<Error>(std::move(end.error()));
    const auto start = log_header_bytes + end->frames * frame_bytes;
    auto lies = commit_lies_at(**log, start, end->salts);
    if (!lies) return tl::unexpected<Error>(std::move(lies.error()));
    if (!*lies) return {};
    const FrameHeader nothing{};
    FENCELINE_TRY(done((*log)->pMethods->xWrite(*log, nothing.data(), frame_header_bytes, start),
                       "taking a refused commit out of the journal's log"));
    return sync_log(database);
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
