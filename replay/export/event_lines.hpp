#pragma once

// A journal as JSON lines, nothing left out: `fenceline import` makes the same journal of them
// again, down to the hash that seals it.
//
//   {"line":"journal","format":1,"after":0}
//   {"line":"recorder","id":1,"instance":"cp-a:1","run":"...","first":1}
//   {"line":"text","id":1,"text":"acme"}
//   {"line":"event","position":1,"at":"2026-...Z","recorder":1,"operation":"spawn",...,
//    "payload":"worker_spawned","detail":{...}}
//   {"line":"measured","first":1,"values":[["spawn",81000],...]}
//   {"line":"commit","last":1,"recorder":1,"chain":"<64 hexadecimal digits>"}
//   {"line":"flush","last":1,"recorder":1,"chain":"..."}
//   {"line":"end","position":1,"flushes":1,"chain":"..."}
//
// In the journal's order: a recorder and texts before the first commit that has them, an event's
// measured lines and its seal after the events of a commit. Texts are written out wherever they
// are named; the text lines keep their numbers, which the hash covers. Times are RFC 3339, an
// integer of nanoseconds where that cannot tell them, null where there is none. A label that this
// program does not know is its number.
//
// A window (`after` above 0, or an end between two seals) is for reading: it cannot be imported.
//
// Threading: one thread a reader.

#include <string>
#include <vector>

#include "journal/journal.hpp"
#include "replay/export/write.hpp"
#include "replay/replayer.hpp"

namespace fenceline::replay {

// The number in the first line; a reader refuses others. FROZEN once released.
inline constexpr std::int64_t event_lines_format = 1;
// Durations of one "measured" line.
inline constexpr std::size_t measured_per_line = 1'024;

struct EventRange {
    Position after;
    Position to;
    Progress progress;
};

// Gives the number of events.
[[nodiscard]] Result<std::int64_t> write_event_lines(Reader& reader, const EventRange& range,
                                                     const Write& write);
// One row an event under a header of names, RFC 4180, lines ended by CRLF. Every field of every
// payload has its column, empty where a payload has none. Seals and durations are not rows.
//
// A text that a spreadsheet would take for a formula (it begins with = + - @, a tab or a carriage
// return) gets an apostrophe before it, as does one that begins with an apostrophe: taking the
// first apostrophe off a field gives the text back.
[[nodiscard]] Result<std::int64_t> write_event_csv(Reader& reader, const EventRange& range,
                                                   const Write& write);

}  // namespace fenceline::replay
