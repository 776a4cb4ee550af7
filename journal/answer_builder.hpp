#pragma once

// Answers and rows as texts, made from events and records. Pure.

#include <span>

#include "events/text.hpp"
#include "journal/answers.hpp"
#include "statemachine/worker.hpp"

namespace fenceline {

// The answer that an operation's events give; the same from memory as from the journal, so that a
// retry hears what the first call heard. One event, but for the expiries of control planes.
[[nodiscard]] Answer answer_of(std::span<const Event> events, const Dictionary& texts);

[[nodiscard]] WorkerView view_of(const Worker& worker, const Dictionary& texts);
[[nodiscard]] std::string pod_name(const PodName& pod, WorkerId worker, const Dictionary& texts);

// Whether this event says that the worker's pod must go (section 3 of the lifecycle contract).
[[nodiscard]] bool schedules_cleanup(const Event& event);

}  // namespace fenceline
