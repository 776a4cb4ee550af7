#include "events/process.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <new>

namespace fenceline {

namespace {

using Number = std::atomic<std::int64_t>;

// 0 in a child that has not asked yet. Null: this kernel clears no pages.
Number* cleared_by_fork() {
    constexpr std::size_t bytes = sizeof(Number);
    constexpr int ours = MAP_PRIVATE | MAP_ANONYMOUS;
    void* page = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, ours, -1, 0);
    if (page == MAP_FAILED) return nullptr;
    if (::madvise(page, bytes, MADV_WIPEONFORK) == 0) return new (page) Number(0);
    ::munmap(page, bytes);
    return nullptr;
}

// How many numbers its ancestors have had, and it.
std::atomic<std::int64_t> given = 0;

}  // namespace

std::int64_t this_process() noexcept {
    static Number* const number = cleared_by_fork();
    if (number == nullptr) return ::getpid();
    auto found = number->load(std::memory_order_relaxed);
    if (found != 0) return found;
    const auto next = given.fetch_add(1) + 1;
    return number->compare_exchange_strong(found, next) ? next : found;
}

}  // namespace fenceline
