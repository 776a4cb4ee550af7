#pragma once

// The queue before the journal: callers that wait at the same time share one commit and one sync.
//
// There is no thread of its own. The first caller in becomes the writer: it takes what has queued,
// runs the batch, wakes the others, and hands its role to the first who came meanwhile. Nobody
// waits for another's batch twice.
//
// A batch takes its tickets a few at a time: what came first is decided and on its way into the
// database while the others of the batch still come in.
//
// A caller in the queue looks for its answer and lets others run in between, while batches are so
// short that this costs less than to be woken; after that, or where the disk is slow, it sleeps.
// Those who sleep are woken by a few, and each of them wakes a few others: to wake a thread takes a
// processor some microseconds, which one of them would spend for all.
//
// Threading: submit() from any thread; the batch function runs on one thread at a time.

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <span>
#include <vector>

#include "events/limits.hpp"
#include "events/result.hpp"
#include "events/time.hpp"
#include "journal/answers.hpp"
#include "statemachine/commands.hpp"

namespace fenceline {

// One caller's commands and, once its batch ran, their answers.
struct Ticket {
    // With the room for its answers: whoever gives them takes no memory for it.
    Ticket(std::span<const Command> asked, Duration entry) : commands(asked), entered(entry) {
        answers.reserve(asked.size());
    }

    std::span<const Command> commands;
    Duration entered;  // Clock::elapsed() when the call came in
    std::vector<Result<Answer>> answers;
    // One for each answer that schedules one and is no replay, in their order. They are there
    // before the commit is: what it made necessary must not be lost for want of memory.
    std::vector<Cleanup> cleanups;

  private:
    friend class TicketQueue;
    enum State : std::uint32_t { looks, sleeps, leads, answered };
    void tell(State what);
    void sleep();

    static constexpr std::size_t wakes_most = 4;
    std::atomic<std::uint32_t> state_ = looks;  // what its caller waits on
    std::array<Ticket*, wakes_most> wakes_{};   // whom that wakes once it is awake
};

// The tickets of one batch, as its writer takes them.
class Batch {
  public:
    virtual ~Batch() = default;
    // More tickets; none when the batch is whole. The first call gives at least one.
    [[nodiscard]] virtual std::span<Ticket* const> next() = 0;
    // Wakes the callers: every ticket that next() gave is answered and must not be touched again.
    virtual void wake() = 0;
    // Every ticket that next() gave.
    [[nodiscard]] virtual std::span<Ticket* const> taken() const = 0;
};

class TicketQueue {
  public:
    struct Work {
        // Takes tickets until there are no more, answers them all, and wakes their callers. What
        // it throws goes to the caller that writes, and the next one writes all the same.
        std::function<void(Batch&)> run;
        // What the writer owes after its callers were woken: checkpoints.
        std::function<void()> afterwards;
        // What it does once somebody else may write the next batch: what takes long.
        std::function<void()> aside = [] {};
    };
    explicit TicketQueue(Work work) : work_(std::move(work)) {
        batch_.reserve(limits::batch_operations);  // taking a ticket never fails
    }

    // Returns when the ticket is answered. False: too many wait already, nothing was done.
    [[nodiscard]] bool submit(Ticket& ticket);

  private:
    class Taking;
    void wait(Ticket& ticket) const;
    void lead(Ticket& own);
    void hand_on();

    Work work_;
    std::mutex mutex_;
    std::deque<Ticket*> waiting_;
    bool led_ = false;            // somebody writes
    std::size_t last_batch_ = 0;  // tickets of the batch before: how many may be on their way
    std::vector<Ticket*> batch_;  // the writer's
    std::atomic<std::chrono::steady_clock::duration> took_{};  // by the batch before
};

}  // namespace fenceline
