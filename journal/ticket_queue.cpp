#include "journal/ticket_queue.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <iterator>
#include <thread>
#include <utility>

#include "events/limits.hpp"
#include "events/on_throw.hpp"

namespace fenceline {

namespace {

// How often the writer lets others run before it commits, while fewer came than last time: those
// just answered are likely to ask again, and their operations ride on the same sync for free.
constexpr int patience_yields = 64;

// How many each wakes. With 64 callers on two cores 2 to 8 differ by less than the noise; where one
// wakes all, a sixth fewer are answered.
constexpr int woken_by_each = 4;

// Not std::atomic::wait: that yields a few times before it sleeps, which with more callers than
// processors is one more switch of threads for each.
void sleep_while(std::atomic<std::uint32_t>& word, std::uint32_t seen) {
    ::syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, seen, nullptr, nullptr, 0);
}

// The word may be gone already: the kernel only looks for sleepers at its address.
void wake_up(std::atomic<std::uint32_t>* word, int most) {
    ::syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, most, nullptr, nullptr, 0);
}

// By everyone who is awake, until all are.
void wake_some(Bed& bed) {
    if (bed.asleep.load() > 0 && bed.asleep.fetch_sub(woken_by_each) > 0)
        wake_up(&bed.batches, woken_by_each);
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
            if (!full_) full_ = !take();
            if (batch.size() > had) return std::span(batch).subspan(had);
            if (full_ || batch.size() >= queue_.last_batch_ || ++yields_ > patience_yields) break;
            lock.unlock();
            std::this_thread::yield();
            lock.lock();
        }
        queue_.taking_ = false;
        queue_.last_batch_ = batch.size();
        queue_.make_bed();
        return {};
    }

    std::span<Ticket* const> taken() const override { return queue_.batch_; }

    void wake() override {
        // A ticket may be gone as soon as its state says so.
        std::int32_t asleep[std::size(decltype(queue_.beds_){})] = {};
        for (Ticket* ticket : queue_.batch_) {
            if (ticket == &own_) continue;
            Bed* bed = ticket->bed_;
            auto* own_word = &ticket->state_;
            ticket->state_.store(Ticket::answered);
            if (bed == nullptr)
                wake_up(own_word, 1);
            else
                ++asleep[bed - queue_.beds_];
        }
        for (std::size_t i = 0; i < std::size(asleep); ++i) {
            if (asleep[i] == 0) continue;
            Bed& bed = queue_.beds_[i];
            // Where some are left over for the next batch they sleep among those who are not, and
            // would wake nobody.
            if (!full_) bed.asleep = asleep[i];
            bed.batches.fetch_add(1);
            full_ ? wake_up(&bed.batches, INT_MAX) : wake_some(bed);
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
    bool full_ = false;
    int yields_ = 0;
};

bool TicketQueue::submit(Ticket& ticket) {
    bool leads = false;
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.size() >= limits::queued_operations) return false;
        // The first who comes once a batch is whole will write the next one.
        const bool alone = !taking_ && waiting_.empty();
        ticket.bed_ = alone ? nullptr : &beds_[bed_];
        if (!alone) beds_[bed_].used = true;
        waiting_.push_back(&ticket);
        if (!led_) leads = led_ = taking_ = true;
    }
    auto& word = ticket.bed_ != nullptr ? ticket.bed_->batches : ticket.state_;
    while (!leads) {
        const auto seen = word.load();
        const auto state = ticket.state_.load();
        leads = state == Ticket::leads;
        if (state == Ticket::waits) sleep_while(word, seen);
        if (state != Ticket::waits && ticket.bed_ != nullptr) wake_some(*ticket.bed_);
        if (state == Ticket::answered) return true;
    }
    lead(ticket);
    return true;
}

// For the next batch. Of the last one that had it some may not have been woken yet, as whoever was
// to wake them has had no processor since; from here on others sleep in it.
void TicketQueue::make_bed() {
    bed_ = (bed_ + 1) % std::size(beds_);
    Bed& bed = beds_[bed_];
    if (std::exchange(bed.used, false)) wake_up(&bed.batches, INT_MAX);
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
        Ticket& next = *waiting_.front();
        word = next.bed_ != nullptr ? &next.bed_->batches : &next.state_;
        next.state_.store(Ticket::leads);
        if (next.bed_ != nullptr) word->fetch_add(1);  // left over: it sleeps among others
    }
    wake_up(word, INT_MAX);
}

}  // namespace fenceline
