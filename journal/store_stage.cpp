// Staging: what a batch will append, decided in order, each command seeing the ones before it.

#include <algorithm>

#include "journal/answer_builder.hpp"
#include "journal/store_core.hpp"
#include "statemachine/decide.hpp"

namespace fenceline {

namespace {
// Failed operations appended with one commit: they must not crowd out the living ones.
constexpr std::size_t failures_per_commit = 128;
}  // namespace

void StoreCore::stage_event(Event event, Undo& undo) {
    event.position = Position{head_.position.value + 1 + static_cast<std::int64_t>(staged_.size())};
    event.recorder = writer();
    undo.before(event);
    evolve(fold_.world, event);
    staged_.push_back(std::move(event));
}

void StoreCore::stage_owed(Owed owed, Undo& undo) {
    if (!failures_.empty())
        for (Event& event : failures_.events(fold_.world.texts, now(), failures_per_commit)) {
            stage_event(std::move(event), undo);
            ++staged_failures_;
        }
    if (owed == Owed::failures_and_heartbeats)
        for (const WorkerId worker : heartbeats_.workers()) stage_tally(worker, now(), undo);
}

void StoreCore::stage_tally(WorkerId id, Time at, Undo& undo) {
    if (heartbeats_.empty()) return;
    const Worker* worker = fold_.world.find(id);
    if (!worker) return;
    if (auto event = heartbeats_.take(*worker, at)) stage_event(std::move(*event), undo);
}

// A request id that was answered already: from this batch, or from the journal. An error is not "it
// was not": decided again, the request would take effect twice.
Result<bool> StoreCore::replay(Slot& slot, TextId caller) {
    const auto& id = slot.command->ask.request_id;
    const auto same = [&](const Event& event) {
        return event.caller == caller && event.request_id == id;
    };
    const auto staged = std::ranges::find_if(staged_, same);
    if (staged != staged_.end()) {
        slot.first = static_cast<std::size_t>(staged - staged_.begin());
        slot.count =
            static_cast<std::size_t>(std::find_if_not(staged, staged_.end(), same) - staged);
        slot.how = Slot::How::replayed;
        return true;
    }
    for (const Position first : fold_.requests.candidates(caller, id)) {
        std::vector<Event> events;
        for (auto at = first.value; at <= head_.position.value; ++at) {
            auto event = journal_->event(Position{at});
            if (!event && event.error().code != ErrorCode::not_found)
                return tl::unexpected<Error>(std::move(event.error()));
            if (!event || !same(*event)) break;
            events.push_back(std::move(*event));
        }
        if (events.empty()) continue;  // another id with the same hash
        slot.answer = answer_of(events, fold_.world.texts);
        slot.answer.replayed = true;
        slot.how = Slot::How::replayed;
        return true;
    }
    return false;
}

bool StoreCore::stays_in_memory(Slot& slot, const Event& event, Duration entered) {
    if (event.operation != Operation::heartbeat || options_.heartbeat_resolution.ns <= 0)
        return false;
    const Worker* worker = fold_.world.find(event.worker);
    if (!worker || !heartbeats_.may_wait(event, *worker, options_.heartbeat_resolution))
        return false;
    slot.answer = answer_of({&event, 1}, fold_.world.texts);
    slot.answer.position = Position{};
    heartbeats_.add(event, clock_->elapsed() - entered);
    slot.how = Slot::How::from_memory;
    return true;
}

void StoreCore::stage(Ticket& ticket, const Command& asked, Undo& undo) {
    Slot& slot = slots_.emplace_back();
    slot.ticket = &ticket;
    slot.command = &asked;
    if (!readable_) return;  // the batch ends with the error that an earlier command met
    Command filled;
    const Command* command = &asked;
    if (asked.ask.caller.empty() && !options_.instance.empty()) {
        filled = asked;
        filled.ask.caller = options_.instance;
        command = &filled;
    }
    auto& texts = fold_.world.texts;
    scratch_.clear();
    if (auto sound = validate(*command); !sound) {
        // Senseless whoever sends it: refused before any decision, and counted.
        slot.how = Slot::How::refused;
        slot.error = std::move(sound.error());
        if (acts_on_worker(operation_of(command->request)))
            scratch_.push_back(decide_senseless(fold_.world, *command, slot.error, now()));
    } else {
        TextId caller;
        const bool may_be_known =
            !command->ask.request_id.empty() && texts.find(command->ask.caller, caller);
        auto known = may_be_known ? replay(slot, caller) : false;
        if (!known) {
            readable_ = tl::unexpected<Error>(std::move(known.error()));
            return;
        }
        if (*known) return;
        fenceline::decide(fold_.world, *command, now(), scratch_);
        if (scratch_.size() == 1 && stays_in_memory(slot, scratch_.front(), ticket.entered)) return;
    }
    // At the time of the event that it goes before: a clock read now would already be later.
    for (const Event& event : scratch_)
        if (event.worker.given()) stage_tally(event.worker, event.at, undo);
    slot.first = staged_.size();
    slot.count = scratch_.size();
    for (Event& event : scratch_) {
        event.request_id = slot.how == Slot::How::refused ? "" : command->ask.request_id;
        stage_event(std::move(event), undo);
    }
    if (options_.cleanup && slot.count > 0 && schedules_cleanup(staged_[slot.first]))
        if (const Worker* worker = fold_.world.find(staged_[slot.first].worker)) {
            auto row = view_of(*worker, texts);
            ticket.cleanups.push_back(
                {row.worker, std::move(row.pod), std::move(row.retire_reason)});
        }
}

}  // namespace fenceline
