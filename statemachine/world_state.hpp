#pragma once

// A world as the bytes of a checkpoint, and back. Canonical: two worlds that were folded from the
// same events give the same bytes (I3). The indexes are not written; loading makes them anew.
//
//   StateWriter out; save(world, out);
//   World again; StateReader in(out.bytes()); load(again, in);

#include "events/state_bytes.hpp"
#include "statemachine/world.hpp"

namespace fenceline {

void save(const World& world, StateWriter& out);

// Into a new world. False: not what save() wrote; the world is then good for nothing.
[[nodiscard]] bool load(World& world, StateReader& in);

}  // namespace fenceline
