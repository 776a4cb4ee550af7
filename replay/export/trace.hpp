#pragma once

// A window as a trace for the Perfetto UI (and whatever else reads Chrome's trace events).
//
// Each control plane is a process; in it one track is its own state, and one track per worker that
// it owns in the window is that worker's states. A worker that changes hands goes on in the track
// of its new owner, with an arrow from the old one. Refused attempts are instants: on the worker's
// track, else on the caller's. The pool's count by state is a counter.
//
// Slices are begin and end events in the order of time, so that they can neither overlap nor need
// sorting. Times are whole microseconds since 1970; args have what leads back to the journal.
//
// Memory is bounded by the pool's records. Threading: one thread a reader.

#include <cstdint>

#include "journal/journal.hpp"
#include "replay/export/event_lines.hpp"
#include "replay/export/write.hpp"

namespace fenceline::replay {

// Gives the number of trace events.
[[nodiscard]] Result<std::int64_t> write_trace(Reader& reader, const EventRange& range,
                                               const Write& write);

}  // namespace fenceline::replay
