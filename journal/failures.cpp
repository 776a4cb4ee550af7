#include "journal/failures.hpp"

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
    auto& took_so_far =
        kept_[{operation, command.ask.origin, code, sound ? named.worker : WorkerId{},
               sound ? command.ask.caller : std::string{},
               sound ? std::string(named.image) : std::string{}}];
    took_so_far.push_back(took);
    ++count_;
}

std::vector<Event> PendingFailures::events(Dictionary& texts, Time at, std::size_t most) const {
    std::vector<Event> events;
    for (const auto& [key, took] : kept_) {
        if (events.size() == most) break;
        const auto& [operation, origin, code, worker, caller, image] = key;
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

void PendingFailures::doubt(std::size_t n) {
    in_doubt_.clear();
    for (const auto& [key, took] : kept_) {
        if (in_doubt_.size() == n) break;
        in_doubt_.emplace_back(key, std::min(took.size(), durations_per_event));
    }
}

void PendingFailures::doubt_recorded() {
    for (const auto& [key, gone] : in_doubt_) {
        const auto it = kept_.find(key);
        auto& took = it->second;
        count_ -= static_cast<std::int64_t>(gone);
        took.erase(took.begin(), took.begin() + static_cast<long>(gone));
        if (took.empty()) kept_.erase(it);
    }
    in_doubt_.clear();
}

}  // namespace fenceline
