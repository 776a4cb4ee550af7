// `fenceline replay --step` with somebody at a terminal.

#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "tests/support/program.hpp"
#include "tests/support/temp_dir.hpp"

using fenceline::testing::run_program;
using fenceline::testing::TempDir;

namespace {

struct Sat {
    int code = -1;
    std::string seen;
};

// Runs the program on a terminal of its own, where these lines are typed ahead.
Sat sit_at_terminal(std::vector<std::string> arguments, std::string_view typed) {
    int terminal = -1;
    arguments.insert(arguments.begin(), FENCELINE_PROGRAM);
    std::vector<char*> argv;
    for (auto& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    const pid_t child = forkpty(&terminal, nullptr, nullptr, nullptr);
    REQUIRE(child >= 0);
    if (child == 0) {
        execv(argv[0], argv.data());
        _exit(127);
    }
    REQUIRE(write(terminal, typed.data(), typed.size()) == std::ssize(typed));
    Sat sat;
    char piece[4096];
    for (ssize_t n; (n = read(terminal, piece, sizeof piece)) > 0;)
        sat.seen.append(piece, static_cast<std::size_t>(n));
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    close(terminal);
    if (WIFEXITED(status)) sat.code = WEXITSTATUS(status);
    return sat;
}

std::size_t prompts(const std::string& seen) {
    std::size_t count = 0;
    for (auto at = seen.find("quit > "); at != seen.npos; at = seen.find("quit > ", at + 1))
        ++count;
    return count;
}

bool says(const std::string& text, std::string_view what) {
    return text.find(what) != std::string::npos;
}

}  // namespace

TEST_SUITE("tools/replay_terminal") {
    TEST_CASE("steps wait for a key on a terminal") {
        TempDir dir;
        const auto path = dir / "pool.db";
        REQUIRE(run_program({"init", path}).code == 0);
        std::string input;
        for (int worker = 1; worker <= 6; ++worker)
            input += R"({"op":"adopt","worker":)" + std::to_string(worker) +
                     R"(,"state":"idle","owner":"cp-a","image":"i"})" + "\n";
        REQUIRE(run_program({"exec", path}, {.input = input}).code == 0);

        SUBCASE("enter is one and a number so many and q is enough") {
            const auto sat = sit_at_terminal({"replay", path, "--step"}, "\n2\nq\n");
            CHECK(sat.code == 0);
            CHECK(prompts(sat.seen) == 3);
            CHECK(says(sat.seen, "worker 4: "));
            CHECK_FALSE(says(sat.seen, "worker 5: "));
        }
        SUBCASE("g goes on to the end") {
            const auto sat = sit_at_terminal({"replay", path, "--step"}, "g\n");
            CHECK(prompts(sat.seen) == 1);
            CHECK(says(sat.seen, "worker 6: "));
        }
        SUBCASE("the record and the pool are shown on demand") {
            const auto sat = sit_at_terminal({"replay", path, "--step"}, "\nw\np\nq\n");
            CHECK(prompts(sat.seen) == 4);
            CHECK(says(sat.seen, "  owner                  cp-a"));
            CHECK(says(sat.seen, "2 idle"));
        }
    }
}
