#pragma once

// A record as texts: what leaves the world for people, JSON and snapshots.
//
//   WorkerView view = view_of(*world.find(id), world.texts);

#include <string>

#include "events/text.hpp"
#include "statemachine/lease.hpp"
#include "statemachine/worker.hpp"

namespace fenceline {

[[nodiscard]] std::string pod_text(PodName pod, WorkerId worker, const Dictionary& texts);
[[nodiscard]] WorkerView view_of(const Worker& worker, const Dictionary& texts);

}  // namespace fenceline
