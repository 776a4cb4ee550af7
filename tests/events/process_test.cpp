// Who was forked is told from who forked, whatever numbers the system gives them.

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include <doctest/doctest.h>

#include "events/process.hpp"

namespace fenceline::testing {

TEST_SUITE_BEGIN("events/process");

namespace {

int status_of(pid_t child) {
    int status = -1;
    ::waitpid(child, &status, 0);
    return status;
}

}  // namespace

TEST_CASE("a process keeps its number and its threads have the same") {
    const auto mine = this_process();
    std::int64_t of_a_thread = 0;
    std::thread([&] { of_a_thread = this_process(); }).join();
    CHECK(of_a_thread == mine);
    CHECK(this_process() == mine);
    CHECK(mine != 0);
}

TEST_CASE("a child has another number and its own child a third") {
    const auto mine = this_process();
    const pid_t child = ::fork();
    if (child == 0) {
        const auto its = this_process();
        const pid_t grandchild = ::fork();
        if (grandchild == 0) ::_exit(this_process() != its && this_process() != mine ? 0 : 1);
        const bool third = status_of(grandchild) == 0;
        ::_exit(third && its != mine && this_process() == its ? 0 : 1);
    }
    CHECK(status_of(child) == 0);
    CHECK(this_process() == mine);
}

TEST_CASE("a child that no library knows of has another number too") {
    const auto mine = this_process();
    const auto child = static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
    if (child == 0) ::_exit(this_process() != mine ? 0 : 1);
    CHECK(status_of(child) == 0);
}

TEST_SUITE_END();

}  // namespace fenceline::testing
