// Several processes on one journal against one process with as many callers.

#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "tools/bench/bench.hpp"
#include "tools/bench/callers.hpp"

namespace fenceline::tools::bench {

namespace {

constexpr int writers = 4;

struct Team {
    int number = 0;   // of the process
    int callers = 0;  // in it
};

// A process of its own: says that it is ready, waits for the start, tells its operations a second.
// It leaves without running what its parent would run at exit.
class Writer {
  public:
    static Result<Writer> start(const std::string& path, Team team, int seconds) {
        Writer writer;
        int up[2], down[2];
        if (::pipe(up) != 0 || ::pipe(down) != 0)
            return fail(ErrorCode::io, "no pipe to a writer process could be made");
        writer.pid_ = ::fork();
        if (writer.pid_ < 0) return fail(ErrorCode::io, "no writer process could be started");
        if (writer.pid_ == 0) {
            ::close(up[0]);
            ::close(down[1]);
            ::_exit(work(path, team, seconds, up[1], down[0]) ? 0 : 1);
        }
        ::close(up[1]);
        ::close(down[0]);
        writer.from_ = up[0];
        writer.to_ = down[1];
        return writer;
    }
    Writer(Writer&& other) noexcept
        : pid_(std::exchange(other.pid_, -1)), from_(other.from_), to_(other.to_) {}
    Writer& operator=(Writer&&) = delete;
    ~Writer() {
        if (pid_ < 0) return;
        ::close(from_);
        ::close(to_);
        ::waitpid(pid_, nullptr, 0);
    }

    // One number at a time; nothing when the process ended without.
    [[nodiscard]] Result<double> told() const {
        double value = 0;
        if (::read(from_, &value, sizeof value) != sizeof value)
            return fail(ErrorCode::io, "a writer process failed");
        return value;
    }
    void go() const { (void)!::write(to_, "", 1); }

  private:
    Writer() = default;
    static bool work(const std::string& path, Team team, int seconds, int to, int from) {
        auto store = LifecycleStore::open({.path = path,
                                           .create = true,
                                           .instance = "bench-" + std::to_string(team.number),
                                           .heartbeat_resolution = {}});
        if (!store) return false;
        std::vector<Caller> callers;
        for (int i = 0; i < team.callers; ++i) {
            auto caller = Caller::make(**store, team.number * team.callers + i);
            if (!caller) return false;
            callers.push_back(std::move(*caller));
        }
        double value = 0;
        char start = 0;
        if (::write(to, &value, sizeof value) != sizeof value) return false;
        if (::read(from, &start, 1) != 1) return false;
        auto run = run_threads(**store, callers, seconds);
        if (!run) return false;
        value = run->per_second;
        return ::write(to, &value, sizeof value) == sizeof value && (*store)->close().has_value();
    }

    pid_t pid_ = -1;
    int from_ = -1, to_ = -1;
};

// Operations a second of all processes together, on a journal of their own.
Result<double> together(const Options& options, int processes) {
    const std::string path = options.folder + "/processes.db";
    double total = 0;
    {
        std::vector<Writer> all;
        for (int i = 0; i < processes; ++i) {
            auto writer =
                Writer::start(path, {i, options.callers / processes}, options.seconds_per_round);
            if (!writer) return tl::unexpected<Error>(std::move(writer.error()));
            all.push_back(std::move(*writer));
        }
        for (const Writer& writer : all)
            if (auto ready = writer.told(); !ready) return ready;
        for (const Writer& writer : all) writer.go();
        for (const Writer& writer : all) {
            auto per_second = writer.told();
            if (!per_second) return per_second;
            total += *per_second;
        }
    }
    std::error_code ignored;
    for (const char* file : {"", "-wal", "-shm", "-lock"})
        std::filesystem::remove(path + file, ignored);
    return total;
}

}  // namespace

Result<void> measure_processes(const Options& options, Figures& figures) {
    if (options.callers < writers)
        return fail(ErrorCode::invalid_request, "four processes need at least as many callers",
                    "raise --callers");
    std::vector<double> many, ratio;
    for (int round = 0; round < options.rounds; ++round) {
        auto one = together(options, 1);
        if (!one) return tl::unexpected<Error>(std::move(one.error()));
        auto four = together(options, writers);
        if (!four) return tl::unexpected<Error>(std::move(four.error()));
        many.push_back(*four);
        ratio.push_back(*four / *one);
    }
    using enum Figure::Goal;
    figures.push_back(
        {"processes", "durable operations, 4 processes together", "op/s", median(many)});
    figures.push_back({"processes_ratio", "4 processes against one, as many callers", "x",
                       median(ratio), 0, 0.8, at_least});
    return {};
}

}  // namespace fenceline::tools::bench
