#pragma once

// What has to be known of a window before it is told again: how old the youngest was that each
// limit of the janitor ended, whom control planes ended by limits of their own, the highest worker
// id, and every text, so that both courses of events number them alike.
//
//   auto evidence = gather(reader, begin, to, progress);
//
// One read of the window; keeps one world.

#include "replay/replayer.hpp"
#include "replay/whatif/limits.hpp"

namespace fenceline::replay::whatif {

struct Evidence {
    Youngest youngest;
    ByCallers by_callers{};
    WorkerId highest;
    Dictionary texts;
};

// `begin`: where the window begins, folded.
[[nodiscard]] Result<Evidence> gather(Reader& reader, const Replayed& begin, Position to,
                                      const Progress& progress);

}  // namespace fenceline::replay::whatif
