// Decide, evolve and all projections, without a journal: what an operation costs besides the disk.

#include <malloc.h>

#include <chrono>
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

// Everything that is allocated, the large blocks that come straight from the kernel included.
std::size_t allocated() {
    const auto info = mallinfo2();
    return info.uordblks + info.hblkhd;
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

}  // namespace

Result<void> measure_in_memory(const Options& options, Figures& figures) {
    const auto before = allocated();
    Bare bare;
    for (std::int64_t id = 1; id <= options.workers; ++id) bare.operate(adopt(id));
    const auto bytes = allocated() - before;

    // Parked, taken back, alive, and an owner that lost it: made before the clock starts.
    const auto ids = shuffled(options.workers);
    std::vector<Command> park, unpark, heartbeat, stale;
    for (const auto id : ids) {
        const auto lease = lease_of(id, Epoch{1});
        const Ask ask{.caller = lease.owner(), .origin = Origin::public_api};
        park.push_back({ask, Park{lease}});
        unpark.push_back({ask, Unpark{lease}});
        heartbeat.push_back({ask, Heartbeat{lease}});
        stale.push_back({ask, Drain{lease_of(id, Epoch{0})}});
    }
    std::vector<double> ns;
    const auto transitions = bare.transitions();
    for (int round = 0; round < options.rounds; ++round) {
        const auto start = std::chrono::steady_clock::now();
        for (const auto* commands : {&park, &unpark, &heartbeat, &stale})
            for (const Command& command : *commands) bare.operate(command);
        const std::chrono::duration<double, std::nano> took =
            std::chrono::steady_clock::now() - start;
        ns.push_back(took.count() / (4.0 * static_cast<double>(ids.size())));
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
