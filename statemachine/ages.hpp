#pragma once

// Since when each record is what it is, kept so that the ones that are it longest are found
// without a look at the others.
//
//   Ages ages;
//   ages.set(slot, class_of(State::hot), Ages::tick(worker.updated_at));
//   ages.visit(class_of(State::hot), Ages::tick(before),
//              [&](std::uint32_t slot) { ...; return true; });
//
// A tree of minima over the records' slots for each class of records: twelve slots share a leaf, a
// line of the cache, and sixteen nodes a parent. A visit goes down only where something is old
// enough: O(log n) for each slot that it finds. Times may come in any order, and a slot may be set
// again at any time. They are kept in ticks of about a second: a visit meets all that are old
// enough and, besides, those of the same tick that are not, and whoever visits looks at the record
// itself.
//
// Threading: as a std::vector.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "events/time.hpp"
#include "statemachine/blocks.hpp"
#include "statemachine/prefetch.hpp"

namespace fenceline {

class Ages {
  public:
    // Order is kept: of two times the earlier one has no later tick.
    static constexpr std::uint32_t tick(Time time) {
        return static_cast<std::uint32_t>(
            std::clamp<std::int64_t>(time.ns >> tick_bits, 0, last_tick));
    }

    // Classes are small numbers: each one in use has a tree of its own.
    void set(std::uint32_t slot, std::uint8_t in_class, std::uint32_t tick);
    void clear(std::uint32_t slot);
    // Hints that this slot will be set soon: first the one, and when what it asked for has come,
    // the other.
    void prefetch(std::uint32_t slot) const {
        if (slot / slots < leaves_.size()) prefetch_line(&leaves_[slot / slots]);
    }
    void prefetch_minima(std::uint32_t slot) const {
        const std::size_t leaf = slot / slots;
        if (leaf >= leaves_.size()) return;
        const std::uint8_t in_class = leaves_[leaf].classes[slot % slots];
        if (in_class >= trees_.size() || trees_[in_class].empty()) return;
        const Nodes& minima = trees_[in_class].front();
        if (leaf < minima.size()) prefetch_line(&minima[leaf]);
    }

    // Calls `found(slot)` for each slot of the class whose tick is at or before `until`, ascending,
    // as long as it says true. False when it did not.
    template <typename Found>
    bool visit(std::uint8_t in_class, std::uint32_t until, const Found& found) const;

    [[nodiscard]] std::size_t memory_bytes() const;

  private:
    static constexpr int tick_bits = 30;
    static constexpr std::uint32_t slots = 12;  // of a leaf
    static constexpr std::size_t width = 16;    // of a parent
    static constexpr std::uint32_t last_tick = 0xffff'fffe;
    static constexpr std::uint32_t never = 0xffff'ffff;  // no such record

    struct alignas(64) Leaf {
        Leaf() { ticks.fill(never); }
        std::array<std::uint32_t, slots> ticks;
        std::array<std::uint8_t, slots> classes{};
    };
    static_assert(sizeof(Leaf) == 64);
    using Nodes = Blocks<std::uint32_t, small_block>;
    // The minimum of each leaf, of sixteen of those, and so on up to one array of sixteen. Each is
    // filled up with `never` to a multiple of sixteen.
    using Tree = std::vector<Nodes>;

    // Nothing below is older than `known`: where that is found, nobody needs to look further.
    [[nodiscard]] static std::uint32_t least(const Nodes& nodes, std::size_t parent,
                                             std::uint32_t known);
    [[nodiscard]] static std::uint32_t least(const Leaf& leaf, std::uint8_t in_class,
                                             std::uint32_t known);
    void grow(Tree& tree, std::size_t leaf);
    void lower(std::uint8_t in_class, std::size_t leaf, std::uint32_t tick);
    void raise(std::uint8_t in_class, std::size_t leaf, std::uint32_t was);

    template <typename Found>
    bool visit_leaf(std::uint8_t in_class, std::size_t number, std::uint32_t until,
                    const Found& found) const;
    template <typename Found>
    bool descend(const Tree& tree, std::uint8_t in_class, std::size_t level, std::size_t parent,
                 std::uint32_t until, const Found& found) const;

    Blocks<Leaf, large_block> leaves_;
    std::vector<Tree> trees_;  // by class; one never used is empty
};

template <typename Found>
bool Ages::visit(std::uint8_t in_class, std::uint32_t until, const Found& found) const {
    if (in_class >= trees_.size() || trees_[in_class].empty()) return true;
    const Tree& tree = trees_[in_class];
    return descend(tree, in_class, tree.size() - 1, 0, std::min(until, last_tick), found);
}

template <typename Found>
bool Ages::descend(const Tree& tree, std::uint8_t in_class, std::size_t level, std::size_t parent,
                   std::uint32_t until, const Found& found) const {
    for (std::size_t i = parent * width; i < (parent + 1) * width; ++i) {
        if (tree[level][i] > until) continue;
        const bool on = level == 0 ? visit_leaf(in_class, i, until, found)
                                   : descend(tree, in_class, level - 1, i, until, found);
        if (!on) return false;
    }
    return true;
}

template <typename Found>
bool Ages::visit_leaf(std::uint8_t in_class, std::size_t number, std::uint32_t until,
                      const Found& found) const {
    const Leaf& leaf = leaves_[number];
    for (std::uint32_t i = 0; i < slots; ++i) {
        if (leaf.ticks[i] > until || leaf.classes[i] != in_class) continue;
        if (!found(static_cast<std::uint32_t>(number * slots + i))) return false;
    }
    return true;
}

}  // namespace fenceline
