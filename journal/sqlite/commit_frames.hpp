#pragma once

// Writes the frames of a commit to the log in one call. SQLite makes two of each frame, one for 24
// bytes and one for the page, and every one of them finds the pages of the system's cache anew: of
// a commit of 64 events that is 9 of 200 us (ext4, Linux 6.18).
//
// It stands between SQLite and the log's file, and holds the writes back until the page that ends
// the commit, which gives it what SQLite would have heard of any of them. What else SQLite does to
// the log finds all of them there.

#include <memory>

#include "journal/sqlite/sqlite.hpp"

namespace fenceline::sqlite {

class CommitFrames {
  public:
    CommitFrames();
    ~CommitFrames();
    CommitFrames(const CommitFrames&) = delete;
    CommitFrames& operator=(const CommitFrames&) = delete;

    // From here on, until the log is closed: must live longer than the connection.
    [[nodiscard]] Result<void> attach(Connection& database);

    // As long as this lives, writes are held back; those of a commit that failed are forgotten.
    class Gathering {
      public:
        explicit Gathering(CommitFrames& frames);
        ~Gathering();
        [[nodiscard]] bool all_written() const;
        Gathering(const Gathering&) = delete;
        Gathering& operator=(const Gathering&) = delete;

      private:
        CommitFrames& frames_;
    };

  private:
    struct Log;
    std::unique_ptr<Log> log_;
};

}  // namespace fenceline::sqlite
