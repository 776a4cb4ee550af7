#pragma once

// A storage layer whose power fails: it knows which writes were synced, stops at a chosen call,
// and then leaves of each unsynced write all, nothing, or some of its sectors.
//
//   PowerCutVfs vfs;
//   ... open_journal({.path = p, .vfs = vfs.name()}) ...
//   vfs.cut_at(17);          // the 17th write, sync, truncation or removal from now is the last
//   ... work, until everything fails; close it all ...
//   vfs.power_on(seed);      // the files are what a disk might hold now
//
// What SQLite writes goes into real files, so that whoever looks at names finds them; what is
// durable is kept in memory. The shared index dies with the machine.
//
// Threading: one thread. It outlives every connection that uses it.

#include <cstdint>
#include <functional>
#include <memory>

#include "tests/support/shim_vfs.hpp"

namespace fenceline::testing {

class PowerCutVfs final : public ShimVfs {
  public:
    enum class Log {
        synced,   // as it is asked for
        ignored,  // says that the log is synced, and is not: what synchronous=NORMAL amounts to
    };
    explicit PowerCutVfs(Log log = Log::synced);
    ~PowerCutVfs() override;

    void cut_at(int call);  // counted from now, from 1; 0: never
    [[nodiscard]] bool is_cut() const;
    [[nodiscard]] int calls() const;  // since the last cut_at()

    // The `call`th sync from now fails as Linux has it fail (https://lwn.net/Articles/752063/): of
    // what it should have written some is on the disk, by the seed; the rest stays in the files,
    // and no later sync writes it. Whoever has the file open hears of it, once; who opens it later
    // does not. 0: none fails.
    void fail_sync_at(int call, std::uint64_t seed);
    [[nodiscard]] bool has_failed() const;

    // Once, before the log's next sync does anything: what others do meanwhile.
    void meanwhile(std::function<void()> work);

    // Every file must be closed.
    void power_on(std::uint64_t seed);

    int opening(const char* name, int flags) override;
    std::unique_ptr<ShimFile> opened(const char* name, int flags, sqlite3_file& real) override;
    int remove(const char* name, int sync_directory) override;

    struct State;

  private:
    std::unique_ptr<State> state_;
};

}  // namespace fenceline::testing
