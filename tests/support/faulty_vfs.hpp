#pragma once

// A storage layer under SQLite that fails on command: the n-th write, sync or truncation, counted
// over all files, ends with a chosen error.
//
//   FaultyVfs vfs;                                  // a name of its own: vfs.name()
//   auto journal = open_journal({.path = p, .vfs = vfs.name()});
//   vfs.fail({.what = Call::sync, .nth = 1, .code = SQLITE_IOERR_FSYNC});
//   ...; vfs.fired();
//
// Threading: one thread. It outlives every connection that uses it.

#include <memory>
#include <string>

#include <sqlite3.h>

namespace fenceline::testing {

enum class Call { write, sync, truncate };

struct Fault {
    Call what = Call::write;
    int nth = 1;  // counted from when the fault is armed
    int code = SQLITE_IOERR_WRITE;
    enum class Lasts { once, for_ever } lasts = Lasts::once;
    // A failed sync: what was written since the last one is still there when somebody looks, or
    // the kernel has dropped it. A failed write: nothing of it is there, or its first half.
    enum class Leaves { written, nothing } leaves = Leaves::written;
};

class FaultyVfs {
  public:
    FaultyVfs();
    ~FaultyVfs();
    FaultyVfs(const FaultyVfs&) = delete;
    FaultyVfs& operator=(const FaultyVfs&) = delete;

    [[nodiscard]] std::string name() const;
    void fail(Fault fault);
    void heal();
    [[nodiscard]] bool fired() const;
    // Calls of that kind since the layer was made.
    [[nodiscard]] int calls(Call what) const;

    struct State;

  private:
    std::unique_ptr<State> state_;
};

}  // namespace fenceline::testing
