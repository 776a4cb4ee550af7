#pragma once

// One row of the table `segment`: packed events (journal/segment.hpp), where they belong in the
// journal, and a digest over all of it.

#include <string>
#include <string_view>

#include "journal/journal.hpp"
#include "journal/sqlite/sqlite.hpp"

namespace fenceline::sqlite {

inline constexpr std::string_view select_segment_sql =
    "SELECT first, last, layout, commits, at_last, before_texts, before_recorders, "
    "before_flushes, before_chain, after_texts, after_recorders, after_flushes, after_chain, "
    "last_chain, digest, columns FROM segment WHERE first <= ?1 ORDER BY first DESC LIMIT 1";
inline constexpr std::string_view insert_segment_sql =
    "INSERT INTO segment VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, "
    "?15, ?16)";

struct SegmentRow {
    Position first;
    std::int64_t commits = 0;
    // The heads before its first event and after its last: flushes that follow either included.
    // `before.at` is not kept.
    Head before, after;
    ChainHash last_chain{};  // of its last commit; another one than after.chain when flushes follow
    std::string columns;

    [[nodiscard]] Position last() const { return after.position; }
};

// What is bound is read when the insert runs: row and digest live until then.
void bind_segment(Statement& insert, const SegmentRow& row, const ChainHash& digest);
void bind_segment(Statement&, const SegmentRow&, ChainHash&&) = delete;
[[nodiscard]] ChainHash digest_of(const SegmentRow& row);
// The present row of select_segment_sql; `corrupt` when it is not what its digest says.
[[nodiscard]] Result<SegmentRow> read_segment(const Statement& row);

}  // namespace fenceline::sqlite
