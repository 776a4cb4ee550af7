#pragma once

// Memory that runs out at a chosen allocation, of this program's own (operator new) or of SQLite,
// for the thread that says so and only while it does:
//
//   Shortage shortage{.of = Memory::of_program, .nth = 17};
//   {
//       const Scarce scarce(shortage);
//       (void)store.spawn(...);    // its 17th allocation throws std::bad_alloc
//   }
//   if (!shortage.met()) ...       // there are not so many
//
// Threading: a shortage belongs to one thread.

#include <cstdint>

namespace fenceline::testing {

enum class Memory { of_program, of_sqlite };

struct Shortage {
    enum class Lasts { once, for_ever };

    Memory of = Memory::of_program;
    int nth = 1;
    Lasts lasts = Lasts::once;
    int seen = 0;  // allocations so far

    [[nodiscard]] bool met() const { return seen >= nth; }
    [[nodiscard]] bool refuses_next() {
        ++seen;
        return lasts == Lasts::for_ever ? seen >= nth : seen == nth;
    }
};

// Allocations of all threads that were not given back yet.
struct InUse {
    std::int64_t pieces = 0;        // of the program's own
    std::int64_t sqlite_bytes = 0;  // of SQLite's
    bool operator==(const InUse&) const = default;
};
[[nodiscard]] InUse memory_in_use();

class Scarce {
  public:
    explicit Scarce(Shortage& shortage);
    ~Scarce();
    Scarce(const Scarce&) = delete;
    Scarce& operator=(const Scarce&) = delete;
};

}  // namespace fenceline::testing
