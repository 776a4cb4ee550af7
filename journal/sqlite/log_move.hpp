#pragma once

// Moving the log into the database while others go on committing: the checkpoint itself needs no
// lock of ours, only that nobody starts the log anew under it (wal.hpp says why).
//
//   under the write lock, nobody else moving:  if (*move->begin()) ...
//   by any thread, with no lock:               move->run();
//   again on the journal's thread:             move->end();
//
// What keeps the log from being started anew is a reader of it: SQLite begins a log again only when
// all of it is in the database and nobody reads it any more. begin() opens that reader, on a
// connection of its own, and end() lets it go. A reader that begins when all is in the database
// already would read the database alone and keep nobody from anything, so begin() refuses then.
//
// Threading: one thread at a time; run() may be on another one than begin() and end().

#include <memory>

#include "journal/journal.hpp"
#include "journal/sqlite/sqlite.hpp"

namespace fenceline::sqlite {

class LogMove final : public LongWork {
  public:
    [[nodiscard]] static Result<std::unique_ptr<LogMove>> open(const std::string& database,
                                                               const std::string& vfs);

    // False: there is nothing to move.
    [[nodiscard]] Result<bool> begin();
    void run() override;
    // What run() came to; nothing keeps the log any more. An error loses nothing.
    [[nodiscard]] Result<void> end();
    [[nodiscard]] bool begun() const { return begun_; }
    // That error was a failed sync.
    [[nodiscard]] bool sync_failed() const {
        return !result_ && result_.error().effect == Effect::unknown;
    }
    // After fork(): the connections are the parent's.
    void abandon();

  private:
    void move();

    Connection keeper_, mover_;
    bool begun_ = false;
    Result<void> result_;
};

}  // namespace fenceline::sqlite
