#pragma once

// What each process of a race wrote down: what it was about to ask, and what it was answered.
//
//   RaceLog log(path);  log.intends(command);  log.acknowledges(ack);      // one per thread
//   RaceRecord record = read_race_logs(directory);                         // afterwards
//
// One line, one write: a process that is killed leaves whole lines, but for the last.
//
// Threading: a RaceLog belongs to one thread.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "journal/answers.hpp"

namespace fenceline::testing {

// An answer as the caller heard it.
struct Ack {
    std::string who;                  // process and thread
    std::int64_t start = 0, end = 0;  // CLOCK_MONOTONIC, the same for all processes
    std::int64_t position = 0;
    std::string operation, outcome, check;
    std::int64_t worker = 0;
    std::int64_t epoch = 0;  // of the lease that it gave; 0: none
    std::int64_t winner = 0;
    bool replayed = false;
    std::int64_t expired = 0;  // control planes
    std::string caller, request_id;

    [[nodiscard]] bool from_memory() const { return position == 0; }
    // How many events it says are its own.
    [[nodiscard]] std::int64_t events() const {
        if (replayed || from_memory()) return 0;
        return operation.starts_with("cp_expire") ? expired : 1;
    }
};

struct RaceRecord {
    std::vector<Ack> acks;
    std::vector<std::pair<std::string, std::string>> intended;  // caller, request id
    std::vector<std::string> problems;                          // what a process complained of
};

class RaceLog {
  public:
    explicit RaceLog(const std::string& path);
    ~RaceLog();
    RaceLog(const RaceLog&) = delete;
    RaceLog& operator=(const RaceLog&) = delete;

    void intends(const std::string& caller, const std::string& request_id);
    void acknowledges(const Ack& ack);
    void complains(const std::string& problem);

  private:
    void line(const std::string& text);
    int file_;
};

[[nodiscard]] Ack ack_of(const Answer& answer);
[[nodiscard]] RaceRecord read_race_logs(const std::string& directory);
// CLOCK_MONOTONIC in nanoseconds.
[[nodiscard]] std::int64_t monotonic_ns();

}  // namespace fenceline::testing
