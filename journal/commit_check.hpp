#pragma once

// What every journal asks of a commit before it touches its storage: a writer that breaks the
// order of the journal must be stopped here, because nothing behind it can mend that.

#include "journal/journal.hpp"

namespace fenceline {

// `invalid_request` when the commit does not continue `head`: a gap or an overlap in positions, a
// time before the last one, a recorder or a text out of its numbers, an event by somebody else, an
// epoch below 0, a version that is not of an earlier event, a new state without a transition.
[[nodiscard]] Result<void> check_commit(const Head& head, const Commit& commit);

// The head that a checked commit leads to, with the hash that seals it.
[[nodiscard]] Head head_after(const Head& head, const Commit& commit, const ChainHash& chain);

// `corrupt` when the event names a text beyond the dictionary's `texts` entries; the payload is
// checked where it is decoded.
[[nodiscard]] Result<void> check_texts(const Event& event, std::uint32_t texts);

}  // namespace fenceline
