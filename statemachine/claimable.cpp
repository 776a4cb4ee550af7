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
    Slot& at = slots_[slot];
    if (!is_of(at.tree, org, image)) at.tree = tree_of(org, image);
    Tree& tree = trees_[at.tree];
    const std::int64_t was = tree.lowest;
    at.place = put(tree, worker.value);
    const bool told = tree.of_lowest != nowhere;
    if (image.given() && (tree.lowest != was || !told)) tell_org(tree);
}

void Claimable::remove(TextId org, TextId image, std::uint32_t slot) {
    Slot& at = slots_[slot];
    FENCELINE_INVARIANT(at.place != nowhere && is_of(at.tree, org, image),
                        "who is taken out of the claimable ones is among them");
    Tree& tree = trees_[at.tree];
    const std::int64_t was = tree.lowest;
    take(tree, std::exchange(at.place, nowhere));
    if (image.given() && (tree.lowest != was || tree.members == 0)) tell_org(tree);
}

void Claimable::tell_org(Tree& tree) {
    Tree& any = trees_[tree.of_org];
    if (tree.of_lowest != nowhere) take(any, std::exchange(tree.of_lowest, nowhere));
    if (tree.members != 0) tree.of_lowest = put(any, tree.lowest);
}

std::optional<WorkerId> Claimable::lowest(TextId org, TextId image) const {
    const auto it = numbers_.find(key_of(org, image));
    if (it == numbers_.end() || trees_[it->second].members == 0) return std::nullopt;
    return WorkerId{trees_[it->second].lowest};
}

std::uint32_t Claimable::tree_of(TextId org, TextId image) {
    const auto it = numbers_.find(key_of(org, image));
    if (it != numbers_.end()) return it->second;
    const std::uint32_t of_org = image.given() ? tree_of(org, TextId{}) : nowhere;
    const auto number = static_cast<std::uint32_t>(trees_.size());
    trees_.push_back({.org = org, .image = image, .of_org = of_org});
    numbers_.emplace(key_of(org, image), number);
    return number;
}

// --- a tree --------------------------------------------------------------------------------------

Claimable::Place Claimable::put(Tree& tree, std::int64_t id) {
    ++tree.members;
    if (tree.with_room == nowhere) grow(tree);
    const std::uint32_t index = tree.with_room;
    Leaf& leaf = leaves_[index];
    const std::int64_t lowest = is_alone(leaf) ? tree.lowest : least(leaf.ids);
    const auto word = static_cast<std::size_t>(std::countr_zero(leaf.room));
    leaf.room &= static_cast<std::uint8_t>(leaf.room - 1);
    if (leaf.room == 0) tree.with_room = leaf.next;
    leaf.ids[word] = id;
    if (id < lowest) lower(tree, leaf.above, id);
    return static_cast<Place>(index * leaf_words + word);
}

void Claimable::take(Tree& tree, Place place) {
    --tree.members;
    const std::uint32_t index = place / leaf_words;
    const std::size_t word = place % leaf_words;
    Leaf& leaf = leaves_[index];
    const std::int64_t lowest = is_alone(leaf) ? tree.lowest : least(leaf.ids);
    const std::int64_t was = std::exchange(leaf.ids[word], nobody);
    if (leaf.room == 0) leaf.next = std::exchange(tree.with_room, index);
    leaf.room |= static_cast<std::uint8_t>(1U << word);
    if (was == lowest) raise(tree, leaf.above, was, least(leaf.ids));
}

// Somebody lower than all of the leaf came to it.
void Claimable::lower(Tree& tree, Above above, std::int64_t id) {
    while (above.parent != nowhere) {
        Node& node = nodes_[above.parent];
        if (node.minima[above.child] <= id) return;
        node.minima[above.child] = id;
        above = node.above;
    }
    tree.lowest = std::min(tree.lowest, id);
}

// The leaf's minimum rose: so does what is above, as far as it was the minimum there, too.
void Claimable::raise(Tree& tree, Above above, std::int64_t was, std::int64_t now) {
    while (above.parent != nowhere) {
        Node& node = nodes_[above.parent];
        if (node.minima[above.child] != was) return;
        node.minima[above.child] = now;
        now = least(node.minima);
        above = node.above;
    }
    tree.lowest = now;
}

void Claimable::grow(Tree& tree) {
    Leaf leaf;
    leaf.ids.fill(nobody);
    if (tree.newest != nowhere) leaf.above = right_of(tree, leaves_[tree.newest].above);
    tree.newest = tree.with_room = static_cast<std::uint32_t>(leaves_.size());
    leaves_.add(tree.newest, leaf);
}

Claimable::Above Claimable::right_of(const Tree& tree, Above& left) {
    if (left.parent == nowhere) {  // it had been the topmost, and all of the tree below it
        left.parent = add_node();
        nodes_[left.parent].minima.front() = tree.lowest;
    }
    if (left.child + 1U < width) return {left.parent, static_cast<std::uint8_t>(left.child + 1)};
    const std::uint32_t parent = add_node();
    nodes_[parent].above = right_of(tree, nodes_[left.parent].above);
    return {parent, 0};
}

std::uint32_t Claimable::add_node() {
    Node node;
    node.minima.fill(nobody);
    const auto number = static_cast<std::uint32_t>(nodes_.size());
    nodes_.add(number, node);
    return number;
}

std::size_t Claimable::memory_bytes() const {
    return leaves_.memory_bytes() + nodes_.memory_bytes() + slots_.memory_bytes() +
           trees_.memory_bytes() +
           numbers_.bucket_count() * (sizeof(std::uint64_t) + sizeof(std::uint32_t) + 5);
}

}  // namespace fenceline
