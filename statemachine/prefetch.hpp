#pragma once

// A hint that this line of the cache will be read or written soon, so that several waits for memory
// become one.
//
//   for (const auto slot : soon) prefetch_line(&leaves_[slot]);
//   for (const auto slot : soon) change(leaves_[slot]);
//
// The empty statement is not for the processor: to the compiler a function that only gives hints
// has no effect, and it drops the call.

namespace fenceline {

inline void prefetch_line(const void* line) {
    __builtin_prefetch(line);
    asm volatile("");
}

}  // namespace fenceline
