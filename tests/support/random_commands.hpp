#pragma once

// Commands that a busy pool might see, from a seed: mostly right, often stale, sometimes absurdly
// late. The same seed and the same worlds give the same commands.
//
//   RandomCommands random(seed);
//   decide(world, random.next(world, now), now, events);

#include <cstdint>
#include <string>

#include "statemachine/commands.hpp"
#include "statemachine/minter.hpp"
#include "statemachine/world.hpp"
#include "tests/support/scenario.hpp"

namespace fenceline::testing {

class RandomCommands {
  public:
    explicit RandomCommands(std::uint64_t seed) : state_(seed) {}

    // Numbers below `limit` (splitmix64: the same everywhere).
    std::uint64_t below(std::uint64_t limit) {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        return (z ^ (z >> 31)) % limit;
    }
    bool chance(std::uint64_t one_in) { return below(one_in) == 0; }

    [[nodiscard]] Command next(const World& world, Time now) {
        const std::string caller = plane();
        if (world.size() == 0 || chance(8)) return as(caller, create());
        if (chance(6)) return as(caller, of_control_plane(now));
        const auto& worker = world.workers()[below(world.size())];
        if (chance(6)) return as(caller, observation(worker));
        if (chance(5)) return as(caller, claim());
        if (chance(4)) return as(caller, of_snapshot(snapshot_of(worker, world.texts)));
        return as(caller, of_lease(lease_of(worker, world.texts), now));
    }

  private:
    std::string plane() { return "cp-" + std::to_string(below(4)); }
    std::string image() { return chance(4) ? "" : "image-" + std::to_string(below(3)); }
    std::string org() { return "org-" + std::to_string(below(5)); }
    Caps caps() {
        return {static_cast<std::int64_t>(below(4) * 4), static_cast<std::int64_t>(below(3) * 30)};
    }

    Request create() {
        const std::string bound_to = chance(3) ? org() : "";
        if (chance(2))
            return Spawn{.image = image(),
                         .org = bound_to,
                         .caps = caps(),
                         .warm_target = static_cast<std::int64_t>(below(2) * 10)};
        return worker_in(static_cast<State>(1 + below(9)),
                         {.worker = WorkerId{static_cast<std::int64_t>(1 + below(200))},
                          .image = image(),
                          .org = bound_to,
                          .owner = chance(5) ? "" : plane(),
                          .epoch = Epoch{static_cast<std::int64_t>(below(5))}});
    }

    Request claim() {
        if (chance(2)) return ClaimIdle{org(), image(), caps()};
        return ClaimHotIdle{org(), image(), caps()};
    }

    Request of_control_plane(Time now) {
        switch (below(6)) {
            case 0: return ControlPlaneDrain{};
            case 1: return ExpireStaleControlPlanes{now - seconds(20)};
            case 2: return ExpireDrainingControlPlanes{now - seconds(40)};
            default: return ControlPlaneHeartbeat{};
        }
    }

    Request observation(const Worker& worker) {
        switch (below(4)) {
            case 0: return ReportPodDeleteFailed{worker.id};
            case 1: return ReportHealthChecked{.image = image(), .worker = worker.id};
            case 2: return ReportWarmCapacityMissed{image(), MissReason::no_idle};
            default: return ReportPodDeleted{worker.id};
        }
    }

    WorkerLease lease_of(const Worker& worker, const Dictionary& texts) {
        const Epoch epoch{worker.epoch.value + (chance(8) ? 1 : 0) - (chance(8) ? 1 : 0)};
        return Minter::lease(worker.id, chance(8) ? plane() : std::string(texts.text(worker.owner)),
                             Epoch{std::max<std::int64_t>(epoch.value, 0)}, {});
    }

    WorkerSnapshot snapshot_of(const Worker& worker, const Dictionary& texts) {
        WorkerView row = row_of(worker, texts);
        if (chance(6)) row.version = Position{std::max<std::int64_t>(row.version.value - 1, 0)};
        if (chance(6)) row.state = static_cast<State>(1 + below(9));
        return Minter::snapshot(std::move(row));
    }

    Request of_snapshot(const WorkerSnapshot& seen) {
        switch (below(4)) {
            case 0: return RetireFromSnapshot{seen, State::lost, "crash"};
            case 1: return RetireOrphan{seen, "orphaned"};
            case 2: return RetireIdleVariant{seen, "idle_timeout"};
            default: return RetireFromSnapshot{seen, State::retired, "normal"};
        }
    }

    Request of_lease(const WorkerLease& lease, Time now) {
        switch (below(15)) {
            case 0: return PublishReserved{lease};
            case 1:
            case 2: return PublishIdle{lease};
            case 3: return BeginActivation{lease};
            case 4: return CompleteActivation{lease};
            case 5:
            case 6: return Park{lease};
            case 7: return Unpark{lease};
            case 8: return Heartbeat{lease};
            case 9: return RefreshLease{lease};
            case 10: return RefreshCredentials{lease, now + seconds(600)};
            case 11: return Drain{lease};
            case 12: return RetireDrained{lease, "normal"};
            case 13: return TakeOver{lease.worker(), lease.epoch(), org()};
            default:
                if (chance(2)) return MarkLost{lease, "crash"};
                return RetireLocal{lease, "shutdown"};
        }
    }

    std::uint64_t state_;
};

}  // namespace fenceline::testing
