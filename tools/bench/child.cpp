#include "tools/bench/child.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <chrono>

extern char** environ;

namespace fenceline::tools::bench {

Result<Ran> run_self(const std::vector<std::string>& arguments, int expected) {
    std::vector<std::string> words{"fenceline"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> pointers;
    pointers.reserve(words.size() + 1);
    for (auto& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);

    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    const auto start = std::chrono::steady_clock::now();
    pid_t child = -1;
    const int spawned =
        posix_spawn(&child, "/proc/self/exe", &files, nullptr, pointers.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    if (spawned != 0) return fail(ErrorCode::io, "this program could not be started once more");

    int status = 0;
    rusage used{};
    if (wait4(child, &status, 0, &used) != child)
        return fail(ErrorCode::io, "a child's end could not be seen");
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != expected)
        return fail(ErrorCode::io, "fenceline " + arguments.front() + " did not end as it should");
    return Ran{took.count(), used.ru_maxrss * 1024};
}

}  // namespace fenceline::tools::bench
