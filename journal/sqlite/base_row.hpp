#pragma once

// The row of the table `base`: a checkpoint's columns, where it was taken from, and a seal over all
// of it and over the names that were known there.
//
// Unlike a checkpoint it is the truth: what it stands for is nowhere else in the file.

#include <span>
#include <string>
#include <string_view>

#include "journal/journal.hpp"
#include "journal/sqlite/checkpoint_row.hpp"
#include "journal/sqlite/sqlite.hpp"

namespace fenceline::sqlite {

inline constexpr std::string_view select_begin_sql =
    "SELECT position, chain, texts, recorders, flushes, at FROM base";
inline constexpr std::string_view select_base_sql =
    "SELECT position, format, chain, texts, recorders, flushes, at, size, state, digest, source, "
    "redacted, seal FROM base";

// The present row of select_begin_sql.
[[nodiscard]] Result<Head> read_begin(const Statement& row);

// The base with its seal held against it and against the names in the file: texts up to
// head.texts, recorders up to head.recorders. `not_found`: the journal has none.
[[nodiscard]] Result<Base> read_base(Connection& database);

// Writes the base into a journal that has nothing yet, with the texts that the fold knows (the
// empty one left out) and the recorders.
[[nodiscard]] Result<void> write_base(Connection& database, const Base& base);

// Puts a later base in the place of the one before, if there was one, and writes down what was
// dropped for it. `texts`: those of the fold that `packed` holds. In the caller's transaction.
[[nodiscard]] Result<void> replace_base(Connection& database, Checkpoint saved,
                                        const PackedCheckpoint& packed, const Dictionary& texts,
                                        const Drop& drop);

}  // namespace fenceline::sqlite
