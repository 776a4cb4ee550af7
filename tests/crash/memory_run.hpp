#pragma once

// One run of a store whose memory runs out once or for ever, and everything that is true of it
// afterwards, wherever that was:
//
//   MemoryRun run(memory_scripts()[2]);
//   run.to_the_end({.of = Memory::of_sqlite, .nth = 17});
//   CHECK(run.judge() == "");     // or what was not as it was answered
//
// Threading: one thread.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "journal/lifecycle_store.hpp"
#include "journal/open.hpp"
#include "projections/fold.hpp"
#include "tests/crash/asked_operations.hpp"
#include "tests/crash/scarce_memory.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/random_commands.hpp"
#include "tests/support/temp_dir.hpp"

namespace fenceline::testing {

// What a store is put through while memory is scarce. Each of its commits is followed by a
// checkpoint of its fold, so that what it holds in memory can be compared.
struct MemoryScript {
    const char* name = "";
    std::uint64_t seed = 1;
    int batches = 2;
    std::size_t batch = 1;
    std::int64_t wal_move_bytes = 16 << 20;
    enum class Then { nothing, retries, lists, page, sweep, seal, reopen } then = Then::nothing;
    enum class Opening { with_memory, without } opening = Opening::with_memory;
    enum class Closing { with_memory, without } closing = Closing::with_memory;
};

[[nodiscard]] std::span<const MemoryScript> memory_scripts();

class MemoryRun {
  public:
    explicit MemoryRun(const MemoryScript& script);

    void to_the_end(const Shortage& shortage);
    // Whether the script came to the allocation that failed; how many there were.
    [[nodiscard]] bool met() const { return shortage_.met(); }
    [[nodiscard]] int allocations() const { return shortage_.seen; }
    [[nodiscard]] int unknown() const { return asked_.unknown(); }
    // It had to be reopened when there was memory again.
    [[nodiscard]] bool stopped() const { return was_stopped_; }

    // Empty, or the first thing that is not as it was answered.
    [[nodiscard]] std::string judge();

  private:
    [[nodiscard]] JournalOptions journal_options() const;
    [[nodiscard]] Result<std::unique_ptr<LifecycleStore>> open_anew();
    // With what may throw: nothing then.
    template <typename Call>
    [[nodiscard]] auto scarcely(Call&& call) -> std::optional<decltype(call())>;

    void open_store();
    void run_script();
    void then();
    void seal();
    void reopen_scarcely();
    void close_store();
    void go_on();
    void compare_page();

    [[nodiscard]] std::vector<Command> next_commands();
    // How many of them were not done.
    std::size_t ask(const std::vector<Command>& commands, bool scarce);

    [[nodiscard]] std::vector<Event> read_back();
    void wrong(const std::string& what) { asked_.wrong(what); }

    MemoryScript script_;
    Shortage shortage_;
    TempDir dir_;
    std::string path_ = dir_ / "pool.db";
    FakeClock clock_;
    RandomCommands random_;
    std::unique_ptr<LifecycleStore> store_;
    Journal* journal_ = nullptr;  // the store's
    Fold fold_;                   // what the commands are made from
    AskedOperations asked_;
    std::ptrdiff_t cleaned_up_ = 0;  // so often the store has said that a pod must go
    bool stopped_ = false, was_stopped_ = false;
};

}  // namespace fenceline::testing
