#pragma once

// The newest commits in memory that the stores of a journal share: whoever has the lock next need
// not read them from the database, of which SQLite drops every page after another process wrote.
//
//   recent.note(before.chain, bytes, after.chain);   // under the lock, once it is in the journal
//   recent.look(mine);                               // while waiting for the lock, or never
//   if (recent.prove(mine, end)) recent.deliver(sink);   // under the lock
//
// Nothing in that memory is believed. The database says where the journal ends; what the memory
// holds counts only where it leads from one place to the other by the hashes that seal it
// (FORMAT.md, "The chain"), and is then what the database holds. Else the database is read.
//
// Threading: one object, one thread; note() and prove() under the write lock, which keeps the other
// stores away. look() may meet a commit that is just being noted: then prove() begins anew.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "journal/hashed_commit.hpp"
#include "journal/journal.hpp"
#include "journal/sqlite/reads.hpp"

namespace fenceline::sqlite {

class RecentCommits {
  public:
    // Whatever it holds. Too small: nothing is noted, and nothing found.
    void attach(std::span<std::byte> memory) { memory_ = memory; }

    // A commit that the journal ends with now, as the bytes that its hash is of.
    void note(const ChainHash& before, std::string_view bytes, const ChainHash& after);

    // Takes over what came after `mine`.
    void look(const Head& mine);
    // That, and whether it leads to where the journal ends: head() and deliver() tell of it then.
    [[nodiscard]] bool prove(const Head& mine, const JournalEnd& end);
    [[nodiscard]] bool proved(const Head& after, const Head& head) const {
        return proved_ && from_ == after && at_ == head;
    }
    [[nodiscard]] const Head& head() const { return at_; }
    // As Reader::read().
    void deliver(Sink& sink) const;

  private:
    // Of the memory: this, then commit after commit, each with its length behind it.
    struct Start;
    using Length = std::uint32_t;
    [[nodiscard]] Start* start() const;
    [[nodiscard]] std::span<std::byte> room() const;

    void begin_at(const Head& mine);
    [[nodiscard]] bool copy_new();
    [[nodiscard]] bool take_over(std::string_view bytes);

    std::span<std::byte> memory_;
    // What is looked at is a copy: others may write there.
    std::string copy_;
    std::vector<std::string_view> commits_;  // in it
    std::uint64_t looked_at_ = 0;            // so many bytes: they held nothing more
    Head from_, at_;                         // what was taken over leads from one to the other
    bool proved_ = false;
    std::vector<Seal> seals_;          // of what was taken over
    std::vector<HashedCommit> taken_;  // beside them; places are kept from one time to the next
};

}  // namespace fenceline::sqlite
