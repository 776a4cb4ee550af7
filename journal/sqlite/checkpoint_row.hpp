#pragma once

// One row of the table `checkpoint`: a fold's bytes, packed with zstd, under a digest.
//
// A checkpoint is never the truth: whoever finds one damaged folds from the first event.

#include <string>
#include <string_view>

#include "journal/journal.hpp"
#include "journal/sqlite/sqlite.hpp"

namespace fenceline::sqlite {

inline constexpr std::string_view select_checkpoint_sql =
    "SELECT position, format, chain, texts, recorders, flushes, at, size, state, digest "
    "FROM checkpoint WHERE position <= ?1 ORDER BY position DESC LIMIT 1";
inline constexpr std::string_view select_checkpoints_sql =
    "SELECT position FROM checkpoint ORDER BY position";
// At one position the later one stays: it has folded the flushes that came meanwhile.
inline constexpr std::string_view insert_checkpoint_sql =
    "INSERT OR REPLACE INTO checkpoint VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

// The state, packed; with what the row says about it.
struct PackedCheckpoint {
    std::string state;
    ChainHash digest{};
};

[[nodiscard]] Result<PackedCheckpoint> pack(const Checkpoint& checkpoint);
void bind_checkpoint(Statement& insert, const Checkpoint& checkpoint,
                     const PackedCheckpoint& packed);
// The present row of select_checkpoint_sql; `corrupt` when it is not what its digest says.
[[nodiscard]] Result<Checkpoint> read_checkpoint(const Statement& row);

// No value of a journal is large but a checkpoint's state and a segment: only while one is read may
// a value be.
class RaisedLimit {
  public:
    RaisedLimit(Connection& database, std::size_t bytes);
    ~RaisedLimit();
    RaisedLimit(const RaisedLimit&) = delete;
    RaisedLimit& operator=(const RaisedLimit&) = delete;

  private:
    Connection& database_;
    int before_;
};

}  // namespace fenceline::sqlite
