#pragma once

// What an event's payload adds to its envelope, in a few words: a reason, a result, a new epoch.
// Pure.

#include <string>

#include "events/event.hpp"
#include "events/text.hpp"

namespace fenceline::replay::report {

// Empty when there is nothing to add.
[[nodiscard]] std::string note_of(const Event& event, const Dictionary& texts);

}  // namespace fenceline::replay::report
