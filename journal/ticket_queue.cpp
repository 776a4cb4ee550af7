#include "journal/ticket_queue.hpp"

#include <thread>

#include "events/limits.hpp"

namespace fenceline {

namespace {
// How often the writer lets others run before it starts, while fewer wait than last time: those
// just answered are likely to ask again, and their operations ride on the same sync for free.
constexpr int gather_yields = 64;
}  // namespace

bool TicketQueue::submit(Ticket& ticket) {
    {
        std::unique_lock lock(mutex_);
        if (waiting_.size() >= limits::queued_operations) return false;
        waiting_.push_back(&ticket);
        if (led_) {
            lock.unlock();
            ticket.wake_.acquire();
            if (!ticket.leads_) return true;
        } else {
            led_ = true;
        }
    }
    lead(ticket);
    return true;
}

void TicketQueue::gather(std::unique_lock<std::mutex>& lock) {
    for (int i = 0; i < gather_yields && waiting_.size() < last_batch_; ++i) {
        lock.unlock();
        std::this_thread::yield();
        lock.lock();
    }
}

// The caller's own ticket is in the first batch it writes: it is at the front of the queue.
void TicketQueue::lead(Ticket& own) {
    std::unique_lock lock(mutex_);
    gather(lock);
    batch_.clear();
    std::size_t operations = 0;
    while (!waiting_.empty()) {
        const auto more = waiting_.front()->commands.size();
        if (!batch_.empty() && operations + more > limits::batch_operations) break;
        operations += more;
        batch_.push_back(waiting_.front());
        waiting_.pop_front();
    }
    last_batch_ = batch_.size();
    lock.unlock();

    work_.run(batch_);
    // A woken ticket may be gone at once: it is not touched after its release.
    for (Ticket* ticket : batch_)
        if (ticket != &own) ticket->wake_.release();
    work_.afterwards();

    lock.lock();
    if (waiting_.empty()) {
        led_ = false;
        return;
    }
    Ticket* next = waiting_.front();
    next->leads_ = true;
    lock.unlock();
    next->wake_.release();
}

}  // namespace fenceline
