#pragma once

// Which process this is, as fork() tells them apart.
//
//   const auto process_ = this_process();
//   ... if (process_ != this_process()) return fail(...);   // in a child, or a child's child
//
// getpid() would do, but is a system call, and a store asks for it ten times an operation. The
// kernel clears a page of memory in every child (MADV_WIPEONFORK, Linux 4.14), also of a bare
// clone(); what is not the same after that was the parent's.

#include <cstdint>

namespace fenceline {

// A number that no ancestor of this process has; the same for all its threads, and until it ends.
// Any thread.
[[nodiscard]] std::int64_t this_process() noexcept;

}  // namespace fenceline
