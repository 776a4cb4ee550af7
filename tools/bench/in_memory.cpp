// Decide, evolve and all projections, without a journal: what an operation costs besides the disk.

#include <unistd.h>

#include <chrono>
#include <fstream>
#include <numeric>

#include "projections/fold.hpp"
#include "projections/metrics.hpp"
#include "statemachine/decide.hpp"
#include "statemachine/evolve.hpp"
#include "statemachine/lists.hpp"
#include "statemachine/minter.hpp"
#include "tools/bench/bench.hpp"

namespace fenceline::tools::bench {

namespace {

constexpr Time start_of_time{1'779'616'800'000'000'000};

// The part of a store that is not its journal: exactly what it calls for each operation.
class Bare {
  public:
    Bare() { fold.world.index_lists(); }
    void operate(const Command& command) {
        scratch_.clear();
        now_ = now_ + Duration{1'000};
        decide(fold.world, command, now_, scratch_);
        for (Event& event : scratch_) {
            event.position = Position{fold.world.position.value + 1};
            event.recorder = RecorderId{1};
            evolve(fold.world, event);
            fold.project(event);
            own.apply(event);
            transitioned_ += transitioned(event);
        }
    }
    void wait(Duration duration) { now_ = now_ + duration; }
    [[nodiscard]] Time now() const { return now_; }
    [[nodiscard]] std::int64_t transitions() const { return transitioned_; }

    Fold fold;
    Tallies own;

  private:
    Time now_ = start_of_time;
    std::vector<Event> scratch_;
    std::int64_t transitioned_ = 0;
};

WorkerLease lease_of(std::int64_t worker, Epoch epoch) {
    return Minter::lease(WorkerId{worker}, "cp-" + std::to_string(worker % 3) + ":boot-1", epoch,
                         "registry/duck:v1." + std::to_string(worker % 4));
}

Command adopt(const WorkerLease& lease) {
    const auto worker = lease.worker().value;
    return {{.caller = lease.owner(), .origin = Origin::public_api},
            Adopt{{.worker = lease.worker(),
                   .pod = "worker-" + std::to_string(worker),
                   .image = lease.image(),
                   .org = "org-" + std::to_string(worker % 1'000),
                   .owner = lease.owner(),
                   .state = State::hot,
                   .epoch = lease.epoch()}}};
}

// What the process has of the machine's memory, wherever it came from.
std::size_t resident() {
    std::size_t size = 0, pages = 0;
    std::ifstream("/proc/self/statm") >> size >> pages;
    return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

// Workers in an order that no cache foresees; the same on every run.
std::vector<std::int64_t> shuffled(std::int64_t n) {
    std::vector<std::int64_t> ids(static_cast<std::size_t>(n));
    std::iota(ids.begin(), ids.end(), 1);
    std::uint64_t random = 88'172'645'463'325'252ULL;
    for (std::size_t i = ids.size(); i > 1; --i) {
        random ^= random << 13, random ^= random >> 7, random ^= random << 17;
        std::swap(ids[i - 1], ids[random % i]);
    }
    return ids;
}

Command with_lease(std::int64_t worker, Epoch epoch, auto request) {
    const auto lease = lease_of(worker, epoch);
    return {{.caller = lease.owner(), .origin = Origin::public_api}, request(lease)};
}
Command adopt(std::int64_t worker) {
    return adopt(lease_of(worker, Epoch{1}));
}
std::vector<std::string> control_planes() {
    return {lease_of(0, Epoch{}).owner(), lease_of(1, Epoch{}).owner(),
            lease_of(2, Epoch{}).owner()};
}
Command heard_from(std::string caller) {
    return {{.caller = std::move(caller)}, ControlPlaneHeartbeat{}};
}
Command park(std::int64_t worker) {
    return with_lease(worker, Epoch{1}, [](const auto& lease) { return Park{lease}; });
}
Command unpark(std::int64_t worker) {
    return with_lease(worker, Epoch{1}, [](const auto& lease) { return Unpark{lease}; });
}
Command heartbeat(std::int64_t worker) {
    return with_lease(worker, Epoch{1}, [](const auto& lease) { return Heartbeat{lease}; });
}
Command stale(std::int64_t worker) {
    return with_lease(worker, Epoch{0}, [](const auto& lease) { return Drain{lease}; });
}

// Nanoseconds that one operation on each worker takes. The commands are made a few at a time with
// the clock stopped: a caller's own command is in its cache, and millions of them would not be.
double took(Bare& bare, const std::vector<std::int64_t>& ids, std::size_t callers,
            Command (*make)(std::int64_t)) {
    constexpr std::size_t at_once = 256;
    std::chrono::duration<double, std::nano> total{};
    std::vector<Command> commands;
    for (std::size_t done = 0; done < ids.size();) {
        commands.clear();
        while (commands.size() < at_once && done < ids.size())
            commands.push_back(make(ids[done++]));
        const auto start = std::chrono::steady_clock::now();
        for (std::span<const Command> rest(commands); !rest.empty();) {
            const auto batch = rest.first(std::min({rest.size(), callers, expect_at_once}));
            expect(bare.fold.world, batch);
            for (const Command& command : batch) bare.operate(command);
            rest = rest.subspan(batch.size());
        }
        total += std::chrono::steady_clock::now() - start;
    }
    return total.count();
}

// --- lists ---------------------------------------------------------------------------------------

// Microseconds that a list takes; one that selects another number of workers fails.
template <typename List>
Result<double> took_to_list(int rounds, std::size_t workers, const List& list) {
    std::vector<double> us;
    for (int round = 0; round < rounds; ++round) {
        const auto start = std::chrono::steady_clock::now();
        const auto rows = list();
        us.push_back(
            std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start)
                .count());
        if (rows.size() != workers)
            return fail(ErrorCode::corrupt, "a list did not select what it was to find");
    }
    return median(std::move(us));
}

// One control plane dies and leaves a hundred workers, and a hundred were parked long before all
// the others. Each list is taken under a store's lock: what it takes, everybody waits for.
Result<void> measure_lists(Bare& bare, const std::vector<std::int64_t>& ids, const Options& options,
                           Figures& figures) {
    const auto& world = bare.fold.world;
    const auto rows = std::min<std::size_t>(ids.size(), 100);
    bare.operate(heard_from("cp-gone"));
    for (std::size_t i = 1; i <= rows; ++i) {
        const WorkerId id{options.workers + static_cast<std::int64_t>(i)};
        bare.operate(adopt(Minter::lease(id, "cp-gone", Epoch{1}, "registry/duck:v1.0")));
    }
    bare.wait(seconds(60));
    for (const std::string& caller : control_planes()) bare.operate(heard_from(caller));
    bare.operate(
        {{.caller = control_planes().front()}, ExpireStaleControlPlanes{bare.now() - seconds(20)}});
    const auto orphaned =
        took_to_list(options.rounds, rows, [&] { return lists::orphaned(world, bare.now()); });
    FENCELINE_TRY(orphaned);

    for (std::size_t i = 0; i < rows; ++i) bare.operate(park(ids[i]));
    const Time parked_long = bare.now();
    bare.wait(seconds(60));
    for (std::size_t i = rows; i < ids.size(); ++i) bare.operate(park(ids[i]));
    const auto expired = took_to_list(options.rounds, rows,
                                      [&] { return lists::expired_hot_idle(world, parked_long); });
    FENCELINE_TRY(expired);

    using enum Figure::Goal;
    const auto list_of = [&](const char* what) {
        return "list of " + std::to_string(rows) + what + std::to_string(options.workers);
    };
    figures.push_back({"list_orphaned", list_of(" orphans among ") + " workers", "us", *orphaned, 0,
                       100, at_most});
    figures.push_back({"list_expired_hot_idle", list_of(" parked too long among ") + " parked",
                       "us", *expired, 0, 100, at_most});
    return {};
}

}  // namespace

Result<void> measure_in_memory(const Options& options, Figures& figures) {
    const auto before = resident();
    Bare bare;
    for (const std::string& caller : control_planes()) bare.operate(heard_from(caller));
    for (std::int64_t id = 1; id <= options.workers; ++id) bare.operate(adopt(id));
    const auto bytes = resident() - before;

    // Parked, taken back, alive, and an owner that lost it: each of them goes through all workers.
    const auto ids = shuffled(options.workers);
    std::vector<double> ns;
    const auto callers = static_cast<std::size_t>(options.callers);
    const auto transitions = bare.transitions();
    for (int round = 0; round < options.rounds; ++round) {
        double total = 0;
        for (const auto make : {park, unpark, heartbeat, stale}) {
            bare.wait(seconds(10));  // as between one heartbeat of a worker and the next
            total += took(bare, ids, callers, make);
        }
        ns.push_back(total / (4.0 * static_cast<double>(ids.size())));
    }
    if (bare.transitions() - transitions != 3 * options.workers * options.rounds)
        return fail(ErrorCode::corrupt, "the in-memory operations did not do what they measure");

    using enum Figure::Goal;
    figures.push_back(
        {"in_memory",
         "decide + evolve + projections, " + std::to_string(options.workers) + " workers", "ns/op",
         median(ns), 0, 200, at_most});
    figures.push_back({"bytes_per_worker", "memory, a live worker", "B",
                       static_cast<double>(bytes) / static_cast<double>(options.workers), 0, 400,
                       at_most});
    return measure_lists(bare, ids, options, figures);
}

}  // namespace fenceline::tools::bench
