#pragma once

// Two journals side by side: where they first say something else, event by event.
//
//   auto found = replay::diverging(a, b, {.to = end, .differs = differs});
//   found->first;   // none: one is the beginning of the other
//
// Texts have numbers of their own in each journal, so events are compared by what they say:
// `differs` is asked wherever numbers alone do not tell. What recorded them and how long they took
// is not compared.

#include <functional>
#include <optional>
#include <vector>

#include "replay/replayer.hpp"

namespace fenceline::replay {

// One event with what its numbers stand for.
struct Said {
    const Event& event;
    const Dictionary& texts;
};

struct DivergenceOptions {
    std::optional<Position> to;                                       // none: the ends as of now
    std::function<bool(const Said& one, const Said& other)> differs;  // called for suspicious pairs
    Progress progress;
};

struct Divergence {
    Position after;  // what came up to here one of them does not have: it begins at a base
    Position one_end, other_end;
    Position compared;  // both have these
    std::optional<Position> first;
    std::int64_t different = 0;  // positions at which they differ
    [[nodiscard]] bool same() const { return !first && one_end == other_end; }
};

[[nodiscard]] Result<Divergence> diverging(Reader& one, Reader& other,
                                           const DivergenceOptions& options);

}  // namespace fenceline::replay
