#pragma once

// Which records an owner has: a list of slots for each owner, threaded through one array.
//
//   Owned owned;
//   owned.add(worker.owner, slot);
//   owned.remove(worker.owner, slot);
//   owned.visit(owner, [&](std::uint32_t slot) { ... });  // in no order that means anything
//
// To add and to remove takes the same time however many there are. The empty owner is one, too.
//
// Threading: as a std::vector.

#include <cstddef>
#include <cstdint>

#include <boost/unordered/unordered_flat_map.hpp>

#include "events/ids.hpp"
#include "statemachine/blocks.hpp"

namespace fenceline {

class Owned {
  public:
    // A slot that no owner has.
    void add(TextId owner, std::uint32_t slot);
    // One that this owner has.
    void remove(TextId owner, std::uint32_t slot);

    [[nodiscard]] std::size_t count(TextId owner) const;
    template <typename Visit>
    void visit(TextId owner, const Visit& visit) const;
    // Each owner that has any, in no order.
    template <typename Visit>
    void visit_owners(const Visit& visit) const;

    [[nodiscard]] std::size_t memory_bytes() const;

  private:
    static constexpr std::uint32_t nobody = 0xffff'ffff;
    struct Links {
        std::uint32_t before = nobody, after = nobody;
    };
    struct List {
        std::uint32_t first = nobody;
        std::uint32_t size = 0;
    };

    Blocks<Links, large_block> links_;  // by slot
    boost::unordered_flat_map<std::uint32_t, List> lists_;
};

template <typename Visit>
void Owned::visit(TextId owner, const Visit& visit) const {
    const auto it = lists_.find(owner.value);
    if (it == lists_.end()) return;
    for (std::uint32_t slot = it->second.first; slot != nobody; slot = links_[slot].after)
        visit(slot);
}

template <typename Visit>
void Owned::visit_owners(const Visit& visit) const {
    for (const auto& [owner, list] : lists_) visit(TextId{owner});
}

}  // namespace fenceline
