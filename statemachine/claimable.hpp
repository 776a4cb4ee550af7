#pragma once

// Workers that a claim may take, lowest id first, by a key (an image, an org, both).
//
//   idle.add(key, worker);
//   idle.remove(key, worker, [&](WorkerId id) { return still_under(key, id); });
//   idle.lowest(key);
//
// Binary heaps with lazy removal: a worker that leaves stays in its heap until it reaches the top
// or half of the heap is such leftovers. Who really belongs is asked of the caller, whose records
// know it anyway. Only add() and remove() change anything, so that reading stays const.
//
// Threading: as a std::vector.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "events/ids.hpp"

namespace fenceline {

class Claimable {
  public:
    void add(std::uint64_t key, WorkerId worker);

    // Takes a worker out that add() had put there. `belongs(id)` says whether a worker is under
    // this key now, with the change already made.
    template <typename Belongs>
    void remove(std::uint64_t key, WorkerId worker, const Belongs& belongs);

    [[nodiscard]] std::optional<WorkerId> lowest(std::uint64_t key) const;
    [[nodiscard]] std::size_t memory_bytes() const;

  private:
    struct Heap {
        std::vector<std::int64_t> ids;  // min-heap, leftovers and repetitions included
        std::size_t members = 0;        // how many really belong; the top always does
    };
    template <typename Belongs>
    static void compact(Heap& heap, const Belongs& belongs);

    boost::unordered_flat_map<std::uint64_t, Heap> heaps_;
};

template <typename Belongs>
void Claimable::remove(std::uint64_t key, WorkerId worker, const Belongs& belongs) {
    const auto it = heaps_.find(key);
    if (it == heaps_.end()) return;
    Heap& heap = it->second;
    if (heap.members > 0) --heap.members;
    if (heap.members == 0) {
        heap.ids.clear();
        return;
    }
    if (heap.ids.front() == worker.value) {
        while (!heap.ids.empty() && !belongs(WorkerId{heap.ids.front()})) {
            std::ranges::pop_heap(heap.ids, std::greater<>{});
            heap.ids.pop_back();
        }
    }
    // A worker that comes and goes below the top would otherwise leave a trace each time.
    if (heap.ids.size() > 2 * heap.members + 64) compact(heap, belongs);
}

template <typename Belongs>
void Claimable::compact(Heap& heap, const Belongs& belongs) {
    std::erase_if(heap.ids, [&](std::int64_t id) { return !belongs(WorkerId{id}); });
    std::ranges::sort(heap.ids);  // ascending is a heap, too
    const auto repeated = std::ranges::unique(heap.ids);
    heap.ids.erase(repeated.begin(), repeated.end());
}

}  // namespace fenceline
