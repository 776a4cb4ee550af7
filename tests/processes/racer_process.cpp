// Starting, ending and addressing the processes of a race.

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sstream>
#include <vector>

#include "events/invariant.hpp"
#include "tests/processes/racer.hpp"

namespace fenceline::testing {

bool Child::wait() {
    if (pid_ <= 0) return true;
    int status = 0;
    const auto waited = ::waitpid(pid_, &status, 0);
    const bool ended = waited == pid_;
    pid_ = -1;
    return ended && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void Child::kill_hard() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
    (void)wait();
}

Child start_racer(const RacerOrders& orders) {
    std::ostringstream text;
    text << racer_variable << '=' << orders.directory << ' ' << orders.name << ' ' << orders.seed
         << ' ' << orders.threads << ' ' << orders.operations << ' '
         << orders.heartbeat_resolution_ns << ' ' << orders.only_fold << ' ' << orders.progress;
    // All is made before fork(): between it and exec a child may not even allocate.
    const std::string variable = text.str();
    const std::string which = std::string("--test-case=") + racer_case;
    const std::string output = orders.directory + "/" + orders.name + ".out";
    std::vector<char*> arguments;
    for (const char* argument : {"racer", "--no-skip", "--no-intro", which.c_str()})
        arguments.push_back(const_cast<char*>(argument));
    arguments.push_back(nullptr);
    std::vector<char*> environment;
    for (char** entry = environ; *entry; ++entry) environment.push_back(*entry);
    environment.push_back(const_cast<char*>(variable.c_str()));
    environment.push_back(nullptr);

    const pid_t pid = ::fork();
    FENCELINE_INVARIANT(pid >= 0, "a process can be started");
    if (pid == 0) {
        const int file = ::open(output.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0644);
        if (file >= 0) ::dup2(file, 1), ::dup2(file, 2);
        ::execve("/proc/self/exe", arguments.data(), environment.data());
        ::_exit(127);
    }
    return Child(pid);
}

}  // namespace fenceline::testing
