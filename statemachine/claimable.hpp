#pragma once

// Workers that a claim may take, lowest id first, by a key (an image, an org, both).
//
// Binary heaps with lazy removal: a worker that leaves is dropped when it reaches the top. The
// world calls add() and remove() only as it changes, so that reading stays const.

#include <cstdint>
#include <optional>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "events/ids.hpp"

namespace fenceline {

class Claimable {
  public:
    void add(std::uint64_t key, WorkerId worker);
    void remove(std::uint64_t key, WorkerId worker);
    [[nodiscard]] std::optional<WorkerId> lowest(std::uint64_t key) const;
    [[nodiscard]] std::size_t memory_bytes() const;

  private:
    struct Heap {
        std::vector<std::int64_t> ids;                       // min-heap, stale ones included
        boost::unordered_flat_set<std::int64_t> members;     // who is really in
    };
    boost::unordered_flat_map<std::uint64_t, Heap> heaps_;
};

}  // namespace fenceline
