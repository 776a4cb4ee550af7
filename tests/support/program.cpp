#include "tests/support/program.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <sstream>
#include <utility>

#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "events/invariant.hpp"

namespace fenceline::testing {

namespace {

constexpr int patience_ms = 60'000;

struct Pipe {
    int read = -1, write = -1;
    Pipe() {
        int ends[2];
        FENCELINE_INVARIANT(::pipe2(ends, O_CLOEXEC) == 0, "a pipe to the program");
        read = ends[0];
        write = ends[1];
    }
};

void close_fd(int& fd) {
    if (fd >= 0) ::close(fd);
    fd = -1;
}

[[noreturn]] void become(const std::string& program, const std::vector<std::string>& arguments,
                         const RunOptions& options) {
    if (options.powerless && ::geteuid() == 0)
        for (const auto power : {CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH})
            ::prctl(PR_CAPBSET_DROP, power);
    for (const auto& [what, most] : {std::pair(RLIMIT_AS, options.most_address_space),
                                     std::pair(RLIMIT_CPU, options.most_seconds)}) {
        const rlimit limit{most, most};
        if (most != 0) ::setrlimit(what, &limit);
    }
    for (const auto& variable : options.environment) {
        const auto equals = variable.find('=');
        ::setenv(variable.substr(0, equals).c_str(), variable.substr(equals + 1).c_str(), 1);
    }
    std::vector<char*> argv{const_cast<char*>(program.c_str())};
    for (const auto& each : arguments) argv.push_back(const_cast<char*>(each.c_str()));
    argv.push_back(nullptr);
    ::execv(program.c_str(), argv.data());
    ::_exit(127);
}

struct Started {
    pid_t child;
    int in, out, err;
};

Started start(const std::string& program, const std::vector<std::string>& arguments,
              const RunOptions& options) {
    ::signal(SIGPIPE, SIG_IGN);  // a program that ends early is not the test's end
    Pipe in, out, err;
    const pid_t child = ::fork();
    FENCELINE_INVARIANT(child >= 0, "a process for the program");
    if (child == 0) {
        ::signal(SIGPIPE, SIG_DFL);
        ::dup2(in.read, STDIN_FILENO);
        ::dup2(out.write, STDOUT_FILENO);
        ::dup2(err.write, STDERR_FILENO);
        become(program, arguments, options);
    }
    close_fd(in.read);
    close_fd(out.write);
    close_fd(err.write);
    return {child, in.write, out.read, err.read};
}

int code_of(int status) {
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Appends what is there; false at the end.
bool drain(int fd, std::string& into) {
    char buffer[64 * 1024];
    const auto n = ::read(fd, buffer, sizeof buffer);
    if (n > 0) into.append(buffer, static_cast<std::size_t>(n));
    return n > 0 || (n < 0 && errno == EINTR);
}

// Feeds a program without ever holding more than a piece.
class Feeder {
  public:
    Feeder(int fd, const RunOptions& options)
        : fd_(fd), piece_(options.input), more_(options.more_input) {
        ::fcntl(fd_, F_SETFL, O_NONBLOCK);
        refill();
    }
    [[nodiscard]] int fd() const { return fd_; }
    void feed() {
        const auto n = ::write(fd_, piece_.data() + done_, piece_.size() - done_);
        if (n < 0 && errno != EAGAIN && errno != EINTR) return close_fd(fd_);
        if (n > 0) done_ += static_cast<std::size_t>(n);
        refill();
    }

  private:
    void refill() {
        if (done_ < piece_.size()) return;
        piece_ = more_ ? more_() : std::string();
        done_ = 0;
        if (piece_.empty()) close_fd(fd_);
    }
    int fd_;
    std::string piece_;
    std::size_t done_ = 0;
    std::function<std::string()> more_;
};

}  // namespace

std::vector<std::string> Ran::lines() const {
    std::vector<std::string> out_lines;
    std::istringstream in(out);
    for (std::string line; std::getline(in, line);) out_lines.push_back(line);
    return out_lines;
}

Ran run(const std::string& program, const std::vector<std::string>& arguments,
        const RunOptions& options) {
    auto started = start(program, arguments, options);
    Feeder feeder(started.in, options);
    Ran ran;
    bool asked_to_end = options.ended_after.empty();
    while (started.out >= 0 || started.err >= 0) {
        pollfd fds[] = {
            {started.out, POLLIN, 0}, {started.err, POLLIN, 0}, {feeder.fd(), POLLOUT, 0}};
        if (::poll(fds, 3, patience_ms) == 0) {
            ::kill(started.child, SIGKILL);
            ran.err += "\nthe test lost its patience\n";
        }
        if (fds[0].revents != 0 && !drain(started.out, ran.out)) close_fd(started.out);
        if (fds[1].revents != 0 && !drain(started.err, ran.err)) close_fd(started.err);
        if (fds[2].revents != 0) feeder.feed();
        if (!asked_to_end && ran.err.find(options.ended_after) != std::string::npos)
            asked_to_end = ::kill(started.child, SIGTERM) == 0;
    }
    int status = 0;
    rusage used{};
    ::wait4(started.child, &status, 0, &used);
    ran.code = code_of(status);
    ran.most_memory_kib = used.ru_maxrss;
    return ran;
}

Conversation::Conversation(const std::string& program, const std::vector<std::string>& arguments) {
    const auto started = start(program, arguments, {});
    child_ = started.child;
    in_ = started.in;
    out_ = started.out;
    err_ = started.err;
}

Conversation::~Conversation() {
    if (child_ > 0) {
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
    }
    close_fd(in_);
    close_fd(out_);
    close_fd(err_);
}

void Conversation::tell(std::string_view lines) {
    while (!lines.empty()) {
        const auto n = ::write(in_, lines.data(), lines.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return;  // it ended; the next hear() says so
        lines.remove_prefix(static_cast<std::size_t>(n));
    }
}

std::string Conversation::line_from(int fd, std::string& rest) {
    for (;;) {
        if (const auto end = rest.find('\n'); end != std::string::npos) {
            auto line = rest.substr(0, end);
            rest.erase(0, end + 1);
            return line;
        }
        pollfd waiting{fd, POLLIN, 0};
        const int ready = ::poll(&waiting, 1, patience_ms);
        FENCELINE_INVARIANT(ready != 0, "the program answers within a minute");
        if (!drain(fd, rest)) return std::exchange(rest, {});
    }
}

std::string Conversation::hear() {
    return line_from(out_, out_rest_);
}
std::string Conversation::hear_error() {
    return line_from(err_, err_rest_);
}

std::string Conversation::ask(std::string_view line) {
    tell(std::string(line) + "\n");
    return hear();
}

void Conversation::signal(int number) const {
    ::kill(child_, number);
}

int Conversation::end() {
    close_fd(in_);
    int status = 0;
    ::waitpid(child_, &status, 0);
    child_ = -1;
    return code_of(status);
}

}  // namespace fenceline::testing
