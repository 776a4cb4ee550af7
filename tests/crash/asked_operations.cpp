#include "tests/crash/asked_operations.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace fenceline::testing {

namespace {

// One request, one event; but expiring control planes is an event for each.
bool happened_twice(const Command& command, const std::vector<Event>& events) {
    const auto operation = operation_of(command.request);
    return operation != Operation::cp_expire_stale && operation != Operation::cp_expire_draining &&
           std::ranges::count(events, command.ask.request_id, &Event::request_id) > 1;
}

bool is_there(const std::string& id, const std::vector<Event>& events) {
    return std::ranges::find(events, id, &Event::request_id) != events.end();
}

}  // namespace

void AskedOperations::note(const Command& command, Result<Answer> answer) {
    if (!answer && answer.error().effect == Effect::unknown) ++unknown_;
    asked_.push_back({command, std::move(answer)});
}

void AskedOperations::wrong(const std::string& what) {
    if (wrong_.empty()) wrong_ = what;
}

void AskedOperations::judge(const std::vector<Event>& events) {
    for (const auto& asked : asked_) judge(asked, events);
}

// A request that was asked more than once may be there of another time.
bool AskedOperations::done_another_time(const std::string& id) const {
    return std::ranges::count_if(asked_, [&](const Asked& asked) {
               return asked.command.ask.request_id == id &&
                      (asked.answer || asked.answer.error().effect == Effect::unknown);
           }) > 0;
}

void AskedOperations::judge(const Asked& asked, const std::vector<Event>& events) {
    const auto& id = asked.command.ask.request_id;
    if (id.empty()) return;
    if (happened_twice(asked.command, events)) return wrong(id + " is there more than once");
    if (!asked.answer) {
        if (asked.answer.error().effect == Effect::not_applied && is_there(id, events) &&
            !done_another_time(id))
            wrong(id + " was refused and is there: " + asked.answer.error().text);
        return;
    }
    const auto& answer = *asked.answer;
    if (!answer.position.given()) return;
    const auto at = std::ranges::find(events, answer.position, &Event::position);
    if (at == events.end() || at->request_id != id)
        return wrong(id + " was answered and is not there");
    if (at->outcome != answer.outcome || at->operation != answer.operation ||
        at->worker != answer.worker || at->to != answer.to)
        wrong(id + " is there as another one");
}

void AskedOperations::ask_again(LifecycleStore& store, const std::vector<Event>& events,
                                const std::function<std::vector<Event>()>& read_back) {
    std::set<std::string> done;
    for (const Event& event : events) done.insert(event.request_id);
    for (const auto& asked : asked_) {
        const auto& id = asked.command.ask.request_id;
        if (id.empty() || (asked.answer && !asked.answer->position.given())) continue;
        const auto again = store.apply(asked.command);
        if (!again) {
            if (again.error().code != ErrorCode::invalid_request)
                wrong(id + " asked again: " + again.error().text);
            continue;
        }
        // From now on it is there, also for whoever asks for the same once more; but for what has
        // no event.
        const bool fresh = again->position.given() ? done.insert(id).second : !done.contains(id);
        if (again->replayed == fresh) wrong(id + " was done twice or never");
        if (asked.answer &&
            (again->position != asked.answer->position || again->outcome != asked.answer->outcome))
            wrong(id + " has another answer now");
    }
    const auto now = read_back();
    for (const auto& asked : asked_)
        if (!asked.command.ask.request_id.empty() && happened_twice(asked.command, now))
            wrong(asked.command.ask.request_id + " happened twice");
}

}  // namespace fenceline::testing
