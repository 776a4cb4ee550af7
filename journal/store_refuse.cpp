// What callers hear whose commit did not come about, and what is left of it.

#include <algorithm>
#include <new>

#include "journal/store_core.hpp"

namespace fenceline {

Result<void> StoreCore::same_process() const {
    if (process_ == this_process()) return {};
    return fail(ErrorCode::invalid_request, "the store was opened before fork()",
                "open it in this process");
}

void StoreCore::count_failure(const Ticket& ticket, const Command& command, const Error& error) {
    // An unknown commit is neither applied nor counted as failed: reopening tells.
    if (error.effect != Effect::not_applied) return;
    try {
        failures_.add(command, error.code, clock_->elapsed() - ticket.entered);
    } catch (const std::bad_alloc&) {
        failures_.drop();
    }
}

void StoreCore::refuse(Batch& batch, const Error& error) {
    for (auto tickets = batch.next(); !tickets.empty(); tickets = batch.next())
        for (Ticket* ticket : tickets)
            for (const Command& command : ticket->commands) {
                count_failure(*ticket, command, error);
                ticket->answers.emplace_back(tl::unexpected<Error>(error));
            }
}

void StoreCore::refuse_staged(const Error& error) {
    const bool durable = make_durable().has_value();
    for (Slot& slot : slots_) {
        const bool ready = slot.how == Slot::How::from_memory ||
                           (slot.how == Slot::How::replayed && slot.count == 0);
        if (ready && durable) {
            slot.ticket->answers.emplace_back(std::move(slot.answer));
            continue;
        }
        count_failure(*slot.ticket, *slot.command, error);
        slot.ticket->answers.emplace_back(tl::unexpected<Error>(error));
    }
}

// Takes no memory: the answers have their room, and the text fits into the error. An operation that
// was answered from memory is tallied already, and what may be tallied is not refused.
void StoreCore::refuse_rest(Batch& batch) noexcept {
    const bool nothing_done =
        reached_ < Reached::appending &&
        std::ranges::find(slots_, Slot::How::from_memory, &Slot::how) == slots_.end();
    Error error{.code = ErrorCode::io, .text = "out of memory"};
    if (!nothing_done) {
        error.effect = Effect::unknown;
        poisoned_ = true;
    }
    if (batch.taken().empty()) (void)batch.next();  // the writer's own is the first of them
    for (Ticket* ticket : batch.taken())
        while (ticket->answers.size() < ticket->commands.size()) {
            count_failure(*ticket, ticket->commands[ticket->answers.size()], error);
            ticket->answers.emplace_back(tl::unexpected<Error>(error));
        }
}

// Before an append nothing can be there of it, and within one nobody knows.
void StoreCore::abandon() noexcept {
    if (journal_ != nullptr) journal_->cancel_write();
    torn_ = torn_ || reached_ == Reached::staging || reached_ == Reached::appending;
    poisoned_ = poisoned_ || reached_ == Reached::appending;
}

}  // namespace fenceline
