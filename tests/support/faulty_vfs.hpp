#pragma once

// A storage layer under SQLite that fails on command: the n-th call of a kind, counted over all
// files, ends with a chosen error.
//
//   FaultyVfs vfs;                                  // a name of its own: vfs.name()
//   auto journal = open_journal({.path = p, .vfs = vfs.name()});
//   vfs.fail({.what = Call::sync, .nth = 1, .code = SQLITE_IOERR_FSYNC});
//   ...; vfs.fired();
//
// A sync that does not fail is not passed on: what is tested is who hears of it, and no machine
// stops here.
//
// Threading: one thread. It outlives every connection that uses it.

#include <memory>

#include "tests/support/shim_vfs.hpp"

namespace fenceline::testing {

enum class Call { read, write, sync, truncate, open, remove, lock, shm_map, shm_lock };
constexpr std::size_t call_kinds = 9;

struct Fault {
    Call what = Call::write;
    int nth = 1;  // counted from when the fault is armed
    int code = SQLITE_IOERR_WRITE;
    // to_death: the process ends with this call, as if killed.
    enum class Lasts { once, for_ever, to_death } lasts = Lasts::once;
    // A failed sync: what was written since the last one is still there when somebody looks, or
    // the kernel has dropped it. A failed write: nothing of it is there, or its first part.
    enum class Leaves { written, nothing } leaves = Leaves::written;
    int sixteenths = 8;  // of a failed write, as large is that part
    // A disk that is full for ever: what is written over bytes that are there still goes through
    // after the first failure. Not where a changed block takes room of its own.
    bool takes_overwrites = true;
};

class FaultyVfs final : public ShimVfs {
  public:
    FaultyVfs();
    ~FaultyVfs() override;

    void fail(Fault fault);
    void heal();
    // As if the process were killed: from now on nothing reaches a file, until it is revived.
    void kill();
    void revive();
    [[nodiscard]] bool fired() const;
    [[nodiscard]] bool killed() const;
    // Calls of that kind since the layer was made.
    [[nodiscard]] int calls(Call what) const;
    // Calls of the armed kind since it was armed.
    [[nodiscard]] int seen() const;

    int opening(const char* name, int flags) override;
    std::unique_ptr<ShimFile> opened(const char* name, int flags, sqlite3_file& real) override;
    int remove(const char* name, int sync_directory) override;

    struct State;

  private:
    std::unique_ptr<State> state_;
};

}  // namespace fenceline::testing
