#include "journal/ticket_queue.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <iterator>
#include <thread>

#include "events/limits.hpp"
#include "events/on_throw.hpp"

namespace fenceline {

namespace {

// How often the writer lets others run before it commits, while fewer came than last time: those
// just answered are likely to ask again, and their operations ride on the same sync for free.
constexpr int patience_yields = 64;

// Not std::atomic::wait: that yields a few times before it sleeps, which with more callers than
// processors is one more switch of threads for each.
void sleep_while(std::atomic<std::uint32_t>& word, std::uint32_t seen) {
    ::syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, seen, nullptr, nullptr, 0);
}

// The word may be gone already: the kernel only looks for sleepers at its address.
void wake_all(std::atomic<std::uint32_t>* word) {
    ::syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

}  // namespace

class TicketQueue::Taking final : public Batch {
  public:
    Taking(TicketQueue& queue, const Ticket& own) : queue_(queue), own_(own) {}

    std::span<Ticket* const> next() override {
        std::unique_lock lock(queue_.mutex_);
        auto& batch = queue_.batch_;
        const auto had = batch.size();
        for (;;) {
            const bool full = !take();
            if (batch.size() > had) return std::span(batch).subspan(had);
            if (full || batch.size() >= queue_.last_batch_ || ++yields_ > patience_yields) break;
            lock.unlock();
            std::this_thread::yield();
            lock.lock();
        }
        queue_.taking_ = false;
        queue_.last_batch_ = batch.size();
        queue_.bed_ = (queue_.bed_ + 1) % std::size(queue_.beds_);
        return {};
    }

    std::span<Ticket* const> taken() const override { return queue_.batch_; }

    void wake() override {
        // A ticket may be gone as soon as its state says so.
        std::atomic<std::uint32_t>* words[std::size(decltype(queue_.beds_){})] = {};
        for (Ticket* ticket : queue_.batch_) {
            if (ticket == &own_) continue;
            auto* word = ticket->sleeps_on_;
            const bool alone = word == &ticket->state_;
            ticket->state_.store(Ticket::answered);
            if (alone)
                wake_all(word);
            else
                words[word - queue_.beds_] = word;
        }
        for (auto* word : words)
            if (word != nullptr) {
                word->fetch_add(1);
                wake_all(word);
            }
    }

  private:
    // False: the batch is full.
    bool take() {
        auto& waiting = queue_.waiting_;
        while (!waiting.empty()) {
            const auto more = waiting.front()->commands.size();
            if (operations_ != 0 && operations_ + more > limits::batch_operations) return false;
            operations_ += more;
            queue_.batch_.push_back(waiting.front());
            waiting.pop_front();
        }
        return true;
    }

    TicketQueue& queue_;
    const Ticket& own_;
    std::size_t operations_ = 0;
    int yields_ = 0;
};

bool TicketQueue::submit(Ticket& ticket) {
    bool leads = false;
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.size() >= limits::queued_operations) return false;
        // The first who comes once a batch is whole will write the next one.
        const bool alone = !taking_ && waiting_.empty();
        ticket.sleeps_on_ = alone ? &ticket.state_ : &beds_[bed_];
        waiting_.push_back(&ticket);
        if (!led_) leads = led_ = taking_ = true;
    }
    while (!leads) {
        const auto seen = ticket.sleeps_on_->load();
        const auto state = ticket.state_.load();
        if (state == Ticket::answered) return true;
        leads = state == Ticket::leads;
        if (!leads) sleep_while(*ticket.sleeps_on_, seen);
    }
    lead(ticket);
    return true;
}

// The caller's own ticket is in the first batch it writes: it is at the front of the queue.
void TicketQueue::lead(Ticket& own) {
    batch_.clear();
    Taking batch(*this, own);
    {
        const OnThrow over([&] { hand_on(); });
        work_.run(batch);
        work_.afterwards();
    }
    hand_on();
    work_.aside();
}

void TicketQueue::hand_on() {
    std::atomic<std::uint32_t>* word = nullptr;
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.empty()) {
            led_ = false;
            return;
        }
        taking_ = true;
        word = waiting_.front()->sleeps_on_;
        const bool alone = word == &waiting_.front()->state_;
        waiting_.front()->state_.store(Ticket::leads);
        if (!alone) word->fetch_add(1);  // left over from a full batch: it sleeps among others
    }
    wake_all(word);
}

}  // namespace fenceline
