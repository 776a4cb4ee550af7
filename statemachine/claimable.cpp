#include "statemachine/claimable.hpp"

#include <algorithm>
#include <bit>
#include <span>
#include <utility>

#include "events/invariant.hpp"

namespace fenceline {

namespace {

constexpr std::int64_t least(std::span<const std::int64_t> ids) {
    std::int64_t found = ids.front();
    for (const std::int64_t id : ids) found = std::min(found, id);
    return found;
}

}  // namespace

// --- what the world asks -------------------------------------------------------------------------

void Claimable::add(TextId org, TextId image, std::uint32_t slot, WorkerId worker) {
    Tree& tree = trees_[key_of(org, image)];
    const std::int64_t was = tree.lowest;
    places_[slot] = put(tree, worker.value);
    const bool told = tree.of_lowest != nowhere;
    if (image.given() && (tree.lowest != was || !told)) tell_org(org, image, tree);
}

void Claimable::remove(TextId org, TextId image, std::uint32_t slot) {
    const auto it = trees_.find(key_of(org, image));
    FENCELINE_INVARIANT(it != trees_.end() && places_[slot] != nowhere,
                        "who is taken out of the claimable ones is among them");
    Tree& tree = it->second;
    const std::int64_t was = tree.lowest;
    take(tree, std::exchange(places_[slot], nowhere));
    if (image.given() && (tree.lowest != was || tree.members == 0)) tell_org(org, image, tree);
}

void Claimable::tell_org(TextId org, TextId image, Tree& tree) {
    const auto it = trees_.find(key_of(org, TextId{}));
    if (it == trees_.end()) {  // what is added may move the others
        trees_[key_of(org, TextId{})];
        return tell_org(org, image, trees_.find(key_of(org, image))->second);
    }
    Tree& any = it->second;
    if (tree.of_lowest != nowhere) take(any, std::exchange(tree.of_lowest, nowhere));
    if (tree.members != 0) tree.of_lowest = put(any, tree.lowest);
}

std::optional<WorkerId> Claimable::lowest(TextId org, TextId image) const {
    const auto it = trees_.find(key_of(org, image));
    if (it == trees_.end() || it->second.members == 0) return std::nullopt;
    return WorkerId{it->second.lowest};
}

// --- a tree --------------------------------------------------------------------------------------

Claimable::Place Claimable::put(Tree& tree, std::int64_t id) {
    ++tree.members;
    if (tree.with_room == nowhere) grow(tree);
    const std::uint32_t index = tree.with_room;
    Leaf& leaf = leaves_[index];
    const bool alone = tree.above.empty();
    const std::int64_t lowest = alone ? tree.lowest : least(leaf.ids);
    const auto word = static_cast<std::size_t>(std::countr_zero(leaf.room));
    leaf.room &= leaf.room - 1;
    if (leaf.room == 0) tree.with_room = leaf.next;
    leaf.ids[word] = id;
    if (id < lowest) lower(tree, leaf.number, id);
    return static_cast<Place>(index * leaf_words + word);
}

void Claimable::take(Tree& tree, Place place) {
    --tree.members;
    const std::uint32_t index = place / leaf_words;
    const std::size_t word = place % leaf_words;
    Leaf& leaf = leaves_[index];
    const bool alone = tree.above.empty();
    const std::int64_t lowest = alone ? tree.lowest : least(leaf.ids);
    const std::int64_t was = std::exchange(leaf.ids[word], nobody);
    if (leaf.room == 0) leaf.next = std::exchange(tree.with_room, index);
    leaf.room |= std::uint64_t{1} << word;
    if (was == lowest) raise(tree, leaf.number, was, least(leaf.ids));
}

// Somebody lower than all of the leaf came to it.
void Claimable::lower(Tree& tree, std::size_t leaf, std::int64_t id) {
    std::size_t node = leaf;
    for (Minima& minima : tree.above) {
        if (minima[node] <= id) return;
        minima[node] = id;
        node /= width;
    }
    tree.lowest = std::min(tree.lowest, id);
}

// The leaf's minimum rose: so does what is above, as far as it was the minimum there, too.
void Claimable::raise(Tree& tree, std::size_t leaf, std::int64_t was, std::int64_t now) {
    std::size_t node = leaf;
    for (Minima& minima : tree.above) {
        if (minima[node] != was) return;
        minima[node] = now;
        node /= width;
        const auto first = node * width;
        now = least({&minima[first], std::min(width, minima.size() - first)});  // of one block
    }
    tree.lowest = now;
}

void Claimable::grow(Tree& tree) {
    Leaf leaf{.ids = {},
              .room = (std::uint64_t{1} << leaf_ids) - 1,
              .number = tree.leaves++,
              .next = nowhere};
    leaf.ids.fill(nobody);
    tree.with_room = static_cast<std::uint32_t>(leaves_.size());
    leaves_.add(tree.with_room, leaf);
    if (tree.leaves > 1) grow_above(tree);
}

// Room for the newest leaf; a level that is new stands above one that had been the top.
void Claimable::grow_above(Tree& tree) {
    auto& above = tree.above;
    if (above.empty()) above.emplace_back().push_back(tree.lowest);
    std::size_t nodes = tree.leaves;
    for (std::size_t level = 0;; ++level) {
        if (level == above.size()) {
            const Minima& below = above[level - 1];
            const std::int64_t lowest = least({&below[0], below.size()});
            above.emplace_back().push_back(lowest);
        }
        above[level].grow_to(nodes, nobody);
        if (nodes <= width) return;
        nodes = (nodes + width - 1) / width;
    }
}

std::size_t Claimable::memory_bytes() const {
    std::size_t bytes = leaves_.memory_bytes() + places_.memory_bytes() +
                        trees_.bucket_count() * (sizeof(Tree) + sizeof(std::uint64_t) + 1);
    for (const auto& [key, tree] : trees_)
        for (const Minima& minima : tree.above) bytes += minima.memory_bytes();
    return bytes;
}

}  // namespace fenceline
