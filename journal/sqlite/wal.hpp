#pragma once

// The write-ahead log: how it grows, and how it moves into the database.
//
// Every function here but sync_log() is for the holder of the write lock. SQLite up to 3.51.2
// loses commits when one connection checkpoints while another restarts the log; under one lock that
// cannot be.

#include <cstdint>

#include "journal/sqlite/sqlite.hpp"

namespace fenceline::sqlite {

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
    int frames = 0;  // in the log
    int moved = 0;   // of these in the database; fewer while a reader still needs the older state
    [[nodiscard]] bool complete() const { return frames == moved; }
};

// Makes everything that the log holds durable, by whomever it was written. Outside of a
// transaction; without the lock too: what another store has moved into the database it has synced.
[[nodiscard]] Result<void> sync_log(Connection& database);

[[nodiscard]] Result<CheckpointCounts> checkpoint_log(Connection& database, Checkpointing how);

// Grows the log's file to `bytes` and syncs it, by a large transaction that is rolled back. Done
// once, when the log is empty.
[[nodiscard]] Result<void> reserve_log(Connection& database, std::int64_t bytes);

}  // namespace fenceline::sqlite
