#include "statemachine/claimable.hpp"

namespace fenceline {

void Claimable::add(std::uint64_t key, WorkerId worker) {
    Heap& heap = heaps_[key];
    heap.ids.push_back(worker.value);
    std::ranges::push_heap(heap.ids, std::greater<>{});
    ++heap.members;
}

std::optional<WorkerId> Claimable::lowest(std::uint64_t key) const {
    const auto it = heaps_.find(key);
    if (it == heaps_.end() || it->second.members == 0) return std::nullopt;
    return WorkerId{it->second.ids.front()};
}

std::size_t Claimable::memory_bytes() const {
    std::size_t bytes = heaps_.bucket_count() * (sizeof(Heap) + sizeof(std::uint64_t) + 1);
    for (const auto& [key, heap] : heaps_) bytes += heap.ids.capacity() * sizeof(std::int64_t);
    return bytes;
}

}  // namespace fenceline
