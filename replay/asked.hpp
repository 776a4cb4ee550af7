#pragma once

// What was asked, read back from the event that came of it: an event holds its arguments and its
// fence, so that the decision can be made again.
//
//   if (const auto command = asked(event, texts)) decide(world, *command, event.at, events);
//
// What an event does not hold: the image that a refused `spawn` or `adopt` named when the worker
// existed already, and the one that an observation left out (the worker's stands in for both). No
// decision depends on them.
//
// Pure; any thread.

#include <optional>

#include "events/event.hpp"
#include "events/text.hpp"
#include "statemachine/commands.hpp"

namespace fenceline::replay {

// Nothing for what was never decided (a tally of heartbeats, an operation that failed), for an
// operation that this program does not know, and where payload and operation do not belong
// together.
[[nodiscard]] std::optional<Command> asked(const Event& event, const Dictionary& texts);

}  // namespace fenceline::replay
