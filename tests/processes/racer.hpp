#pragma once

// One process of a race: a store of its own over the common journal, several threads, a few
// workers that everybody wants.
//
//   Child child = start_racer({.directory = dir, .name = "p1", .seed = 7, .operations = 500});
//   child.wait();
//
// It is this test program, executed again: a store does not survive fork(). What a racer is told
// travels in one environment variable.

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace fenceline::testing {

struct RacerOrders {
    std::string directory;  // holds pool.db; the logs go here
    std::string name;
    std::uint64_t seed = 1;
    std::int64_t threads = 3;
    std::int64_t operations = 500;  // of each thread
    std::int64_t heartbeat_resolution_ns = 0;
    bool only_fold = false;  // folds the journal from its first event into `<name>.fold`
    int progress = -1;       // a pipe that gets a byte for each answer
};

// A started process. It is waited for at the latest when this goes.
class Child {
  public:
    explicit Child(pid_t pid) : pid_(pid) {}
    Child(Child&& other) noexcept : pid_(other.pid_) { other.pid_ = -1; }
    Child& operator=(Child&&) = delete;
    ~Child() { (void)wait(); }

    // Exit status 0.
    [[nodiscard]] bool wait();
    void kill_hard();

  private:
    pid_t pid_;
};

[[nodiscard]] Child start_racer(const RacerOrders& orders);

// What the started process does; its exit status.
[[nodiscard]] int be_racer(const std::string& orders);
inline constexpr const char* racer_variable = "FENCELINE_RACER";
inline constexpr const char* racer_case = "a process of the race";

}  // namespace fenceline::testing
