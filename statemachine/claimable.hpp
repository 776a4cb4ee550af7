#pragma once

// Workers that a claim may take, and always the one with the lowest id: of an org and an image, of
// an org and any image; the empty org's are the neutral ones.
//
//   claimable.add(org, image, slot, worker);
//   claimable.lowest(org, TextId{});
//   claimable.remove(org, image, slot);
//
// A tree of minima for each org and image: six ids share a line of the cache, and seven minima a
// parent. Who comes takes a place that somebody left, or a new one; a place and what is above it
// change only as far as the minimum does. Each image's lowest is a member of its org's tree, so
// that an org is found without asking its images. Nothing is put off and nothing is sorted later:
// no caller waits for what others did.
//
// `slot` is any small number that is the worker's own while it is in.
//
// Threading: as a std::vector.

#include <array>
#include <cstdint>
#include <limits>
#include <optional>

#include <boost/unordered/unordered_flat_map.hpp>

#include "events/ids.hpp"
#include "statemachine/blocks.hpp"
#include "statemachine/prefetch.hpp"
#include "statemachine/records.hpp"

namespace fenceline {

class Claimable {
  public:
    // Before a slot is first added: once for each, ascending, so that nobody ever waits until there
    // is room for a million.
    void make_room(std::uint32_t slot) {
        if (slot == slots_.size()) slots_.push_back({});
    }
    // A slot that is not in.
    void add(TextId org, TextId image, std::uint32_t slot, WorkerId worker);
    // One that is, under the same org and image.
    void remove(TextId org, TextId image, std::uint32_t slot);

    // `image` empty: any.
    [[nodiscard]] std::optional<WorkerId> lowest(TextId org, TextId image) const;

    // Hints that this slot will be added or removed soon: each once what the one before it asked
    // for has come.
    void prefetch(std::uint32_t slot) const { prefetch_line(&slots_[slot]); }
    void prefetch_place(std::uint32_t slot) const {
        const auto [place, tree] = slots_[slot];
        if (tree != nowhere) prefetch_line(&trees_[tree]);
        if (place != nowhere) prefetch_line(&leaves_[place / leaf_words]);
    }
    void prefetch_above(std::uint32_t slot) const {
        const auto [place, tree] = slots_[slot];
        if (place != nowhere)
            prefetch_parent(leaves_[place / leaf_words].above);
        else if (tree != nowhere && trees_[tree].with_room != nowhere)
            prefetch_line(&leaves_[trees_[tree].with_room]);
    }

    [[nodiscard]] std::size_t memory_bytes() const;

  private:
    // Which leaf, and which of its words.
    using Place = std::uint32_t;
    static constexpr Place nowhere = 0xffff'ffff;
    static constexpr std::size_t leaf_words = 8;  // a line of the cache, two of them not ids
    static constexpr std::size_t leaf_ids = leaf_words - 2;
    static constexpr std::size_t width = 7;  // of a parent
    static constexpr std::int64_t nobody = std::numeric_limits<std::int64_t>::max();

    // Which of the minima of which parent is a leaf's or a node's. The topmost has none.
    struct Above {
        std::uint32_t parent = nowhere;
        std::uint8_t child = 0;
    };
    struct Leaf {
        std::array<std::int64_t, leaf_ids> ids;  // `nobody` where there is room
        Above above;
        std::uint8_t room = (1U << leaf_ids) - 1;  // a bit for each place that may be taken
        std::uint32_t next = nowhere;              // of those with room
    };
    struct Node {
        std::array<std::int64_t, width> minima;  // of its children; `nobody` where there is none
        Above above;
    };
    static_assert(sizeof(Leaf) <= leaf_words * sizeof(std::int64_t));
    static_assert(sizeof(Node) <= leaf_words * sizeof(std::int64_t));

    struct Tree {
        TextId org, image;
        std::int64_t lowest = nobody;
        std::uint32_t members = 0;  // `nobody` is also a number that a recorded worker may bear
        Place of_lowest = nowhere;  // an image's: the place of its lowest in the org's tree
        std::uint32_t of_org = nowhere;     // an image's: the org's tree
        std::uint32_t with_room = nowhere;  // the first leaf
        std::uint32_t newest = nowhere;     // leaf
    };
    // Where a slot is, and in which tree, or was: who comes back mostly comes back to the same.
    struct Slot {
        Place place = nowhere;
        std::uint32_t tree = nowhere;
    };
    static std::uint64_t key_of(TextId org, TextId image) {
        return std::uint64_t{org.value} << 32 | image.value;
    }

    void prefetch_parent(const Above& above) const {
        if (above.parent != nowhere) nodes_.prefetch(above.parent);
    }

    static bool is_alone(const Leaf& leaf) { return leaf.above.parent == nowhere; }
    [[nodiscard]] bool is_of(std::uint32_t tree, TextId org, TextId image) const {
        return tree != nowhere && trees_[tree].org == org && trees_[tree].image == image;
    }

    [[nodiscard]] std::uint32_t tree_of(TextId org, TextId image);
    [[nodiscard]] Place put(Tree& tree, std::int64_t id);
    void take(Tree& tree, Place place);
    void lower(Tree& tree, Above above, std::int64_t id);
    void raise(Tree& tree, Above above, std::int64_t was, std::int64_t now);
    void grow(Tree& tree);
    // Where the newest leaf, or node, goes that comes after `left`.
    [[nodiscard]] Above right_of(const Tree& tree, Above& left);
    [[nodiscard]] std::uint32_t add_node();
    // The lowest of an org's image changed, or it has members again, or none.
    void tell_org(Tree& tree);

    Records<Leaf> leaves_;  // of all trees
    Records<Node> nodes_;   // likewise
    Blocks<Tree, small_block> trees_;
    boost::unordered_flat_map<std::uint64_t, std::uint32_t> numbers_;  // of the trees
    Blocks<Slot, large_block> slots_;
};

}  // namespace fenceline
