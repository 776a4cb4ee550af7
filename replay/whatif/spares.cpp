#include "replay/whatif/spares.hpp"

#include <algorithm>

namespace fenceline::replay::whatif {

void Spares::add(const Spare& spare) {
    const auto after = std::ranges::upper_bound(spares_, spare.until, {}, &Spare::until);
    spares_.insert(after, spare);
}

std::optional<Spare> Spares::take(TextId caller, TextId org, TextId image, Spare::From instead_of) {
    const auto found = std::ranges::find_if(spares_, [&](const Spare& spare) {
        return spare.held.owner == caller && spare.org == org &&
               (!image.given() || spare.image == image) &&
               (spare.from == instead_of || instead_of == Spare::From::spawn);
    });
    if (found == spares_.end()) return std::nullopt;
    const Spare spare = *found;
    spares_.erase(found);
    return spare;
}

std::optional<Time> Spares::next() const {
    if (spares_.empty()) return std::nullopt;
    return spares_.front().until;
}

Spare Spares::take_next() {
    const Spare spare = spares_.front();
    spares_.pop_front();
    return spare;
}

}  // namespace fenceline::replay::whatif
