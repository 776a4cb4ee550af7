#include "projections/fold.hpp"

#include <algorithm>

#include "events/state_bytes.hpp"
#include "statemachine/evolve.hpp"
#include "statemachine/world_state.hpp"

namespace fenceline {

namespace {

// Raised when any part's layout changes. A fold of another layout is not read: the caller folds
// from an earlier place instead, so a checkpoint never needs lifting. A base (FORMAT.md) does, as
// there is nothing before it: layout 1 is FROZEN, and has to be read by whatever comes after it.
constexpr std::uint8_t layout = 1;

}  // namespace

void Fold::apply(const Event& event) {
    evolve(world, event);
    project(event);
}

void Fold::project(const Event& event) {
    pool.apply(event);
    tallies.apply(event);
    requests.apply(event);
}

void Fold::apply(const Measurements& measured) {
    tallies.apply(measured);
}

std::string Fold::save() const {
    StateWriter out;
    out.u8(layout);
    fenceline::save(world, out);
    pool.save(out);
    tallies.save(out);
    requests.save(out);
    return out.take();
}

bool Fold::load(std::string_view bytes) {
    StateReader in(bytes);
    Fold loaded;
    if (in.u8() != layout || !fenceline::load(loaded.world, in)) return false;
    if (!loaded.pool.load(in) || !loaded.tallies.load(in) || !loaded.requests.load(in))
        return false;
    // A text id that the dictionary does not have would end the process when it is printed.
    const std::uint64_t texts = std::max(loaded.pool.texts_needed(), loaded.tallies.texts_needed());
    if (!in.complete() || texts > loaded.world.texts.size()) return false;
    *this = std::move(loaded);
    return true;
}

}  // namespace fenceline
