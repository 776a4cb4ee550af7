#pragma once

// One run of a store on storage that fails once or for ever, and everything that is true of it
// afterwards, whatever failed and whenever:
//
//   FaultedRun run(scripts()[2]);
//   run.to_the_end({.what = Call::sync, .nth = 17, .code = SQLITE_IOERR_FSYNC}, End::goes_on);
//   CHECK(run.judge() == "");     // or what was not as it was answered
//
// Threading: one thread.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "journal/lifecycle_store.hpp"
#include "journal/open.hpp"
#include "projections/fold.hpp"
#include "tests/crash/asked_operations.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/faulty_vfs.hpp"
#include "tests/support/noting_journal.hpp"
#include "tests/support/random_commands.hpp"
#include "tests/support/temp_dir.hpp"

namespace fenceline::testing {

// What a store is put through: batches of commands that workers and planes might send.
struct Script {
    const char* name = "";
    std::uint64_t seed = 1;
    int batches = 3;
    std::size_t batch = 3;
    int openings = 1;
    std::int64_t checkpoint_events = 1'000'000;
    std::int64_t wal_move_bytes = 16 << 20;
    std::int64_t wal_reserve_bytes = 0;
    Duration heartbeat_resolution = seconds(10);
    enum class Made { before, under_faults } made = Made::before;
    enum class Between { nothing, metrics, sweeps, seals } between = Between::nothing;
};

[[nodiscard]] std::span<const Script> scripts();

// How it ends when the script is over.
enum class End {
    goes_on,  // the storage works again: so must the store, without a restart unless it said so
    killed,   // the process dies, and the kernel keeps what was written
};

// A planted fault, which judge() must see.
enum class Planted {
    none,
    answers_failures,  // a commit that failed is answered as done
    refuses_unknown,   // one whose end is unknown is said not to have been applied
};

class FaultedRun {
  public:
    explicit FaultedRun(const Script& script, Planted planted = Planted::none);

    void to_the_end(const Fault& fault, End end);
    [[nodiscard]] bool fired() const { return fired_; }
    [[nodiscard]] int unknown() const { return asked_.unknown(); }
    // Calls of the fault's kind that the script made.
    [[nodiscard]] int calls() const { return calls_; }

    // Empty, or the first thing that is not as it was answered.
    [[nodiscard]] std::string judge();

  private:
    [[nodiscard]] JournalOptions options() const;
    [[nodiscard]] StoreOptions store_options() const;
    [[nodiscard]] Result<std::unique_ptr<Journal>> open_noting();
    void open_store();
    void run_script();
    void between();
    void go_on();

    [[nodiscard]] std::vector<Command> next_commands();
    // How many of them were not done.
    [[nodiscard]] std::size_t ask(const std::vector<Command>& commands);
    template <typename T>
    void hear(const Result<T>& result);

    [[nodiscard]] std::vector<Event> read_back(LifecycleStore& store);
    void verify();
    void wrong(const std::string& what) { asked_.wrong(what); }

    Script script_;
    Planted planted_;
    TempDir dir_;
    std::string path_ = dir_ / "pool.db";
    FaultyVfs vfs_;
    FakeClock clock_;
    RandomCommands random_;
    Noted noted_;
    std::unique_ptr<LifecycleStore> store_;
    Journal* journal_ = nullptr;  // the store's
    Fold fold_;                   // what the commands are made from
    AskedOperations asked_;
    int calls_ = 0;
    bool stopped_ = false;  // by an unknown commit, until it is reopened
    bool heard_ = false;    // somebody was told of an error
    bool fired_ = false;
};

}  // namespace fenceline::testing
