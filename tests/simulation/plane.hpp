#pragma once

// One control plane of the simulation: a real store on the real journal, with a clock, a disk and a
// mind of its own, and whatever trouble it is in. It may die and come back.
//
//   Plane plane(2, path, truth, dice);
//   plane.start(judge) ... plane.turn(judge, truth) ... plane.die();
//
// Every call is handed to the judge; the first objection in words comes back, nothing otherwise.
//
// Threading: one thread.

#include <memory>
#include <string>

#include "tests/simulation/judge.hpp"
#include "tests/simulation/mind.hpp"
#include "tests/simulation/planted_journal.hpp"
#include "tests/simulation/skewed_clock.hpp"
#include "tests/support/faulty_vfs.hpp"

namespace fenceline::testing {

enum class Trouble {
    none,
    paused,       // does nothing, then acts on what it had learned
    cut_off,      // its calls arrive, their answers do not
    unreachable,  // its calls do not arrive
    full_disk,
    failing_reads,
    failing_syncs,
    lost_answer,  // a commit is durable and answered as unknown
    dying,        // killed at one of its next calls to the storage
    rolling,      // drains; then another boot takes its place
};
constexpr int trouble_count = 10;
[[nodiscard]] std::string_view to_text(Trouble trouble);

struct PlaneCounts {
    std::int64_t turns = 0, starts = 0, deaths = 0, reopened = 0, rollouts = 0, unanswered = 0;
};

class Plane {
  public:
    Plane(int number, std::string path, Time truth, Dice& dice);
    ~Plane();

    // A new process of the same instance, or of another boot. Whatever hinders it is no objection.
    enum class As { same, another_boot };
    [[nodiscard]] std::string start(Judge& judge, As as);
    [[nodiscard]] std::string turn(Judge& judge, const Workers& silent);
    // Killed between two calls; in the middle of one it sees to it by itself.
    void die();
    [[nodiscard]] std::string close(Judge& judge);

    void meet(Trouble trouble, Time until, Dice& dice);
    [[nodiscard]] std::string recover(Judge& judge);
    [[nodiscard]] Trouble trouble() const { return trouble_; }
    [[nodiscard]] Time until() const { return until_; }

    // A turn without trouble: heartbeats, every worker a step further, the sweep.
    [[nodiscard]] std::string put_in_order(Judge& judge, const Workers& silent);
    // It can make a worker, bring it up and end it.
    [[nodiscard]] std::string operates(Judge& judge);
    [[nodiscard]] std::string queried(Judge& judge);

    void lead(bool leads);
    [[nodiscard]] bool leads() const { return leads_; }
    [[nodiscard]] bool up() const { return store_ != nullptr; }
    [[nodiscard]] SkewedClock& clock() { return clock_; }
    [[nodiscard]] Orders& orders() { return orders_; }
    [[nodiscard]] std::string instance() const;
    [[nodiscard]] const PlaneCounts& counts() const { return counts_; }
    // What it did last, in words.
    [[nodiscard]] const std::string& told() const { return told_; }

  private:
    [[nodiscard]] Result<std::unique_ptr<Journal>> open_journal();
    [[nodiscard]] std::string ask(Judge& judge, std::vector<Command> commands);
    [[nodiscard]] std::string sweep(Judge& judge);
    [[nodiscard]] std::string look(Mind::Learn learn);
    [[nodiscard]] std::string reopen(Judge& judge);
    [[nodiscard]] std::string owed(Judge& judge);
    [[nodiscard]] bool has_died();
    [[nodiscard]] bool hinders(const Error& error);

    int number_, boot_ = 1, runs_ = 0;
    std::string path_;
    Dice& dice_;
    FaultyVfs vfs_;
    SkewedClock clock_;
    Duration resolution_;
    std::int64_t checkpoint_events_;
    Orders orders_;
    Mind mind_;
    std::shared_ptr<Process> process_;
    std::unique_ptr<LifecycleStore> store_;
    bool stopped_ = false;   // until it is reopened
    bool recounts_ = false;  // its failed operations, once it is reopened
    Trouble trouble_ = Trouble::none;
    Time until_;
    bool leads_ = false, tells_lead_ = false;
    Time beat_at_, sweep_at_;
    PlaneCounts counts_;
    std::string told_;
};

}  // namespace fenceline::testing
