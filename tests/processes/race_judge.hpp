#pragma once

// Whether what several processes were answered can have come from one order of events, and whether
// that is the order in the journal.
//
//   auto objections = judge_race(events, texts, record);   // empty: it did
//
// Pure; any thread.

#include <string>
#include <vector>

#include "events/event.hpp"
#include "events/text.hpp"
#include "tests/processes/race_log.hpp"

namespace fenceline::testing {

// Whether every event was heard by somebody: not when processes are killed between the two.
enum class Hearing { all, some };

// At most ten objections.
//  - positions are gap-free and unique
//  - each answer is what the event at its position says, each event was answered once
//  - the same request id was answered the same, and has one event
//  - who had finished before another began comes before it
//  - the oracle, given the requests in order, comes to each outcome
[[nodiscard]] std::vector<std::string> judge_race(const std::vector<Event>& events,
                                                  const Dictionary& texts, const RaceRecord& record,
                                                  Hearing heard);

}  // namespace fenceline::testing
