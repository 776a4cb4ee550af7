#include "tests/simulation/fence_watch.hpp"

#include <algorithm>
#include <optional>
#include <variant>

namespace fenceline::testing {

namespace {

// The epoch that the caller showed as the owner's.
std::optional<std::int64_t> shown_epoch(const Event& event) {
    return std::visit(
        [](const auto& p) -> std::optional<std::int64_t> {
            if constexpr (requires { p.lease.epoch; }) return p.lease.epoch.value;
            if constexpr (requires { p.asked_epoch; }) return p.asked_epoch.value;
            return std::nullopt;
        },
        event.payload);
}

// The epoch that the worker has from here on.
std::int64_t epoch_after(const Event& event, std::int64_t before) {
    return std::visit(
        [&](const auto& p) {
            if constexpr (requires { p.new_epoch; }) return p.new_epoch.value;
            if constexpr (requires {
                              p.epoch;
                              p.org;
                          })
                return p.epoch.value;
            return before;
        },
        event.payload);
}

}  // namespace

std::string FenceWatch::sees(const Event& event) {
    const std::string where = "event " + std::to_string(event.position.value) + ": ";
    if (event.position.value != last_.value + 1) return where + "not the next position";
    if (event.at < at_) return where + "older than the one before it";
    last_ = event.position;
    at_ = event.at;
    if (event.outcome != Outcome::transitioned || !event.worker.given()) return {};

    auto& known = workers_[event.worker];
    const auto shown = shown_epoch(event);
    const bool newer_passes = event.operation == Operation::retire_local;
    if (shown && (newer_passes ? *shown < known.epoch : *shown != known.epoch))
        return where + "a transition by a stale epoch";
    if (known.ended && event.to != event.from) return where + "it leaves a terminal state";
    const auto after = epoch_after(event, known.epoch);
    if (after < known.epoch) return where + "the epoch falls";
    known.epoch = after;
    known.ended = event.to == State::retired || event.to == State::lost;
    return {};
}

}  // namespace fenceline::testing
