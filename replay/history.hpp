#pragma once

// One worker's whole life: its events, how long it stayed in each state, and which callers its
// fences turned away.
//
//   auto life = replay::life_of(**reader, WorkerId{61});
//   for (const replay::Stay& stay : life->stays) ...
//
// Reads the journal from its first event: there is no index by worker.

#include <optional>
#include <vector>

#include "journal/journal.hpp"
#include "replay/replayer.hpp"
#include "statemachine/worker.hpp"

namespace fenceline::replay {

// A state from the event that entered it to the one that left it.
struct Stay {
    State state = State::none;
    Position entered_by;  // 0: it was so when the journal began, since when nobody knows
    Time since;
    std::optional<Time> until;  // none: it is still there, or that state is its end
};

struct Life {
    std::vector<Event> events;  // everything that names this worker, in order
    std::vector<Stay> stays;
    std::optional<Worker> record;  // none: refused operations are all there is
    Head head;                     // how far the journal was read
    Dictionary texts;
    std::vector<Recorder> recorders;

    // The operations on it that were refused.
    [[nodiscard]] std::vector<const Event*> refused() const;
};

// `not_found` when no event names this worker.
[[nodiscard]] Result<Life> life_of(Reader& reader, WorkerId worker,
                                   std::optional<Position> to = std::nullopt,
                                   const Progress& progress = {});

}  // namespace fenceline::replay
