#include "projections/tallies.hpp"

#include <algorithm>

#include "events/state_bytes.hpp"

namespace fenceline {

void Tallies::apply(const Event& event) {
    transitions.apply(event);
    durations.apply(event);
    observations.apply(event);
}

void Tallies::apply(const Measurements& measured) {
    durations.apply(measured);
}

void Tallies::make_room(std::size_t events) {
    transitions.make_room(events);
    durations.make_room(events);
    observations.make_room(events);
}

void Tallies::save(StateWriter& out) const {
    transitions.save(out);
    durations.save(out);
    observations.save(out);
}

bool Tallies::load(StateReader& in) {
    return transitions.load(in) && durations.load(in) && observations.load(in);
}

std::uint64_t Tallies::texts_needed() const {
    return std::max(
        {transitions.texts_needed(), durations.texts_needed(), observations.texts_needed()});
}

void PoolGauges::apply(const Event& event) {
    counts.apply(event);
    capacity.apply(event);
}

void PoolGauges::save(StateWriter& out) const {
    counts.save(out);
    capacity.save(out);
}

bool PoolGauges::load(StateReader& in) {
    return counts.load(in) && capacity.load(in);
}

std::uint64_t PoolGauges::texts_needed() const {
    return std::max(counts.texts_needed(), capacity.texts_needed());
}

bool PoolGauges::leads(TextId instance, bool told_at_start) const {
    const auto reported = capacity.leadership(instance);
    return reported ? *reported != Leadership::lost : told_at_start;
}

}  // namespace fenceline
