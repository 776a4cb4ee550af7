#include "tests/crash/scarce_memory.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

#include "events/invariant.hpp"

namespace fenceline::testing {

namespace {

thread_local Shortage* present = nullptr;

bool refused(Memory of) {
    return present != nullptr && present->of == of && present->refuses_next();
}

// --- SQLite's

sqlite3_mem_methods plain;

void* allocate(int size) {
    return refused(Memory::of_sqlite) ? nullptr : plain.xMalloc(size);
}
void* resize(void* memory, int size) {
    return refused(Memory::of_sqlite) ? nullptr : plain.xRealloc(memory, size);
}

// Before anybody uses SQLite. Without its own reserve of small pieces, which would hide most of
// what it allocates.
const bool in_place = [] {
    bool done = sqlite3_config(SQLITE_CONFIG_GETMALLOC, &plain) == SQLITE_OK;
    sqlite3_mem_methods scarce = plain;
    scarce.xMalloc = allocate;
    scarce.xRealloc = resize;
    done = done && sqlite3_config(SQLITE_CONFIG_MALLOC, &scarce) == SQLITE_OK;
    done = done && sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) == SQLITE_OK;
    FENCELINE_INVARIANT(done, "SQLite is not in use before the tests begin");
    return done;
}();

// --- the program's

std::atomic<std::int64_t> in_use = 0;

void* take(std::size_t size, std::size_t alignment) {
    void* memory = nullptr;
    if (!refused(Memory::of_program)) {
        const auto least = std::max<std::size_t>(alignment, __STDCPP_DEFAULT_NEW_ALIGNMENT__);
        const auto bytes = std::max<std::size_t>(size, 1) + least - 1;
        memory = std::aligned_alloc(least, bytes / least * least);
    }
    if (memory == nullptr) throw std::bad_alloc();
    in_use.fetch_add(1, std::memory_order_relaxed);
    return memory;
}

void give_back(void* memory) {
    if (memory != nullptr) in_use.fetch_sub(1, std::memory_order_relaxed);
    std::free(memory);
}

}  // namespace

Scarce::Scarce(Shortage& shortage) {
    present = &shortage;
}
Scarce::~Scarce() {
    present = nullptr;
}

InUse memory_in_use() {
    return {in_use.load(), sqlite3_memory_used()};
}

}  // namespace fenceline::testing

// The array forms go through these. So would the one that gives null, but for the address
// sanitizer, whose own does not.
void* operator new(std::size_t size) {
    return fenceline::testing::take(size, 0);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    return fenceline::testing::take(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    try {
        return fenceline::testing::take(size, 0);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}
void operator delete(void* memory) noexcept {
    fenceline::testing::give_back(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    fenceline::testing::give_back(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
    fenceline::testing::give_back(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    fenceline::testing::give_back(memory);
}
