#pragma once

// What was asked, read back from the event that came of it: an event holds its arguments, so that
// the decision can be made again by somebody else.
//
//   oracle.apply(command_of(event, texts), event.at.ns);
//
// For events that were decided; a tally or a failed operation has no command. Pure; any thread.

#include "events/event.hpp"
#include "events/text.hpp"
#include "statemachine/commands.hpp"

namespace fenceline::testing {

[[nodiscard]] Command command_of(const Event& event, const Dictionary& texts);

}  // namespace fenceline::testing
