#include "journal/sqlite/waiting.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

namespace fenceline::sqlite {

std::int64_t monotonic_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

namespace {
timespec as_timespec(std::int64_t ns) {
    return {.tv_sec = ns / 1'000'000'000, .tv_nsec = ns % 1'000'000'000};
}
}  // namespace

void sleep_for(std::int64_t ns) {
    const timespec span = as_timespec(ns);
    ::nanosleep(&span, nullptr);
}

bool wait_for_change(std::atomic<std::uint32_t>& word, std::uint32_t seen, std::int64_t ns) {
    const timespec span = as_timespec(ns);
    const long result = ::syscall(SYS_futex, &word, FUTEX_WAIT, seen, &span, nullptr, 0);
    return result == 0 || errno != ETIMEDOUT;
}

void wake_all(std::atomic<std::uint32_t>& word) {
    ::syscall(SYS_futex, &word, FUTEX_WAKE, INT32_MAX, nullptr, nullptr, 0);
}

}  // namespace fenceline::sqlite
