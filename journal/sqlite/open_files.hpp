#pragma once

// The files that a store has open, held against their names before and after each commit.
//
//   auto files = OpenFiles::of(names, lock.file());
//   FENCELINE_TRY(files.check());
//
// Others that open the journal take what they find by these names: another log, shared index or
// lock than ours would let two writers overwrite each other.
//
// To look at four names costs more than a row's insert. Where the kernel tells of every change of
// a name (inotify, on the file systems of a local disk), they are looked at again only after it
// told of one, and ten times a second all the same: it does not tell of a mount over the path. To
// end such a watch takes the kernel some 12 ms, so that a store which does little goes without.
//
// Threading: as a std::vector. A child after fork() must not use its parent's.

#include <cstdint>
#include <string>
#include <vector>

#include "journal/sqlite/files.hpp"

namespace fenceline::sqlite {

// Whether a name in a directory, or of one on the way to it, may have changed.
class NameWatch {
  public:
    NameWatch() = default;
    // One that cannot watch, for want of inotify or on another file system, always says so.
    [[nodiscard]] static NameWatch on(const std::string& directory);
    NameWatch(NameWatch&& other) noexcept;
    NameWatch& operator=(NameWatch&& other) noexcept;
    ~NameWatch();

    [[nodiscard]] bool watches() const { return descriptor_ >= 0; }
    // Since the last call.
    [[nodiscard]] bool may_have_changed();

  private:
    int descriptor_ = -1;
};

class OpenFiles {
  public:
    // As the names lead now; `lock` was opened before.
    [[nodiscard]] static OpenFiles of(const JournalFiles& names, const FileState& lock);

    // Before each commit: from the sixteenth on the names are watched. Takes memory, and check()
    // none while all is well.
    void note_use();
    // The names still lead to these files.
    [[nodiscard]] Result<void> check();
    // Each leads to the file that is open, or to nothing of use: nobody else can have begun to use
    // another one in its place, so that what the log holds may still be moved into the database.
    [[nodiscard]] bool nothing_replaced() const;

  private:
    struct File {
        std::string path;
        FileState state;
        const char* hint;  // what to do when the name leads elsewhere
    };
    [[nodiscard]] Result<void> look() const;

    std::string directory_;
    std::vector<File> files_;
    int uses_ = 0;  // counted until they are watched
    NameWatch watch_;
    bool same_ = false;         // when last looked at
    std::int64_t look_at_ = 0;  // monotonic clock, ns: not to be trusted for longer
};

}  // namespace fenceline::sqlite
