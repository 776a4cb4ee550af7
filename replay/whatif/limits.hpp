#pragma once

// The janitor's four limits: which of its calls each stands behind, how old a record is in its
// eyes, and which of them a policy replaces.
//
// A journal does not say with which limits its janitor swept, but it shows them: the youngest that
// it retired was as old as the limit, and less than a sweep older. A limit that the policy names
// and that the record has kept by that measure replays as recorded, like one that is not named.
//
// Pure; any thread.

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "events/event.hpp"
#include "replay/whatif/policy.hpp"
#include "statemachine/commands.hpp"
#include "statemachine/world.hpp"

namespace fenceline::replay::whatif {

// How often a janitor sweeps, and how long one sweep may take.
inline constexpr Duration sweep_every = seconds(10);
inline constexpr Duration sweep_takes = seconds(1);

// In the order of a sweep.
enum class Limit : std::uint8_t { orphan_grace, stuck_spawning, stuck_activating, hot_idle_ttl };
inline constexpr std::array all_limits{Limit::orphan_grace, Limit::stuck_spawning,
                                       Limit::stuck_activating, Limit::hot_idle_ttl};
[[nodiscard]] std::string_view to_text(Limit limit);

// The limit behind a call of the janitor; none: something else asked.
[[nodiscard]] std::optional<Limit> limit_of(const Event& event);

// The limit that a control plane kept on its own account when it ended a worker so; none: it was no
// such limit. A policy leaves these alone.
[[nodiscard]] std::optional<Limit> callers_limit_of(const Event& event);

// Since when a record has been what the limit is about; none: it is not.
[[nodiscard]] std::optional<Time> since(Limit limit, const World& world, const Worker& worker);

// The janitor's call for a worker that is too old.
[[nodiscard]] Command call_of(Limit limit, const WorkerSnapshot& seen, std::string caller);

// By limit: how old the youngest was that the recorded janitor retired.
using Youngest = std::array<std::optional<Duration>, all_limits.size()>;

// By limit: how many workers control planes ended on their own account.
using ByCallers = std::array<std::int64_t, all_limits.size()>;

struct LimitInUse {
    Duration value;                    // the policy's, else what the record shows, else the default
    std::optional<Duration> youngest;  // what the record shows
    bool named = false;
    bool replaced = false;        // named, and not what the record has kept
    std::int64_t by_callers = 0;  // workers that control planes ended on their own account
};

class Limits {
  public:
    Limits(const Policy& policy, const Youngest& youngest, const ByCallers& by_callers = {});

    [[nodiscard]] const LimitInUse& operator[](Limit limit) const {
        return uses_[static_cast<std::size_t>(limit)];
    }
    [[nodiscard]] bool any_replaced() const;
    // Nothing that is young now can be too old before this long from now.
    [[nodiscard]] Duration shortest() const;

  private:
    std::array<LimitInUse, all_limits.size()> uses_;
};

}  // namespace fenceline::replay::whatif
