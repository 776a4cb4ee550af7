#pragma once

// What the store answers. A refusal is an answer: its outcome says which check failed, and
// `refusal` what was expected and what was found.

#include <optional>
#include <string>
#include <vector>

#include "events/event.hpp"
#include "statemachine/lease.hpp"

namespace fenceline {

// Why an operation was refused: most incidents are races, and the loser is half of the story.
struct Refusal {
    Check check = Check::none;
    std::string expected;  // as the caller had it
    std::string found;     // as the record has it
    Position winner;       // the event that had won: the record's version, 0 where there is none
};

struct Answer {
    Operation operation = Operation::none;
    Outcome outcome = Outcome::none;
    WorkerId worker;  // 0: none
    State from = State::none;
    State to = State::none;
    Position position;  // 0: answered from memory (a heartbeat within the resolution)
    Time at;
    bool cleanup_scheduled = false;
    bool replayed = false;             // the first answer of this request id, given again
    std::optional<WorkerLease> lease;  // after a claim, a take-over, a refresh, a spawn
    std::optional<Refusal> refusal;
    std::vector<std::string> expired;  // cp_expire_*: the instances, in order of their id

    [[nodiscard]] bool transitioned() const { return outcome == Outcome::transitioned; }
};

// A pod that must go: its worker has ended, and nobody else will say so.
struct Cleanup {
    WorkerId worker;
    std::string pod;
    std::string reason;
};

struct LifecycleStat {
    std::string image;
    State state = State::none;
    Binding binding = Binding::neutral;
    std::int64_t count = 0;
};

struct WarmTargets {
    std::vector<std::pair<std::string, std::int64_t>> targets;  // sorted by image
    // As the metric: -1 when unbounded, unknown, or asked of a store that does not lead.
    std::int64_t headroom = -1;
};

}  // namespace fenceline
