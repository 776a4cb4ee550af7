#pragma once

// The write-ahead log: how it grows, and how it moves into the database. The error of a sync that
// failed has Effect::unknown.
//
// Every function here but sync_log() is for the holder of the write lock. SQLite up to 3.51.2
// loses commits when one connection checkpoints while another restarts the log; under one lock that
// cannot be, and LogMove keeps it from being without the lock.

#include <array>
#include <cstdint>

#include "events/time.hpp"
#include "journal/sqlite/sqlite.hpp"

struct sqlite3_file;

namespace fenceline::sqlite {

// A page of the database and its header in the log.
constexpr int frame_header_bytes = 24;
constexpr std::int64_t frame_bytes = frame_header_bytes + 4096;

// Counts the log's frames as each commit of this connection leaves them.
class FrameCount {
  public:
    void attach(Connection& database);
    [[nodiscard]] int frames() const { return frames_; }
    void set(int frames) noexcept { frames_ = frames; }

  private:
    int frames_ = 0;
};

enum class Checkpointing {
    in_place,  // the file keeps its size: a sync into written blocks costs half
    truncate,  // at the end: the journal is one file again
};

struct CheckpointCounts {
    int frames = 0;  // in the log; -1: another connection is just moving it
    int moved = 0;   // of these in the database; fewer while a reader still needs the older state
    [[nodiscard]] bool complete() const { return frames >= 0 && frames == moved; }
};

// How much of the log is in the database already, as all processes see it. Under the write lock.
struct LogState {
    std::uint32_t frames = 0, moved = 0;
    std::array<std::uint32_t, 2> sum{};  // of the last frame
};
[[nodiscard]] Result<LogState> state_of_log(Connection& database);

// SQLite's own handle of the log: nobody else may open a file of the journal.
[[nodiscard]] Result<sqlite3_file*> log_file(Connection& database);

// Makes everything that the log holds durable, by whomever it was written. Outside of a
// transaction; without the lock too: what another store has moved into the database it has synced.
[[nodiscard]] Result<void> sync_log(Connection& database);

// Makes durable what was moved into the database so far. SQLite does it by itself only where
// nobody committed meanwhile; otherwise whoever moves the rest would have to, under the lock.
[[nodiscard]] Result<void> sync_database(Connection& database);

// Writes once more, and syncs, what the log holds and what the database has of it. Where a sync
// failed, Linux takes for written what is in its memory alone, and no later sync writes it
// (https://lwn.net/Articles/752063/); should that be gone already, it refuses. Outside of a
// transaction. Nobody moves the log meanwhile, or writes it, whatever locks he knows: `busy` where
// somebody does for longer.
[[nodiscard]] Result<void> write_anew(Connection& database, Duration timeout);

// Makes the index anew of the frames that are whole, up to the last commit among them, and none of
// them counts as moved. Readers go on meanwhile. Outside of a transaction; `busy` where somebody
// writes or moves the log for longer, whatever locks he knows.
[[nodiscard]] Result<void> make_index_anew(Connection& database, Duration timeout);

[[nodiscard]] Result<CheckpointCounts> checkpoint_log(Connection& database, Checkpointing how);

// After a commit that was refused for want of room: its last page may have been cut short over
// bytes that are the same, and whoever recovers the log would find it whole. Once this is done
// nobody ever will. Under the write lock, outside of a transaction.
[[nodiscard]] Result<void> void_refused_commit(Connection& database);

// Grows the log's file to `bytes` and syncs it, by a large transaction that is rolled back. Done
// once, when the log is empty.
[[nodiscard]] Result<void> reserve_log(Connection& database, std::int64_t bytes);

}  // namespace fenceline::sqlite
