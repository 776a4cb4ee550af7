#pragma once

// A journal in memory: the same contract as a file, without one. For tests, simulations and
// what-if runs; nothing survives the process.
//
//   auto storage = std::make_shared<MemoryStorage>();
//   auto a = make_memory_journal(storage);      // two openings of one journal,
//   auto b = make_memory_journal(storage);      // as two processes would have it
//   storage->fail_next_append(ErrorCode::no_space);
//
// Threading: a MemoryStorage may be shared by any threads. A journal as in journal/journal.hpp.

#include <memory>

#include "events/time.hpp"
#include "journal/journal.hpp"

namespace fenceline {

// Whether a commit that ended unknown is in the journal after all.
enum class Landed { no, yes };

// What an injected failure looks like to the writer.
struct MemoryFault {
    ErrorCode code = ErrorCode::io;
    Effect effect = Effect::not_applied;
    Landed landed = Landed::no;  // asked only when the effect is unknown
};

class MemoryStorage {
  public:
    MemoryStorage();
    ~MemoryStorage();
    MemoryStorage(const MemoryStorage&) = delete;
    MemoryStorage& operator=(const MemoryStorage&) = delete;

    // The next `times` calls fail so; a later call replaces what is left of an earlier one.
    void fail_appends(int times, MemoryFault fault);
    void fail_begin_writes(int times, ErrorCode code);
    void fail_checkpoints(int times, ErrorCode code);
    void fail_reads(int times, ErrorCode code);

    void fail_next_append(ErrorCode code, Effect effect = Effect::not_applied,
                          Landed landed = Landed::no) {
        fail_appends(1, {code, effect, landed});
    }

    // Appends that reached the journal: how many syncs a file would have seen.
    [[nodiscard]] std::int64_t commits() const;

  private:
    friend class MemoryJournal;
    struct Rows;
    std::unique_ptr<Rows> rows_;
};

// `lock_timeout`: how long begin_write waits before it says `busy`.
[[nodiscard]] std::unique_ptr<Journal> make_memory_journal(
    std::shared_ptr<MemoryStorage> storage = std::make_shared<MemoryStorage>(),
    Duration lock_timeout = seconds(30));

}  // namespace fenceline
