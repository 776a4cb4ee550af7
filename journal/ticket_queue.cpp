#include "journal/ticket_queue.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "events/limits.hpp"
#include "events/on_throw.hpp"
#include "journal/looking.hpp"

namespace fenceline {

namespace {

// How often the writer lets others run before it commits, while fewer came than last time: those
// just answered are likely to ask again, and their operations ride on the same sync for free.
constexpr int patience_yields = 64;

using Steady = std::chrono::steady_clock;

}  // namespace

void Ticket::sleep() {
    std::uint32_t state = looks;
    if (state_.compare_exchange_strong(state, sleeps) || state == sleeps)
        ::syscall(SYS_futex, &state_, FUTEX_WAIT_PRIVATE, sleeps, nullptr, nullptr, 0);
}

// It may be gone once its state says so: the kernel only looks for who sleeps at that address.
void Ticket::tell(State what) {
    if (state_.exchange(what) == sleeps)
        ::syscall(SYS_futex, &state_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

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

    // Who looks is told by a word. Who sleeps is woken: whom each wakes is settled before any of
    // them is told, as a ticket that is may be gone at once.
    void wake() override {
        auto& all = queue_.batch_;
        std::erase(all, &own_);
        std::erase_if(all, [](Ticket* ticket) {
            std::uint32_t looks = Ticket::looks;
            return ticket->state_.compare_exchange_strong(looks, Ticket::answered);
        });
        const auto first = std::min(all.size(), Ticket::wakes_most);
        for (auto i = first; i < all.size(); ++i) all[i / first - 1]->wakes_[i % first] = all[i];
        for (std::size_t i = 0; i < first; ++i) all[i]->tell(Ticket::answered);
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
    if (!leads) wait(ticket);
    if (leads || ticket.state_ == Ticket::leads) {
        lead(ticket);
        return true;
    }
    for (Ticket* other : ticket.wakes_)
        if (other != nullptr) other->tell(Ticket::answered);
    return true;
}

void TicketQueue::wait(Ticket& ticket) const {
    if (took_.load() <= worth_looking)
        (void)look_for([&] { return ticket.state_ != Ticket::looks; });
    while (ticket.state_ < Ticket::leads) ticket.sleep();
}

// The caller's own ticket is in the first batch it writes: it is at the front of the queue.
void TicketQueue::lead(Ticket& own) {
    batch_.clear();
    Taking batch(*this, own);
    {
        const OnThrow over([&] { hand_on(); });
        const auto begun = Steady::now();
        work_.run(batch);
        took_ = Steady::now() - begun;
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
    next->tell(Ticket::leads);  // it stays at the front until it leads
}

}  // namespace fenceline
