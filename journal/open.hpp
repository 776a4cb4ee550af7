#pragma once

// The doors to a journal on disk.
//
//   auto journal = open_journal({.path = "pool.db", .create = true});  // to append
//   auto reader = open_reader("pool.db");                              // to look, changing nothing
//
// A journal is one file when nobody has it open for writing; beside it are `<path>-lock`, which
// says nothing, and `<path>-anchor`, a head of it: a store does not open a journal that lacks what
// its anchor names, as its tail was cut or an older copy was put in its place.
// While a store is open there are `<path>-wal` and `<path>-shm` too: copy a live journal with
// backup_journal() and nothing else.
//
// Threading: each object belongs to one thread at a time; any number of objects, in any number of
// processes, may be open on one path. No object survives fork(): it refuses work in the child.
//
// It does not work on network file systems: their locks and shared memory do not reach far enough.

#include <cstdint>
#include <memory>
#include <string>

#include "events/result.hpp"
#include "events/time.hpp"
#include "journal/journal.hpp"

namespace fenceline {

// When a commit is synced: while its store holds the write lock, or after it has given the lock on,
// so that the next store decides and writes meanwhile. It is answered after its sync in any case,
// and whoever answers on the strength of it syncs it first. Stores contend when one waits for the
// lock, or found commits of others when it last had it.
enum class LateSync { when_contended, always, never };

struct JournalOptions {
    std::string path;
    bool create = false;                        // open_journal: made when it is not there
    Duration lock_timeout = seconds(30);        // waiting for the write lock, then `busy`
    std::int64_t wal_reserve_bytes = 16 << 20;  // the log is grown once to this size; 0: never
    // A log of this size is moved into the database: little at a time, as commits that come
    // meanwhile wait for the same disk.
    std::int64_t wal_move_bytes = 1 << 20;
    std::string anchor_path;             // where the head is kept besides; empty: `<path>-anchor`
    Duration anchor_every = seconds(1);  // at most so often, and at close; 0: with each commit
    LateSync late_sync = LateSync::when_contended;  // but for the commits that are anchored
    std::string vfs;  // a registered storage layer (tests); empty: the system's

    // What a new journal says about itself.
    std::string id;              // unique; made up when empty
    const Base* base = nullptr;  // what it begins with; null: nothing, at event 1
    Clock* clock = nullptr;      // the machine's when null
};

// Opens for appending; an older format is lifted to the present one first. `not_found`,
// `unsupported_format` (another program's file, or a newer format), `busy`, `read_only`.
[[nodiscard]] Result<std::unique_ptr<Journal>> open_journal(const JournalOptions& options);

// Makes an empty journal and opens it; `already_exists` when there is anything at that path.
[[nodiscard]] Result<std::unique_ptr<Journal>> create_journal(const JournalOptions& options);

// Opens for reading, whether or not stores are writing. Creates and changes no file; nothing that
// the file holds is trusted. It follows a live journal: ask head() again.
[[nodiscard]] Result<std::unique_ptr<Reader>> open_reader(const std::string& path);

// A consistent copy, as of one moment, while others write: one file at rest. `already_exists` when
// there is anything at `to`.
[[nodiscard]] Result<void> backup_journal(const std::string& path, const std::string& to);

}  // namespace fenceline
