#pragma once

// A window of a journal as a journal of its own: the state before it as its base, then its commits.
//
//   auto made = write_excerpt(**reader, {.path = "incident.db", .after = Position{900},
//                                        .to = Position{1200}});
//
// Positions, rows and hashes stay as they are, so that a seal or an anchor of the journal can be
// held against the excerpt; commits are whole, so the window is widened to where they begin and
// end. Of the request ids before the window nothing is kept: an operation that is retried on the
// excerpt finds answers of the window alone.
//
// Redacted, the rows differ, so the hashes are made anew, beginning with zeros.
//
// Threading: as the reader.

#include <functional>
#include <string>

#include "journal/journal.hpp"
#include "journal/redaction.hpp"

namespace fenceline {

struct ExcerptOptions {
    std::string path;  // of the new file: one file, nothing beside it
    Position after;    // the window's events are those after this one
    Position to;       // up to and including
    Redact redact{};
    std::function<void(Position done, Position end)> progress{};
};

struct Excerpt {
    Head base, head;  // as they were in the journal, unless redacted
    std::int64_t commits = 0;
};

// `invalid_request` for a window without events or not within the journal; `already_exists`;
// `corrupt` when the window does not have the hashes that seal it.
[[nodiscard]] Result<Excerpt> write_excerpt(Reader& reader, const ExcerptOptions& options);

}  // namespace fenceline
