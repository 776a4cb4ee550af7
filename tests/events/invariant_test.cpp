#include "events/invariant.hpp"

#include <csignal>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

namespace fenceline {

TEST_SUITE_BEGIN("events/invariant");

namespace {

struct Ended {
    int signal = 0;
    std::string said;
};

// Runs it in a child, which the invariant may end.
template <typename Body>
Ended in_a_child(Body body) {
    int pipe[2];
    REQUIRE(::pipe(pipe) == 0);
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::signal(SIGABRT, SIG_DFL);
        ::dup2(pipe[1], STDERR_FILENO);
        body();
        ::_exit(0);
    }
    ::close(pipe[1]);
    Ended out;
    char bytes[512];
    for (ssize_t n = 0; (n = ::read(pipe[0], bytes, sizeof bytes)) > 0;)
        out.said.append(bytes, static_cast<std::size_t>(n));
    ::close(pipe[0]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    if (WIFSIGNALED(status)) out.signal = WTERMSIG(status);
    return out;
}

}  // namespace

TEST_CASE("a broken invariant ends the process and says where") {
    const auto ended = in_a_child([] { FENCELINE_INVARIANT(1 > 2, "one is more than two"); });
    CHECK(ended.signal == SIGABRT);
    CHECK(ended.said.find("one is more than two") != std::string::npos);
    CHECK(ended.said.find("1 > 2") != std::string::npos);
    CHECK(ended.said.find("invariant_test.cpp") != std::string::npos);
}

TEST_CASE("a kept invariant costs nothing but its check") {
    int checks = 0;
    const auto ended = in_a_child([&] { FENCELINE_INVARIANT(++checks == 1, "checked once"); });
    CHECK(ended.signal == 0);
    CHECK(ended.said.empty());
}

TEST_SUITE_END();

}  // namespace fenceline
