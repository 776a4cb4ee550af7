#include "statemachine/owned.hpp"

namespace fenceline {

void Owned::add(TextId owner, std::uint32_t slot) {
    links_.grow_to(std::size_t{slot} + 1, {});
    List& list = lists_[owner.value];
    links_[slot] = {nobody, list.first};
    if (list.first != nobody) links_[list.first].before = slot;
    list.first = slot;
    ++list.size;
}

void Owned::remove(TextId owner, std::uint32_t slot) {
    const auto it = lists_.find(owner.value);
    if (it == lists_.end()) return;
    const auto [before, after] = links_[slot];
    if (after != nobody) links_[after].before = before;
    (before != nobody ? links_[before].after : it->second.first) = after;
    // Owners come and go with every restart of a replica: one without workers leaves nothing.
    if (--it->second.size == 0) lists_.erase(it);
}

std::size_t Owned::count(TextId owner) const {
    const auto it = lists_.find(owner.value);
    return it == lists_.end() ? 0 : it->second.size;
}

std::size_t Owned::memory_bytes() const {
    return links_.memory_bytes() + lists_.bucket_count() * (sizeof(List) + 5);
}

}  // namespace fenceline
