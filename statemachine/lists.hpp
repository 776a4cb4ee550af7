#pragma once

// The lists that janitors and control planes work from: pure selections over a world.
//
//   for (const Worker* worker : lists::orphaned(world, now - seconds(30))) retire(*worker);
//
// A list proves nothing by itself: whoever acts on it does so with a snapshot, and its fences.
// Each finds its rows by an index, O(log n) for each of them, and looks besides at those that miss
// it by less than about a second. "Not updated since X" means `updated_at` at or before X. Ordered
// by worker id unless said otherwise. Records stay where they are until the world changes.
//
// The world's index has to be there, World::index_lists(); those since when need none.
//
// Threading: as reading a std::vector.

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "statemachine/world.hpp"

namespace fenceline::lists {

using Selected = std::vector<const Worker*>;

// Since when a record has been what a list selects: a list of `before` has it when that is at or
// before `before`. None: no such list has it as it stands.
[[nodiscard]] std::optional<Time> orphaned_since(const World& world, const Worker& worker);
[[nodiscard]] std::optional<Time> stuck_since(const World& world, const Worker& worker);
[[nodiscard]] std::optional<Time> hot_idle_since(const Worker& worker);

// Active workers that nobody answers for: the owner is expired since at or before `before`, or
// there is none, or it was never heard of, and the last heartbeat is at or before `before`.
[[nodiscard]] Selected orphaned(const World& world, Time before);

// On their way and not getting on: `spawning` not updated since the one time, `reserved` or
// `activating` since the other. Those of an expired owner are orphans instead.
[[nodiscard]] Selected stuck(const World& world, Time spawning_before, Time activating_before);

// `hot_idle` and not updated since.
[[nodiscard]] Selected expired_hot_idle(const World& world, Time before);

// In one of the states and not updated since.
[[nodiscard]] Selected by_states_before(const World& world, std::span<const State> states,
                                        Time before);

// Of this owner, bound to an org, `idle`, `hot` or `hot_idle`, and with credentials that are unset
// or expire at or before the cutoff. Unset first, then the soonest, then by id.
[[nodiscard]] Selected due_for_credential_refresh(const World& world, std::string_view owner,
                                                  Time cutoff);

}  // namespace fenceline::lists
