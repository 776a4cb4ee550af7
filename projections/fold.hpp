#pragma once

// Everything that a journal adds up to, in one value: what a store holds in memory, what a
// checkpoint saves, what a replay arrives at. Its tallies are the whole cluster's.
//
//   Fold fold;
//   fold.apply(event);  fold.apply(measurements);
//   std::string bytes = fold.save();
//   Fold again; again.load(bytes);
//
// The same events give the same bytes, on any machine and however the fold was cut in pieces (I3).
//
// Threading: as a std::vector.

#include <string>
#include <string_view>
#include <type_traits>

#include "projections/requests.hpp"
#include "projections/tallies.hpp"
#include "statemachine/world.hpp"

namespace fenceline {

class Fold {
  public:
    World world;
    PoolGauges pool;
    Tallies tallies;
    Requests requests;

    // Folds an event into everything.
    void apply(const Event& event);
    // The same for a world that has seen it already: a store evolves before it commits, but only
    // durable events are counted.
    void project(const Event& event);
    void apply(const Measurements& measured);

    [[nodiscard]] std::string save() const;
    // False when save() did not write this; the fold is then as it was.
    [[nodiscard]] bool load(std::string_view bytes);
};

// A Result that runs out of memory while what it holds is moved ends the process.
static_assert(std::is_nothrow_move_constructible_v<Fold>);

}  // namespace fenceline
