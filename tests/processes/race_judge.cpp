#include "tests/processes/race_judge.hpp"

#include <algorithm>
#include <limits>
#include <map>

#include "replay/asked.hpp"
#include "tests/support/oracle_compare.hpp"

namespace fenceline::testing {

namespace {

constexpr std::size_t enough = 10;

std::string at(std::int64_t position) {
    return "position " + std::to_string(position);
}

class Judge {
  public:
    Judge(const std::vector<Event>& events, const Dictionary& texts, const RaceRecord& record,
          Hearing heard)
        : events_(events), texts_(texts), record_(record), heard_(heard) {}

    std::vector<std::string> objections() {
        for (const auto& problem : record_.problems) object(problem);
        positions();
        answers();
        requests();
        real_time();
        replay();
        return std::move(objections_);
    }

  private:
    void object(const std::string& what) {
        if (objections_.size() < enough) objections_.push_back(what);
    }
    [[nodiscard]] const Event* event(std::int64_t position) const {
        if (position < 1 || position > static_cast<std::int64_t>(events_.size())) return nullptr;
        return &events_[static_cast<std::size_t>(position - 1)];
    }
    [[nodiscard]] static bool is_tally(const Event& event) {
        return std::holds_alternative<HeartbeatsTallied>(event.payload);
    }

    void positions();
    void answers();
    void answer(const Ack& ack);
    void requests();
    void real_time();
    void replay();

    const std::vector<Event>& events_;
    const Dictionary& texts_;
    const RaceRecord& record_;
    Hearing heard_;
    std::vector<std::string> objections_;
};

void Judge::positions() {
    for (std::size_t i = 0; i < events_.size(); ++i)
        if (events_[i].position.value != static_cast<std::int64_t>(i + 1))
            return object(at(static_cast<std::int64_t>(i + 1)) + " is not in its place");
    for (std::size_t i = 1; i < events_.size(); ++i)
        if (events_[i].at < events_[i - 1].at)
            return object(at(events_[i].position.value) + " is older than the one before it");
}

// The answer says what the event at its position says.
void Judge::answer(const Ack& ack) {
    const Event* event = this->event(ack.position);
    if (!event) return object(ack.who + " was answered " + at(ack.position) + ": not there");
    std::int64_t epoch = 0;
    if (const auto* p = std::get_if<WorkerClaimed>(&event->payload)) epoch = p->new_epoch.value;
    if (const auto* p = std::get_if<WorkerTakenOver>(&event->payload)) epoch = p->new_epoch.value;
    if (const auto* p = std::get_if<LeaseRefreshed>(&event->payload)) epoch = p->new_epoch.value;
    if (const auto* p = std::get_if<WorkerSpawned>(&event->payload))
        epoch = transitioned(*event) ? p->epoch.value : 0;
    const bool refused = event->failed_check != Check::none;
    const bool same =
        ack.operation == to_text(event->operation) && ack.outcome == to_text(event->outcome) &&
        ack.check == (refused ? to_text(event->failed_check) : "") &&
        ack.worker == event->worker.value && ack.epoch == epoch &&
        ack.winner == (refused ? event->version.value : 0) &&
        ack.caller == texts_.text(event->caller) && ack.request_id == event->request_id;
    if (!same)
        object(ack.who + " heard " + ack.operation + " " + ack.outcome + " " + ack.check +
               " on worker " + std::to_string(ack.worker) + ", " + at(ack.position) + " is " +
               std::string(to_text(event->operation)) + " " + std::string(to_text(event->outcome)) +
               " on worker " + std::to_string(event->worker.value));
}

void Judge::answers() {
    // Of a record that lies the positions may have gaps.
    std::map<std::int64_t, int> heard;
    for (const Ack& ack : record_.acks) {
        if (ack.from_memory()) continue;
        if (ack.replayed || ack.events() > 0) answer(ack);
        for (std::int64_t i = 0; i < ack.events(); ++i)
            if (event(ack.position + i)) ++heard[ack.position + i];
    }
    for (const Event& event : events_) {
        const int times = heard[event.position.value];
        if (times > 1) object(at(event.position.value) + " was answered twice");
        // A sweep says which control planes expired, not where that is written.
        const bool untold = is_tally(event) || event.operation == Operation::cp_expire_stale ||
                            event.operation == Operation::cp_expire_draining;
        if (times == 0 && heard_ == Hearing::all && !untold)
            object(at(event.position.value) + " was answered to nobody");
    }
}

void Judge::requests() {
    std::map<std::pair<std::string, std::string>, std::vector<const Event*>> recorded;
    for (const Event& event : events_)
        if (!event.request_id.empty())
            recorded[{std::string(texts_.text(event.caller)), event.request_id}].push_back(&event);
    for (const auto& [name, events] : recorded)
        for (const Event* event : events)
            if (event->position.value - events.front()->position.value >=
                    static_cast<std::int64_t>(events.size()) ||
                (events.size() > 1 && kind_of(event->operation) != OperationKind::control_plane))
                object("request " + name.second + " of " + name.first + " happened twice");
    for (const Ack& ack : record_.acks) {
        if (ack.request_id.empty() || ack.from_memory()) continue;
        const auto it = recorded.find({ack.caller, ack.request_id});
        // An expiry that found nobody left nothing to answer from.
        if (it == recorded.end()) {
            if (ack.events() > 0) object("request " + ack.request_id + " is not in the journal");
        } else if (it->second.front()->position.value != ack.position && ack.replayed) {
            object("request " + ack.request_id + " was answered again, but otherwise");
        }
    }
}

// Walks down the positions: nobody further up may have finished before this one began.
void Judge::real_time() {
    std::vector<const Ack*> acks;
    for (const Ack& ack : record_.acks)
        if (ack.events() > 0) acks.push_back(&ack);
    std::ranges::sort(acks, {}, [](const Ack* ack) { return -ack->position; });
    std::int64_t earliest_end = std::numeric_limits<std::int64_t>::max();
    for (const Ack* ack : acks) {
        if (earliest_end < ack->start)
            object(at(ack->position) + " began after a later position had ended");
        earliest_end = std::min(earliest_end, ack->end);
    }
}

void Judge::replay() {
    Oracle oracle("");
    for (std::size_t i = 0; i < events_.size() && objections_.empty();) {
        const Event& event = events_[i];
        if (const auto* tally = std::get_if<HeartbeatsTallied>(&event.payload)) {
            oracle.tallied(event.worker.value, event.count, tally->last_at.ns,
                           std::string(to_text(event.origin)), event.at.ns);
            ++i;
            continue;
        }
        if (std::holds_alternative<OperationFailed>(event.payload))
            return object(at(event.position.value) + " is a failed operation");
        const auto command = fenceline::replay::asked(event, texts_);
        if (!command) return object(at(event.position.value) + " asks nothing that is known");
        const auto expected = oracle.apply(*command, event.at.ns);
        if (expected.replayed || expected.error || expected.events.empty())
            return object(at(event.position.value) + " should not have happened");
        for (const auto& one : expected.events) {
            if (i == events_.size()) return object("the journal ends in the middle of an answer");
            if (auto what = difference(one, events_[i++], texts_); !what.empty())
                return object(what);
        }
    }
}

}  // namespace

std::vector<std::string> judge_race(const std::vector<Event>& events, const Dictionary& texts,
                                    const RaceRecord& record, Hearing heard) {
    return Judge(events, texts, record, heard).objections();
}

}  // namespace fenceline::testing
