#pragma once

// The part of the pool that was there before the journal: how an existing pool migrates.

#include <vector>

namespace fenceline::tools {

class Simulation;
class Replica;

// Adopts a third of the pool, shared out among these replicas, and lets them go on with it.
void adopt_fleet(Simulation& simulation, const std::vector<Replica*>& owners);

}  // namespace fenceline::tools
