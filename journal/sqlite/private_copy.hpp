#pragma once

// A database and its log, copied to where nobody else is, and opened there: how a reader sees a
// journal whose store died before its log was moved.

#include "journal/sqlite/files.hpp"
#include "journal/sqlite/sqlite.hpp"

namespace fenceline::sqlite {

// The copy has no names any more when this returns: it goes with the connection, or the process.
// Whether the files changed meanwhile is for the caller to find out.
[[nodiscard]] Result<Connection> open_private_copy(const JournalFiles& files);

}  // namespace fenceline::sqlite
