#pragma once

// Journals by name, and whole folders of them: a team's incidents, kept as regression tests.
//
//   auto found = corpus_of({"incidents/", "pool.db"});
//
// In a folder every regular file that begins as a SQLite database does is taken for a journal, at
// any depth, links not followed; what is no journal after all is told when it is opened. Ordered
// by path. Looks only at the first bytes of each file, before any journal is open.

#include <string>
#include <vector>

#include "events/result.hpp"

namespace fenceline::tools {

// `not_found` for a folder without a journal in it, an error for one that cannot be read.
[[nodiscard]] Result<std::vector<std::string>> corpus_of(const std::vector<std::string>& paths);

}  // namespace fenceline::tools
