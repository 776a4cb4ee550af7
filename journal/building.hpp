#pragma once

// A journal that is made as a whole: it is there when all of it is, and never half.
//
//   auto built = build_journal({.path = "pool.db"}, [&](auto journal) -> Result<void> {...});
//
// `fill` appends to a journal at another name. When it succeeds, the file is synced once and put in
// place; when it fails, nothing is left. Its commits are not synced one by one, so what it appends
// is durable only when build_journal has returned.
//
// Threading: as open_journal. Nobody else can make a journal at that path meanwhile.

#include <functional>

#include "journal/open.hpp"

namespace fenceline {

using FillJournal = std::function<Result<void>(std::unique_ptr<Journal>)>;

// `already_exists` when there is anything at the path; else what `fill` says.
[[nodiscard]] Result<void> build_journal(const JournalOptions& options, const FillJournal& fill);

// The same for a file to hand on: nothing is left beside it, neither lock nor anchor. Whoever makes
// two at one path at once may hear an error from either.
[[nodiscard]] Result<void> build_file(const JournalOptions& options, const FillJournal& fill);

}  // namespace fenceline
