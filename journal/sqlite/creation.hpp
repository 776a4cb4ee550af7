#pragma once

// Making a journal: whole or not at all, and never over a file that is there.

#include "journal/open.hpp"
#include "journal/sqlite/files.hpp"

namespace fenceline::sqlite {

// The caller holds the write lock. `format`: the newest, or an older one for tests of lifting.
[[nodiscard]] Result<void> make_journal(const JournalFiles& files, const JournalOptions& options,
                                        int format);

// Takes back what make_journal() has just made: nobody was told of it, and none can open it while
// the caller holds the change lock. Its lock file stays, as others may wait with it.
void remove_made(const JournalFiles& files);

// Gives a finished file its name, durably; `already_exists` when the name is taken.
[[nodiscard]] Result<void> put_in_place(const JournalFiles& files);

// Makes the empty file that a database will fill, readable for its owner alone.
[[nodiscard]] Result<void> make_unfinished(const JournalFiles& files);
void remove_unfinished(const JournalFiles& files);

}  // namespace fenceline::sqlite
