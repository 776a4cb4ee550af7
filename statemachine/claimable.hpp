#pragma once

// Workers that a claim may take, lowest id first, by a key (an image, an org, both).
//
//   idle.add(key, worker);
//   idle.remove(key, worker);
//   idle.lowest(key);
//
// Two binary heaps a key: who came, and who went again without having been the lowest. What is on
// top of both is gone for good; so the top of the first always belongs, and nobody has to ask the
// records, which are far away in memory. When many went, the two are made one. Only add() and
// remove() change anything, so that reading stays const.
//
// Threading: as a std::vector.

#include <cstdint>
#include <optional>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "events/ids.hpp"

namespace fenceline {

class Claimable {
  public:
    void add(std::uint64_t key, WorkerId worker);

    // Takes a worker out that add() had put there.
    void remove(std::uint64_t key, WorkerId worker);

    [[nodiscard]] std::optional<WorkerId> lowest(std::uint64_t key) const;
    [[nodiscard]] std::size_t memory_bytes() const;

  private:
    using Ids = std::vector<std::int64_t>;
    struct Heaps {
        Ids came, went;  // min-heaps; whoever went is among those who came, as often
    };
    static void settle(Heaps& heaps);
    static void compact(Heaps& heaps);

    boost::unordered_flat_map<std::uint64_t, Heaps> heaps_;
};

}  // namespace fenceline
