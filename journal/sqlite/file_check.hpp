#pragma once

// What is wrong with the file of a journal where no event is: a header that no store can work
// with, pages that belong to nothing or to two things. Reading goes on in spite of it, which is
// why only `verify` asks; a store that opens such a file is refused by SQLite.

#include <string>
#include <vector>

#include "journal/sqlite/files.hpp"
#include "journal/sqlite/profile.hpp"
#include "journal/sqlite/sqlite.hpp"

namespace fenceline::sqlite {

// A line each, in the words of SQLite where it found it; nothing when all is well.
[[nodiscard]] Result<std::vector<std::string>> damage_of(Connection& database, Budget& budget,
                                                         const JournalFiles& files);

}  // namespace fenceline::sqlite
