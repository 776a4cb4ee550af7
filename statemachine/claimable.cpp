#include "statemachine/claimable.hpp"

#include <algorithm>
#include <functional>
#include <iterator>

namespace fenceline {

namespace {

void push(std::vector<std::int64_t>& heap, std::int64_t id) {
    heap.push_back(id);
    std::ranges::push_heap(heap, std::greater<>{});
}

void pop(std::vector<std::int64_t>& heap) {
    std::ranges::pop_heap(heap, std::greater<>{});
    heap.pop_back();
}

}  // namespace

void Claimable::add(std::uint64_t key, WorkerId worker) {
    push(heaps_[key].came, worker.value);
}

void Claimable::remove(std::uint64_t key, WorkerId worker) {
    const auto it = heaps_.find(key);
    if (it == heaps_.end() || it->second.came.empty()) return;
    Heaps& heaps = it->second;
    if (heaps.came.front() == worker.value) {
        pop(heaps.came);
        settle(heaps);
        return;
    }
    push(heaps.went, worker.value);
    // A worker that comes and goes below the top would otherwise leave a trace each time.
    if (heaps.went.size() > heaps.came.size() / 2 + 32) compact(heaps);
}

void Claimable::settle(Heaps& heaps) {
    while (!heaps.went.empty() && heaps.went.front() == heaps.came.front()) {
        pop(heaps.came);
        pop(heaps.went);
    }
}

void Claimable::compact(Heaps& heaps) {
    std::ranges::sort(heaps.came);
    std::ranges::sort(heaps.went);
    Ids left;
    std::ranges::set_difference(heaps.came, heaps.went, std::back_inserter(left));
    heaps.came = std::move(left);  // ascending is a heap, too
    heaps.went.clear();
}

std::optional<WorkerId> Claimable::lowest(std::uint64_t key) const {
    const auto it = heaps_.find(key);
    if (it == heaps_.end() || it->second.came.empty()) return std::nullopt;
    return WorkerId{it->second.came.front()};
}

std::size_t Claimable::memory_bytes() const {
    std::size_t bytes = heaps_.bucket_count() * (sizeof(Heaps) + sizeof(std::uint64_t) + 1);
    for (const auto& [key, heaps] : heaps_)
        bytes += (heaps.came.capacity() + heaps.went.capacity()) * sizeof(std::int64_t);
    return bytes;
}

}  // namespace fenceline
