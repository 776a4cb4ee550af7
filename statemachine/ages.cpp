#include "statemachine/ages.hpp"

namespace fenceline {

void Ages::set(std::uint32_t slot, std::uint8_t in_class, std::uint32_t tick) {
    const std::size_t number = slot / slots;
    leaves_.grow_to(number + 1, {});
    std::uint32_t& tick_of = leaves_[number].ticks[slot % slots];
    std::uint8_t& class_of = leaves_[number].classes[slot % slots];
    const std::uint32_t was = tick_of;
    const std::uint8_t was_in = class_of;
    if (was == tick && was_in == in_class) return;
    tick_of = tick;
    class_of = in_class;
    if (was != never && (was_in != in_class || tick > was)) raise(was_in, number, was);
    lower(in_class, number, tick);
}

void Ages::clear(std::uint32_t slot) {
    const std::size_t number = slot / slots;
    if (number >= leaves_.size()) return;
    std::uint32_t& tick_of = leaves_[number].ticks[slot % slots];
    const std::uint32_t was = tick_of;
    tick_of = never;
    if (was != never) raise(leaves_[number].classes[slot % slots], number, was);
}

std::uint32_t Ages::least(const Nodes& nodes, std::size_t parent, std::uint32_t known) {
    const std::uint32_t* child = &nodes[parent * width];  // all of them lie in one block
    std::uint32_t found = never;
    for (std::size_t i = 0; i < width && found != known; ++i) found = std::min(found, child[i]);
    return found;
}

std::uint32_t Ages::least(const Leaf& leaf, std::uint8_t in_class, std::uint32_t known) {
    std::uint32_t found = never;
    for (std::size_t i = 0; i < slots && found != known; ++i)
        if (leaf.classes[i] == in_class) found = std::min(found, leaf.ticks[i]);
    return found;
}

// Room for this leaf; a level that is new stands above one that had been the top.
void Ages::grow(Tree& tree, std::size_t leaf) {
    if (!tree.empty() && leaf < tree.front().size()) return;
    std::size_t nodes = leaf + 1;
    for (std::size_t level = 0;; ++level) {
        if (level == tree.size()) {
            tree.emplace_back();
            if (level > 0) tree[level].push_back(least(tree[level - 1], 0, 0));
        }
        const std::size_t full = (nodes + width - 1) / width * width;
        tree[level].grow_to(full, never);
        nodes = full / width;
        if (nodes == 1 && level + 1 == tree.size()) return;
    }
}

// Something this old came under the leaf.
void Ages::lower(std::uint8_t in_class, std::size_t leaf, std::uint32_t tick) {
    if (in_class >= trees_.size()) trees_.resize(in_class + std::size_t{1});
    Tree& tree = trees_[in_class];
    grow(tree, leaf);
    std::size_t node = leaf;
    for (Nodes& nodes : tree) {
        if (nodes[node] <= tick) return;
        nodes[node] = tick;
        node /= width;
    }
}

// Something that had been this old is gone from the leaf: only where nothing was older does the
// minimum change.
void Ages::raise(std::uint8_t in_class, std::size_t leaf, std::uint32_t was) {
    Tree& tree = trees_[in_class];
    std::size_t node = leaf;
    for (std::size_t level = 0; level < tree.size(); ++level) {
        if (tree[level][node] != was) return;
        const std::uint32_t now =
            level == 0 ? least(leaves_[leaf], in_class, was) : least(tree[level - 1], node, was);
        if (now == was) return;
        tree[level][node] = now;
        node /= width;
    }
}

std::size_t Ages::memory_bytes() const {
    std::size_t bytes = leaves_.memory_bytes();
    for (const Tree& tree : trees_)
        for (const Nodes& nodes : tree) bytes += nodes.memory_bytes();
    return bytes;
}

}  // namespace fenceline
