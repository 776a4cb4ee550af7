#pragma once

// What a database must look like to be a journal, and how an older one becomes a present one.
//
// Nothing of a database is believed before its schema is, text for text, what our own migrations
// make: a table of a stranger could be a view that never ends.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "events/time.hpp"
#include "journal/sqlite/sqlite.hpp"

namespace fenceline::sqlite {

inline constexpr std::int64_t application_id = 0x464E434C;  // "FNCL", FROZEN

// Checkpoints and the readable view are there from this format on.
inline constexpr int format_with_checkpoints = 2;
// Segments are there from this format on.
inline constexpr int format_with_segments = 3;
// From this format on a journal may begin at a base.
inline constexpr int format_with_base = 4;

[[nodiscard]] int newest_format();

// What a new journal says about itself.
struct Birth {
    std::string id;       // unique, for people and backups
    std::string program;  // who made it
    Time at;
};

// Fills an empty database. `format`: the newest, or an older one for tests of lifting.
[[nodiscard]] Result<void> make_schema(Connection& database, const Birth& birth, int format);

// Refuses what is no journal of ours, by its application id; `path` is for the text.
[[nodiscard]] Result<void> check_identity(Connection& database, const std::string& path);
// The same of the first header_bytes of a database file (https://sqlite.org/fileformat2.html, 1.3).
inline constexpr std::size_t header_bytes = 100;
[[nodiscard]] Result<void> check_header(std::string_view header, const std::string& path);

// The database's format. Newer ones are refused; older ones are lifted first by lift_schema.
[[nodiscard]] Result<int> check_format(Connection& database);
// Brings an older format up to the newest, each step in one transaction, and the label table up
// to this program's vocabularies. The caller holds the write lock.
[[nodiscard]] Result<void> lift_schema(Connection& database, int format);
// The schema is what our migrations make at this format, text for text.
[[nodiscard]] Result<void> check_schema(Connection& database, int format);

}  // namespace fenceline::sqlite
