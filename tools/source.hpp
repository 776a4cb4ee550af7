#pragma once

// What reading commands have in common: the journal, and the moments that --at, --from and --to
// name in it.

#include <memory>
#include <string>

#include "journal/journal.hpp"
#include "tools/when.hpp"

namespace fenceline::tools {

// A range of positions: events after `after`, up to and including `to`.
struct Window {
    Position after;
    Position to;
    // What counters count after: 0, which is everything that the journal knows of, what happened
    // before its base included, unless --from says otherwise.
    Position count_after{};

    [[nodiscard]] bool empty() const { return after >= to; }
    [[nodiscard]] bool counts_nothing() const { return count_after >= to; }
};

// The worker of that number; `invalid_request` where none can have it.
[[nodiscard]] Result<WorkerId> worker_of(std::int64_t number);

// An error of how an option was written is `invalid_request`; others are the journal's.
// --at and --to: the last position at or before; empty: the head.
[[nodiscard]] Result<Position> position_of(Reader& reader, const std::string& when);
// --from and --to: from the first event at or after the one, through the last at or before the
// other. A window with events between its end and its beginning is an error of how it was written.
[[nodiscard]] Result<Window> window_of(Reader& reader, const std::string& from,
                                       const std::string& to);

// Says on stderr that no event lies in a window, with its ends as they were written: who sees
// nothing printed should know that there was nothing to print. Silent where no end was given.
void tell_no_events(const std::string& path, const std::string& from, const std::string& to);

// The exit code for an error of these functions, which it prints: wrong usage for what was
// written on the command line, else the journal's.
[[nodiscard]] int report_source(const std::string& path, const Error& error);

}  // namespace fenceline::tools
