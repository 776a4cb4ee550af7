// Several processes on one journal against one process with as many callers, and the same of bare
// SQLite, whose processes commit a row a caller.

#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

#include "tools/bench/bare_sqlite.hpp"
#include "tools/bench/bench.hpp"
#include "tools/bench/callers.hpp"

namespace fenceline::tools::bench {

namespace {

constexpr int writers = 4;

struct Team {
    int number = 0;   // of the process
    int callers = 0;  // in it
};

// What a process does: makes itself ready, calls `started`, which returns at the start, and tells
// its operations a second.
using Started = std::function<bool()>;
using Work = std::function<Result<double>(const Team&, const Started&)>;

// A process of its own. It leaves without running what its parent would run at exit.
class Writer {
  public:
    static Result<Writer> start(const Team& team, const Work& work) {
        Writer writer;
        int up[2], down[2];
        if (::pipe(up) != 0 || ::pipe(down) != 0)
            return fail(ErrorCode::io, "no pipe to a writer process could be made");
        writer.pid_ = ::fork();
        if (writer.pid_ < 0) return fail(ErrorCode::io, "no writer process could be started");
        if (writer.pid_ == 0) {
            ::close(up[0]);
            ::close(down[1]);
            ::_exit(run(team, work, up[1], down[0]) ? 0 : 1);
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
    static bool run(const Team& team, const Work& work, int to, int from) {
        const auto tell = [to](double value) {
            return ::write(to, &value, sizeof value) == sizeof value;
        };
        const auto per_second = work(team, [&] {
            char start = 0;
            return tell(0) && ::read(from, &start, 1) == 1;
        });
        return per_second && tell(*per_second);
    }

    pid_t pid_ = -1;
    int from_ = -1, to_ = -1;
};

tl::unexpected<Error> never_started() {
    return fail(ErrorCode::io, "the start never came");
}

Result<double> ask_store(const std::string& path, int seconds, const Team& team,
                         const Started& started) {
    auto store = LifecycleStore::open({.path = path,
                                       .create = true,
                                       .instance = "bench-" + std::to_string(team.number),
                                       .heartbeat_resolution = {}});
    if (!store) return tl::unexpected<Error>(std::move(store.error()));
    std::vector<Caller> callers;
    for (int i = 0; i < team.callers; ++i) {
        auto caller = Caller::make(**store, team.number * team.callers + i);
        if (!caller) return tl::unexpected<Error>(std::move(caller.error()));
        callers.push_back(std::move(*caller));
    }
    if (!started()) return never_started();
    auto ran = run_threads(**store, callers, seconds);
    if (!ran) return tl::unexpected<Error>(std::move(ran.error()));
    FENCELINE_TRY((*store)->close());
    return ran->per_second;
}

Result<double> insert_rows(const std::string& path, int seconds, const Team& team,
                           const Started& started) {
    auto bare = BareSqlite::open(path, BareSqlite::Writers::several);
    if (!bare) return tl::unexpected<Error>(std::move(bare.error()));
    if (!started()) return never_started();
    return (*bare)->insert_for(seconds, team.callers);
}

// Operations a second of all processes together.
Result<double> together(int processes, int callers, const Work& work) {
    double total = 0;
    std::vector<Writer> all;
    for (int i = 0; i < processes; ++i) {
        auto writer = Writer::start({i, callers / processes}, work);
        if (!writer) return tl::unexpected<Error>(std::move(writer.error()));
        all.push_back(std::move(*writer));
        // Its journal is made by the first one.
        if (auto ready = all.back().told(); !ready) return ready;
    }
    for (const Writer& writer : all) writer.go();
    for (const Writer& writer : all) {
        auto per_second = writer.told();
        if (!per_second) return per_second;
        total += *per_second;
    }
    return total;
}

// One process, then several, each time on a new file.
struct Compared {
    std::vector<double> many, ratio;
    [[nodiscard]] Result<void> measure(const Options& options, const std::string& path,
                                       const Work& work) {
        double of[2] = {};
        for (const int several : {0, 1}) {
            auto total = together(several != 0 ? writers : 1, options.callers, work);
            std::error_code ignored;
            for (const char* file : {"", "-wal", "-shm", "-lock", "-anchor"})
                std::filesystem::remove(path + file, ignored);
            if (!total) return tl::unexpected<Error>(std::move(total.error()));
            of[several] = *total;
        }
        many.push_back(of[1]);
        ratio.push_back(of[1] / of[0]);
        return {};
    }
};

}  // namespace

Result<void> measure_processes(const Options& options, Figures& figures) {
    if (options.callers < writers)
        return fail(ErrorCode::invalid_request, "four processes need at least as many callers",
                    "raise --callers");
    const int seconds = options.seconds_per_round;
    const std::string journal = options.folder + "/processes.db";
    const std::string rows = options.folder + "/bare-processes.db";
    Compared ours, bare;
    for (int round = 0; round < options.rounds; ++round) {
        FENCELINE_TRY(ours.measure(options, journal, [&](const Team& team, const Started& started) {
            return ask_store(journal, seconds, team, started);
        }));
        FENCELINE_TRY(bare.measure(options, rows, [&](const Team& team, const Started& started) {
            return insert_rows(rows, seconds, team, started);
        }));
    }
    using enum Figure::Goal;
    figures.push_back({"processes", "durable operations, 4 processes together", "op/s",
                       median(ours.many), median(bare.many)});
    figures.push_back({"processes_ratio", "4 processes against one, as many callers", "x",
                       median(ours.ratio), 0, 0.8, at_least});
    figures.push_back(
        {"processes_bare", "... of bare SQLite, a row a caller", "x", median(bare.ratio)});
    return {};
}

}  // namespace fenceline::tools::bench
