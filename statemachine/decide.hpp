#pragma once

// What may happen: a command held against the world gives one event, accepted or refused.
//
//   std::vector<Event> events;
//   decide(world, command, now, events);
//   for (const Event& event : events) evolve(world, event);
//
// Every operation appends exactly one event, but for the two expiries of control planes, which
// append one for each instance that they expire (none, when there is none).
//
// Legality and fences are the transition table's (transitions.hpp); this is its only door, and the
// only place that knows Boost.MSM. Pure but for one thing: texts seen first are numbered in
// `world.texts`. Position and recorder are the writer's to fill in. The command has passed
// validate().

#include <span>
#include <string>
#include <vector>

#include "events/event.hpp"
#include "statemachine/commands.hpp"
#include "statemachine/world.hpp"

namespace fenceline {

void decide(World& world, const Command& command, Time now, std::vector<Event>& events);

// A hint that these will be decided next: the waits for their records, most of what deciding among
// a million workers takes, become one. A processor waits for so many at once and not for more: a
// longer batch is expected piece by piece, each before it is decided.
inline constexpr std::size_t expect_at_once = 16;
void expect(const World& world, std::span<const Command> commands);

// The event of a request that validate() refused: outcome `store_error`, counted, nothing changed.
[[nodiscard]] Event decide_senseless(World& world, const Command& command, const Error& why,
                                     Time now);

// One row of the transition table, for documents and tests.
struct TransitionRow {
    State from;
    Operation operation;
    State to;
    std::string fences;  // in the order they are checked, as the contract names them
};
[[nodiscard]] std::vector<TransitionRow> transition_rows();

// The table as a drawing: a Mermaid state diagram, or Graphviz.
[[nodiscard]] std::string draw_mermaid();
[[nodiscard]] std::string draw_graphviz();

}  // namespace fenceline
