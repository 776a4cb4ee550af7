// What a store owes its journal between batches, with nobody waiting for an answer.

#include <algorithm>
#include <new>

#include "events/process.hpp"
#include "journal/store_core.hpp"

namespace fenceline {

// A step a batch, so that no caller waits for more than one.
void StoreCore::seal_history() {
    if (options_.seal_after <= 0 || head_.position < seal_at_) return;
    const Position last{head_.position.value - options_.seal_after};
    const auto step = journal_->seal({.last = last, .least = limits::segment_events});
    if (step && step->more) return;
    // Nothing to do yet, or something is in the way: looked at again a segment later.
    const auto sealed = step ? step->sealed : last;
    seal_at_ = Position{std::max(head_.position.value + 1,
                                 sealed.value + options_.seal_after + limits::segment_events)};
    if (!step) seal_at_ = Position{head_.position.value + limits::segment_events};
}

// Likewise.
void StoreCore::drop_history() {
    if (options_.retain_for.ns <= 0 || head_.position < drop_at_) return;
    const auto step = journal_->retain({.older_than = head_.at - options_.retain_for,
                                        .keep = options_.retain_positions,
                                        .by = options_.instance});
    if (!step || !step->more) drop_at_ = Position{head_.position.value + limits::segment_events};
}

// None of it may fail a caller: what is owed is tried again after the next batch. Only a failed
// sync, after which nobody knows what the disk holds, ends the store's work like an unknown commit.
void StoreCore::note(const Result<void>& housekeeping) {
    if (!housekeeping && housekeeping.error().effect == Effect::unknown) poisoned_ = true;
}

void StoreCore::housekeeping() {
    const auto lock = hold(mutex_);
    if (poisoned_ || closed_) return;
    try {
        keep_house();
    } catch (const std::bad_alloc&) {
        // As after any other error.
    }
}

// A checkpoint is as large as the world, workers that ended included, and spares whoever opens the
// events since the one before. One event for four rows takes about as long to fold as they to load.
bool StoreCore::checkpoint_pays(std::int64_t least) const {
    constexpr std::int64_t rows_an_event = 4;
    const auto rows = static_cast<std::int64_t>(fold_.world.size());
    return head_.position.value - checkpointed_.value >= std::max(least, rows / rows_an_event);
}

void StoreCore::keep_house() {
    // Who runs it needs no lock for that.
    if (aside_ == Aside::runs && process_ == this_process() && journal_->lags())
        aside_.wait(Aside::runs);
    // By whoever writes: busy callers leave the mutex to nobody who only sometimes wants it.
    if (aside_ == Aside::ran) end_work();
    if (aside_ == Aside::none && !poisoned_) {
        const auto begun = journal_->begin_maintenance();
        note(begun.map([](const LongWork*) {}));
        if (begun && *begun != nullptr) {
            work_ = *begun;
            aside_ = Aside::begun;
        } else if (!poisoned_) {
            note(journal_->maintain());
        }
    }
    seal_history();
    drop_history();
    if (torn_ || !checkpoint_pays(options_.checkpoint_events)) return;
    if (journal_->save_checkpoint({head_, fold_.save()})) checkpointed_ = head_.position;
}

// With `mutex_`. A failed sync has poisoned the journal, whatever else becomes of this.
void StoreCore::end_work() {
    aside_ = Aside::none;
    note(journal_->end_maintenance());
}

// Beside the next batches, on any thread.
void StoreCore::work_aside() {
    if (process_ != this_process()) return;
    std::unique_lock turn(aside_mutex_, std::try_to_lock);
    auto begun = Aside::begun;
    if (!turn || !aside_.compare_exchange_strong(begun, Aside::runs)) return;
    work_->run();
    aside_ = Aside::ran;
    aside_.notify_all();
    turn.unlock();  // busy callers may keep us from the other for long, and begin the next one
    const auto lock = hold(mutex_);
    try {
        if (aside_ == Aside::ran) end_work();  // no writer came
    } catch (const std::bad_alloc&) {
        // As after any other error.
    }
}

std::unique_lock<std::mutex> StoreCore::end_aside() {
    auto turn = hold(aside_mutex_);
    const auto lock = hold(mutex_);
    if (aside_ != Aside::none) end_work();
    return turn;
}

}  // namespace fenceline
