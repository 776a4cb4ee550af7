#pragma once

// Memory for tables that grow large and are read in no order: on pages of two megabytes, where the
// system has such. With small pages most of the time of an operation among a million workers goes
// into finding the page of its record, under a hypervisor twice.
//
//   std::vector<Record, HugePages<Record>> records;
//
// Threading: as std::allocator.

#include <sys/mman.h>

#include <cstddef>
#include <new>

namespace fenceline {

template <typename T>
struct HugePages {
    using value_type = T;
    // What fills most of a page is worth one; the rest stays with everybody's.
    static constexpr std::size_t page_bytes = std::size_t{2} << 20;
    static constexpr std::size_t least_bytes = page_bytes / 4 * 3;

    static constexpr std::size_t rounded(std::size_t bytes) {
        return (bytes + page_bytes - 1) / page_bytes * page_bytes;
    }

    HugePages() = default;
    template <typename Other>
    HugePages(const HugePages<Other>&) noexcept {}

    [[nodiscard]] T* allocate(std::size_t count) {
        const auto bytes = count * sizeof(T);
        if (bytes < least_bytes)
            return static_cast<T*>(::operator new (bytes, std::align_val_t{alignof(T)}));
        void* memory = ::operator new (rounded(bytes), std::align_val_t{page_bytes});
        (void)::madvise(memory, rounded(bytes), MADV_HUGEPAGE);  // an advice: only speed is lost
        return static_cast<T*>(memory);
    }
    void deallocate(T* memory, std::size_t count) noexcept {
        if (count * sizeof(T) < least_bytes)
            ::operator delete (memory, std::align_val_t{alignof(T)});
        else
            ::operator delete (memory, std::align_val_t{page_bytes});
    }
    bool operator==(const HugePages&) const = default;
};

}  // namespace fenceline
