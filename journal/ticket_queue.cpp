#include "journal/ticket_queue.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
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

// The word may be gone once it says so: the kernel only looks for who sleeps at its address.
void tell(std::atomic<std::uint32_t>& word, std::uint32_t what) {
    word.store(what);
    ::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
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
        queue_.last_batch_ = batch.size();
        return {};
    }

    std::span<Ticket* const> taken() const override { return queue_.batch_; }

    // Who wakes whom is settled before anybody is told: a ticket that is may be gone at once.
    void wake() override {
        auto& all = queue_.batch_;
        std::erase(all, &own_);
        const auto first = std::min(all.size(), own_.wakes_.size());
        for (auto i = first; i < all.size(); ++i) all[i / first - 1]->wakes_[i % first] = all[i];
        for (std::size_t i = 0; i < first; ++i) tell(all[i]->state_, Ticket::answered);
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
        waiting_.push_back(&ticket);
        if (!led_) leads = led_ = true;
    }
    while (!leads) {
        const auto state = ticket.state_.load();
        if (state == Ticket::answered) {
            for (Ticket* other : ticket.wakes_)
                if (other != nullptr) tell(other->state_, Ticket::answered);
            return true;
        }
        leads = state == Ticket::leads;
        if (!leads) sleep_while(ticket.state_, Ticket::waits);
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
    Ticket* next = nullptr;
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.empty()) {
            led_ = false;
            return;
        }
        next = waiting_.front();
    }
    tell(next->state_, Ticket::leads);  // it stays at the front until it leads
}

}  // namespace fenceline
