#pragma once

// Workers that a claim may take, and always the one with the lowest id: of an org and an image, of
// an org and any image; the empty org's are the neutral ones.
//
//   claimable.add(org, image, slot, worker);
//   claimable.lowest(org, TextId{});
//   claimable.remove(org, image, slot);
//
// A tree of minima for each org and image: six ids share a line of the cache, and eight minima a
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
#include <vector>

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
        if (slot == places_.size()) places_.add(slot, nowhere);
    }
    // A slot that is not in.
    void add(TextId org, TextId image, std::uint32_t slot, WorkerId worker);
    // One that is, under the same org and image.
    void remove(TextId org, TextId image, std::uint32_t slot);

    // `image` empty: any.
    [[nodiscard]] std::optional<WorkerId> lowest(TextId org, TextId image) const;

    // Hints that this slot will be added or removed soon: first the one, and when what it asked for
    // has come, the other.
    void prefetch(std::uint32_t slot) const { places_.prefetch(slot); }
    void prefetch_place(std::uint32_t slot) const {
        if (places_[slot] != nowhere) prefetch_line(&leaves_[places_[slot] / leaf_words]);
    }

    [[nodiscard]] std::size_t memory_bytes() const;

  private:
    // Which leaf, and which of its words.
    using Place = std::uint32_t;
    static constexpr Place nowhere = 0xffff'ffff;
    static constexpr std::size_t leaf_words = 8;  // a line of the cache, two of them not ids
    static constexpr std::size_t leaf_ids = leaf_words - 2;
    static constexpr std::size_t width = 8;  // of a parent
    static constexpr std::int64_t nobody = std::numeric_limits<std::int64_t>::max();

    struct Leaf {
        std::array<std::int64_t, leaf_ids> ids;  // `nobody` where there is room
        std::uint64_t room;                      // a bit for each place that may be taken
        std::uint32_t number;                    // among the leaves of its tree
        std::uint32_t next;                      // of those with room
    };
    static_assert(sizeof(Leaf) == leaf_words * sizeof(std::int64_t));

    using Minima = Blocks<std::int64_t, small_block>;
    struct Tree {
        std::int64_t lowest = nobody;
        Place of_lowest = nowhere;          // an image's: the place of its lowest in the org's tree
        std::uint32_t with_room = nowhere;  // the first leaf
        std::uint32_t leaves = 0;
        std::uint32_t members = 0;  // `nobody` is also a number that a recorded worker may bear
        // The minimum of each leaf, of eight of those, and so on up to at most eight. A tree of
        // one leaf has none.
        std::vector<Minima> above;
    };
    static std::uint64_t key_of(TextId org, TextId image) {
        return std::uint64_t{org.value} << 32 | image.value;
    }

    [[nodiscard]] Place put(Tree& tree, std::int64_t id);
    void take(Tree& tree, Place place);
    static void lower(Tree& tree, std::size_t leaf, std::int64_t id);
    static void raise(Tree& tree, std::size_t leaf, std::int64_t was, std::int64_t now);
    void grow(Tree& tree);
    static void grow_above(Tree& tree);
    // The lowest of an org's image changed.
    void tell_org(TextId org, TextId image, Tree& tree);

    Records<Leaf> leaves_;  // of all trees
    boost::unordered_flat_map<std::uint64_t, Tree> trees_;
    Records<Place> places_;  // by slot
};

}  // namespace fenceline
