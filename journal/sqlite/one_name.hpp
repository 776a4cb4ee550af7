#pragma once

// A journal is open under one name at a time.
//
// Its log, index, lock and anchor lie beside its name. Who has the same file by another one, a hard
// link or a mount of the file alone, has others of these: two stores would not see each other's
// commits, and the last to move its log would overwrite the other's.
//
// A store therefore locks, shared, one byte of the database file itself, far behind its end: which
// one, its lock file's identity says. Whoever finds another one locked has another name. The lock
// is put on the descriptors that SQLite has open (to open and close one of our own would drop the
// POSIX locks that SQLite holds), and goes with them. Where there is no /proc, or the storage is
// not the system's, nothing is found and nothing refused.
//
// Threading: any.

#include <vector>

#include "events/result.hpp"
#include "journal/sqlite/files.hpp"

namespace fenceline::sqlite {

// By a store: made before it opens the database, and taken before it touches it.
//
//   const OneName name(files);
//   auto connection = Connection::open(files.database, ...);
//   FENCELINE_TRY(name.take(lock.file()));   // `busy`: a store has it open under another name
class OneName {
  public:
    explicit OneName(const JournalFiles& files);
    [[nodiscard]] Result<void> take(const FileState& lock) const;

  private:
    const JournalFiles& files_;
    std::vector<int> before_;
};

// By a reader that has opened it. `lock` as found beside the name, or not.
[[nodiscard]] Result<void> check_name(const JournalFiles& files, const FileState& lock);

}  // namespace fenceline::sqlite
