#pragma once

// Waiting for another process: for a word in memory that both have, or for a while.
//
// Threading: any.

#include <atomic>
#include <cstdint>

namespace fenceline::sqlite {

// Of the clock that is never set.
[[nodiscard]] std::int64_t monotonic_ns();

void sleep_for(std::int64_t ns);

// True: somebody woke us or the word had changed already. False: the time is over.
[[nodiscard]] bool wait_for_change(std::atomic<std::uint32_t>& word, std::uint32_t seen,
                                   std::int64_t ns);
void wake_all(std::atomic<std::uint32_t>& word);

}  // namespace fenceline::sqlite
