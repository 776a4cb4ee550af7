#pragma once

// Knows what every answer must have been. It reads the journal as a stranger does, after each call,
// and holds it against an oracle that judges the same commands at the caller's own time: one event
// for each acknowledged operation, at its position; nothing of what was refused; a commit in doubt
// whole or not at all, and nothing that nobody asked for.
//
//   Judge judge(path);
//   judge.settle();                     // before a call: a commit in doubt may have turned up
//   judge.applied(process, asked);       // after it; the first objection in words
//
// Threading: one thread.

#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "journal/lifecycle_store.hpp"
#include "tests/simulation/fence_watch.hpp"
#include "tests/support/dice.hpp"
#include "tests/support/event_tail.hpp"
#include "tests/support/oracle.hpp"

namespace fenceline::testing {

// worker, pod, reason
using Cleaned = std::tuple<std::int64_t, std::string, std::string>;

// One opened store, as the judge follows it.
struct Process {
    std::string instance, run;
    std::int64_t resolution_ns = 0;
    std::int64_t pending = 0;  // failed operations that it has not recorded yet
    bool faulted = false;      // its storage may fail in the middle of a call
    std::vector<Cleaned> cleaned;
};

// One commit's commands and what came of them.
struct Asked {
    std::vector<Command> commands;
    std::vector<Result<Answer>> answers;
    Time now;
};

struct JudgeCounts {
    std::int64_t commands = 0, replayed = 0, in_memory = 0, unknown = 0, refused_by_storage = 0;
    std::int64_t landed = 0;  // commits that nobody was told of and that were there
    std::int64_t sweeps = 0, swept_workers = 0, expired_planes = 0, queries = 0;
    std::map<std::string, std::int64_t> outcomes;
};

class Judge {
  public:
    explicit Judge(std::string path);

    [[nodiscard]] std::string settle();
    [[nodiscard]] std::string applied(const std::shared_ptr<Process>& process, const Asked& asked);
    [[nodiscard]] std::string swept(const std::shared_ptr<Process>& process, Time now,
                                    const SweepOptions& times, const Ask& leader,
                                    const Result<SweepReport>& report);
    // It was closed in order: what it kept in memory is recorded.
    [[nodiscard]] std::string closed(const std::shared_ptr<Process>& process, Time now);
    // Everything that the store can be asked, at this position.
    [[nodiscard]] std::string queried(const Process& process, LifecycleStore& store, Time now,
                                      Dice& dice);
    // Nobody holds the journal open: its log is recovered by whoever comes next.
    void let_go();

    [[nodiscard]] const Oracle& oracle() const { return oracle_; }
    [[nodiscard]] const JudgeCounts& counts() const { return counts_; }

  private:
    struct Commit {
        std::shared_ptr<Process> process;
        std::vector<Command> commands;
        std::vector<Oracle::Kept> kept;
        Time now;
        std::int64_t after = 0;  // the position that it follows, if it is there
    };

    [[nodiscard]] std::string look();
    [[nodiscard]] std::string explain(Oracle& oracle, std::int64_t& pending, const Commit& commit,
                                      std::vector<Expected>* expected);
    [[nodiscard]] bool lands(const Commit& doubt);
    [[nodiscard]] std::string not_taken(Commit commit, const Asked& asked);
    [[nodiscard]] std::string sweep_not_ended(const Commit& commit, const Error& error);
    [[nodiscard]] std::string all_explained() const;
    void must_clean(const Expected& expected);
    [[nodiscard]] std::string cleaned(Process& process);
    void count(const Result<Answer>& answer);

    std::string path_;
    Oracle oracle_;
    EventTail tail_;
    FenceWatch watch_;
    std::vector<Commit> doubts_;
    std::vector<Event> events_;  // that came since the last look
    std::size_t next_ = 0;       // of them, the first that is not explained yet
    std::vector<Cleaned> to_clean_;
    JudgeCounts counts_;
};

}  // namespace fenceline::testing
