// Decide, evolve and all projections, without a journal: what an operation costs besides the disk.

#include <unistd.h>

#include <chrono>
#include <fstream>
#include <numeric>

#include "projections/fold.hpp"
#include "projections/metrics.hpp"
#include "statemachine/decide.hpp"
#include "statemachine/evolve.hpp"
#include "statemachine/minter.hpp"
#include "tools/bench/bench.hpp"

namespace fenceline::tools::bench {

namespace {

constexpr Time start_of_time{1'779'616'800'000'000'000};

// The part of a store that is not its journal: exactly what it calls for each operation.
class Bare {
  public:
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

Command adopt(std::int64_t worker) {
    const auto lease = lease_of(worker, Epoch{1});
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
            const auto batch = rest.first(std::min(rest.size(), callers));
            expect(bare.fold.world, batch);
            for (const Command& command : batch) bare.operate(command);
            rest = rest.subspan(batch.size());
        }
        total += std::chrono::steady_clock::now() - start;
    }
    return total.count();
}

}  // namespace

Result<void> measure_in_memory(const Options& options, Figures& figures) {
    const auto before = resident();
    Bare bare;
    for (std::int64_t id = 1; id <= options.workers; ++id) bare.operate(adopt(id));
    const auto bytes = resident() - before;

    // Parked, taken back, alive, and an owner that lost it: each of them goes through all workers.
    const auto ids = shuffled(options.workers);
    std::vector<double> ns;
    const auto callers = static_cast<std::size_t>(options.callers);
    const auto transitions = bare.transitions();
    for (int round = 0; round < options.rounds; ++round) {
        double total = 0;
        for (const auto make : {park, unpark, heartbeat, stale})
            total += took(bare, ids, callers, make);
        ns.push_back(total / (4.0 * static_cast<double>(ids.size())));
    }
    if (bare.transitions() - transitions != 3 * options.workers * options.rounds)
        return fail(ErrorCode::corrupt, "the in-memory operations did not do what they measure");

    using enum Figure::Goal;
    figures.push_back(
        {"in_memory",
         "decide + evolve + projections, " + std::to_string(options.workers) + " workers", "ns/op",
         median(ns), 0, 500, at_most});
    figures.push_back({"bytes_per_worker", "memory, a live worker", "B",
                       static_cast<double>(bytes) / static_cast<double>(options.workers), 0, 400,
                       at_most});
    return {};
}

}  // namespace fenceline::tools::bench
