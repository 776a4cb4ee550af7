#pragma once

// Folds a journal from its first event, and holds every checkpoint on the way against it (I3).
//
// Threading: none of its own.

#include <string>

#include "journal/journal.hpp"
#include "projections/fold.hpp"

namespace fenceline::testing {

// Everything up to a head: its position, and its flushes.
[[nodiscard]] Result<Fold> fold_to(Reader& journal, const Head& head);

// The first checkpoint whose bytes are not those of the fold, in words; nothing when all are.
[[nodiscard]] std::string checkpoints_differ(Reader& journal);

}  // namespace fenceline::testing
