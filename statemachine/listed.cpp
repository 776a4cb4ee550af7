#include "statemachine/listed.hpp"

namespace fenceline {

void Listed::really_move(std::uint32_t slot, const Place& from, const Place& to) {
    if (to.there)
        states_.set(slot, class_of(to.state), to.updated);
    else
        states_.clear(slot);

    if (from.owned() != to.owned() || from.owner != to.owner) {
        if (from.owned()) owned_.remove(from.owner, slot);
        if (to.owned()) owned_.add(to.owner, slot);
    }
    if (to.unanswered())
        unanswered_.set(slot, 0, to.last_heartbeat);
    else if (from.unanswered())
        unanswered_.clear(slot);

    if (to.serves() && !(from.serves() && from.credentials_expire == to.credentials_expire))
        credentials_.set(slot, 0, to.credentials_expire);
    else if (from.serves() && !to.serves())
        credentials_.clear(slot);
}

std::size_t Listed::memory_bytes() const {
    return states_.memory_bytes() + unanswered_.memory_bytes() + credentials_.memory_bytes() +
           owned_.memory_bytes();
}

}  // namespace fenceline
