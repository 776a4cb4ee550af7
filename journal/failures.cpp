#include "journal/failures.hpp"

#include <algorithm>
#include <iterator>
#include <type_traits>

namespace fenceline {

namespace {
// Durations in one event: keeps its payload far below limits::payload_bytes.
constexpr std::size_t durations_per_event = 4'096;
}  // namespace

Named named_by(const Request& request) {
    return std::visit(
        [](const auto& r) -> Named {
            using R = std::decay_t<decltype(r)>;
            if constexpr (requires { r.lease; }) return {r.lease.worker(), r.lease.image()};
            if constexpr (requires { r.snapshot; })
                return {r.snapshot.row().worker, r.snapshot.row().image};
            if constexpr (std::is_same_v<R, Adopt>) return {r.row.worker, r.row.image};
            if constexpr (std::is_same_v<R, Spawn>) return {r.worker.value_or(WorkerId{}), r.image};
            if constexpr (requires { r.image; }) return {WorkerId{}, r.image};
            if constexpr (std::is_same_v<R, TakeOver>) return {r.worker, {}};
            return {};
        },
        request);
}

void PendingFailures::add(const Command& command, ErrorCode code, Duration took) {
    const Operation operation = operation_of(command.request);
    if (!acts_on_worker(operation)) return;  // no metric counts its attempts
    if (count_ >= static_cast<std::int64_t>(limits::pending_failures)) {
        ++dropped_;
        return;
    }
    const auto named = named_by(command.request);
    // A command that is itself senseless may hold texts that no event can: those stay out.
    const bool sound = validate(command).has_value();
    const auto [kept, fresh] =
        kept_.try_emplace({operation, command.ask.origin, code, sound ? named.worker : WorkerId{},
                           sound ? command.ask.caller : std::string{},
                           sound ? std::string(named.image) : std::string{}},
                          Kept{{took}});
    if (!fresh) kept->second.took.push_back(took);
    ++count_;
}

std::vector<Event> PendingFailures::events(Dictionary& texts, Time at, std::size_t most) const {
    std::vector<Event> events;
    for (const auto& [key, kept] : kept_) {
        if (events.size() == most) break;
        const auto& [operation, origin, code, worker, caller, image] = key;
        const auto& took = kept.took;
        const auto n = std::min(took.size(), durations_per_event);
        events.push_back(Event{
            .at = at,
            .operation = operation,
            .outcome = Outcome::store_error,
            .failed_check = Check::journal,
            .origin = origin,
            .caller = texts.intern(caller),
            .worker = worker,
            .image = texts.intern(image),
            .count = static_cast<std::uint32_t>(n),
            .payload = OperationFailed{code, {took.begin(), took.begin() + static_cast<long>(n)}}});
    }
    return events;
}

// None of these takes memory: they tell of a commit that was made.
void PendingFailures::doubt(std::size_t n) {
    for (auto& [key, kept] : kept_) {
        kept.in_doubt = n > 0 ? std::min(kept.took.size(), durations_per_event) : 0;
        n -= n > 0 ? 1 : 0;
    }
}

void PendingFailures::doubt_recorded() {
    for (auto it = kept_.begin(); it != kept_.end();) {
        auto& [took, gone] = it->second;
        count_ -= static_cast<std::int64_t>(gone);
        took.erase(took.begin(), took.begin() + static_cast<long>(gone));
        gone = 0;
        it = took.empty() ? kept_.erase(it) : std::next(it);
    }
}

void PendingFailures::doubt_dismissed() {
    for (auto& [key, kept] : kept_) kept.in_doubt = 0;
}

}  // namespace fenceline
