#pragma once

// A projection: a pure fold of events into what operators ask. No clock, no I/O; the same events
// give the same bytes on any machine (I3).

#include <concepts>
#include <string>
#include <string_view>

#include "events/event.hpp"

namespace fenceline {

// Bytes of a saved projection, written and read in one fixed order.
class StateWriter;
class StateReader;

// clang-format off
template <typename P>
concept Projection = requires(P p, const P cp, const Event& event, StateWriter& out,
                              StateReader& in) {
    { p.apply(event) };
    { cp.save(out) };
    { p.load(in) } -> std::same_as<bool>;  // false: not what save() wrote
};
// clang-format on

}  // namespace fenceline
