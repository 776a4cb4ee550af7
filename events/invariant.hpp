#pragma once

// Our own broken promises end the process, in every build: a store that goes on after one would
// hand out wrong leases. Bad input and a failing disk are never reported this way.

namespace fenceline {

[[noreturn]] void invariant_failed(const char* condition, const char* text, const char* file,
                                   int line) noexcept;

}  // namespace fenceline

#define FENCELINE_INVARIANT(condition, text)                                     \
    do {                                                                         \
        if (!(condition)) [[unlikely]]                                           \
            ::fenceline::invariant_failed(#condition, text, __FILE__, __LINE__); \
    } while (false)
