#include "tools/stop_signals.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <initializer_list>

#include "events/invariant.hpp"

namespace fenceline::tools {

namespace {

int pipe_ends[2] = {-1, -1};

// The one thing a signal handler may do here: wake whoever polls.
extern "C" void on_stop(int) {
    const int was = errno;
    const char byte = 0;
    [[maybe_unused]] const auto written = ::write(pipe_ends[1], &byte, 1);
    errno = was;
}

}  // namespace

StopSignals::StopSignals() {
    FENCELINE_INVARIANT(pipe_ends[0] < 0, "one StopSignals in a process");
    FENCELINE_INVARIANT(::pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK) == 0, "a pipe for signals");
    struct sigaction action {};
    action.sa_handler = on_stop;
    for (const int signal : {SIGINT, SIGTERM}) ::sigaction(signal, &action, nullptr);
}

StopSignals::~StopSignals() {
    for (const int signal : {SIGINT, SIGTERM}) ::signal(signal, SIG_DFL);
    ::close(pipe_ends[0]);
    ::close(pipe_ends[1]);
    pipe_ends[0] = pipe_ends[1] = -1;
}

int StopSignals::fd() const {
    return pipe_ends[0];
}

bool StopSignals::wait_ms(int timeout_ms) const {
    pollfd waiting{pipe_ends[0], POLLIN, 0};
    return ::poll(&waiting, 1, timeout_ms) != 0;  // interrupted: a signal came
}

}  // namespace fenceline::tools
