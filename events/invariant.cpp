#include "events/invariant.hpp"

#include <cstdio>
#include <cstdlib>

namespace fenceline {

// The one place where the library prints: nobody is left to report to.
void invariant_failed(const char* condition, const char* text, const char* file,
                      int line) noexcept {
    std::fprintf(stderr, "fenceline: broken invariant: %s (%s) at %s:%d\n", text, condition, file,
                 line);
    std::fflush(stderr);
    std::abort();
}

}  // namespace fenceline
