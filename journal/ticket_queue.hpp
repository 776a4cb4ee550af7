#pragma once

// The queue before the journal: callers that wait at the same time share one commit and one sync.
//
// There is no thread of its own. The first caller in becomes the writer: it takes what has queued,
// runs the batch, wakes the others, and hands its role to the first who came meanwhile. Nobody
// waits for another's batch twice.
//
// Threading: submit() from any thread; the batch function runs on one thread at a time.

#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <semaphore>
#include <span>
#include <vector>

#include "events/result.hpp"
#include "events/time.hpp"
#include "journal/answers.hpp"
#include "statemachine/commands.hpp"

namespace fenceline {

// One caller's commands and, once its batch ran, their answers.
struct Ticket {
    Ticket(std::span<const Command> asked, Duration entry) : commands(asked), entered(entry) {}

    std::span<const Command> commands;
    Duration entered;  // Clock::elapsed() when the call came in
    std::vector<Result<Answer>> answers;

  private:
    friend class TicketQueue;
    std::binary_semaphore wake_{0};
    bool leads_ = false;  // woken to write the next batch, not because it is answered
};

class TicketQueue {
  public:
    struct Work {
        // Answers every ticket of the batch.
        std::function<void(std::span<Ticket* const>)> run;
        // What the writer owes after its callers were woken: checkpoints.
        std::function<void()> afterwards;
    };
    explicit TicketQueue(Work work) : work_(std::move(work)) {}

    // Returns when the ticket is answered. False: too many wait already, nothing was done.
    [[nodiscard]] bool submit(Ticket& ticket);

  private:
    void lead(Ticket& own);
    void gather(std::unique_lock<std::mutex>& lock);

    Work work_;
    std::mutex mutex_;
    std::deque<Ticket*> waiting_;
    bool led_ = false;            // somebody writes
    std::size_t last_batch_ = 0;  // tickets of the batch before: how many may be on their way
    std::vector<Ticket*> batch_;  // the writer's
};

}  // namespace fenceline
