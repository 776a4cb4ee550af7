#pragma once

// What only the policy gave: a worker that the record refused to this caller. The record tells
// nothing of what the caller would have done with it, so it stands in for the next one that the
// record gives to the same caller for the same org and image. When there is none in time, the
// caller is taken to have served one session with it.
//
//   spares.add({.held = held, .org = org, .image = image, .until = at + spare_for});
//   if (auto spare = spares.take(caller, org, image, Spare::For::claim)) ...
//
// As many as the pool has workers at the most. Threading: as a std::deque.

#include <deque>
#include <optional>

#include "replay/whatif/holdings.hpp"

namespace fenceline::replay::whatif {

// How long a spare waits to stand in for another, and how long its own session lasts.
inline constexpr Duration spare_for = seconds(60);
// How long a pod takes before the record has shown it, and how long at the most.
inline constexpr Duration pod_takes = seconds(30);
static_assert(pod_takes < spare_for);

struct Spare {
    enum class From { claim, spawn };
    Held held;
    TextId org;    // empty: spawned for nobody
    TextId image;  // the worker's
    From from = From::claim;
    Time until;
};

class Spares {
  public:
    void add(const Spare& spare);
    // The oldest that this caller may use in place of what it is given: of this org, and of this
    // image unless that is empty. A claim is served by a claimed one alone: it is ready.
    [[nodiscard]] std::optional<Spare> take(TextId caller, TextId org, TextId image,
                                            Spare::From instead_of);
    // When the next one has waited long enough; none: there is none.
    [[nodiscard]] std::optional<Time> next() const;
    [[nodiscard]] Spare take_next();

  private:
    std::deque<Spare> spares_;  // by `until`
};

}  // namespace fenceline::replay::whatif
