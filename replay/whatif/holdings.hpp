#pragma once

// Who holds what in the other course: a caller that the record gave worker 7 at epoch 3 may hold
// worker 9 at epoch 1 instead, or nothing; and what somebody saw who looked at worker 7 then.
//
//   holdings.give({worker, epoch, caller}, Held{other, owner, epoch});
//   const Holding now = holdings.of(worker, lease.owner, lease.epoch);
//
// Only what differs is kept, and of each worker only the newest: who presents something older than
// that has lost the worker many changes ago, and holds nothing.
//
// Threading: as a std::map.

#include <cstddef>
#include <optional>
#include <unordered_map>
#include <vector>

#include "events/event.hpp"
#include "statemachine/worker.hpp"

namespace fenceline::replay::whatif {

// Of one worker: grants and sights that are remembered.
inline constexpr std::size_t grants_remembered = 16;
inline constexpr std::size_t sights_remembered = 8;

// A worker as its owner holds it.
struct Held {
    WorkerId worker;
    TextId owner;
    Epoch epoch;
    bool operator==(const Held&) const = default;
};

// What a recorded lease or snapshot stands for in the other course.
template <typename What>
struct StandsFor {
    bool as_recorded = true;
    std::optional<What> what;  // unless as recorded; none: nothing
};

class Holdings {
  public:
    // The caller that the record gave this worker at this epoch has `held` instead; none: nothing.
    void give(const Held& recorded, const std::optional<Held>& held);
    [[nodiscard]] StandsFor<Held> of(const Held& recorded) const;
    // Of whoever it was that the record gave the worker at this epoch.
    [[nodiscard]] StandsFor<Held> of(WorkerId worker, Epoch epoch) const;

    // Whoever saw this version of the worker saw `row` instead; none: no such worker.
    void saw(WorkerId worker, Position version, const std::optional<Worker>& row);
    [[nodiscard]] StandsFor<Worker> seen(WorkerId worker, Position version) const;

  private:
    struct Grant {
        Held recorded;
        std::optional<Held> held;
    };
    struct Sight {
        Position version;
        std::optional<Worker> row;
    };
    struct Kept {
        std::vector<Grant> grants;
        std::vector<Sight> sights;
        Epoch forgotten_epoch{-1};       // grants up to here are forgotten
        Position forgotten_version{-1};  // and sights up to here
    };
    template <typename Matches>
    [[nodiscard]] StandsFor<Held> find(WorkerId worker, Epoch epoch, const Matches& matches) const;

    std::unordered_map<std::int64_t, Kept> workers_;
};

}  // namespace fenceline::replay::whatif
