#pragma once

// The fences: one small check each, named as in the contract, reading what is asked against what
// was found. A fence says which check it is, how an operation ends that it turns away, and whether
// it is held before or after the state is known to be legal.
//
// Internal: the transition table (transitions.hpp) says which operation meets which fences, and
// this page says only what each one means. Pure; any thread.

#include <algorithm>
#include <string>
#include <string_view>

#include "events/event.hpp"
#include "statemachine/world.hpp"

namespace fenceline {

// One operation before the table: what is asked, what was found, and how it ended.
struct Judgement {
    const World& world;
    const Worker* found = nullptr;  // none: no such record
    TextId caller;

    // What is asked; each operation sets what its fences read.
    Presented presented;  // lease, snapshot; take_over: the epoch alone
    State observed = State::none;
    Position observed_version;
    State adopted_as = State::none;
    TextId org;
    TextId image;
    Caps caps;
    std::int64_t warm_target = 0;

    // How it ended: `to` once a row took it, else the check that turned it away.
    State to = State::none;
    Outcome outcome = Outcome::none;
    Check failed_check = Check::none;

    [[nodiscard]] State from() const { return found ? found->state : State::none; }
    void refuse(Check check, Outcome with) {
        failed_check = check;
        outcome = with;
    }
};

// The outcome table of the contract asks for existence, owner, epoch and observed state before it
// asks whether the state is legal, and for the rest after it.
enum class Held { before_legality, after_legality };

template <Check CheckNumber, Outcome Miss, Held When>
struct Fence {
    static constexpr Check check = CheckNumber;
    static constexpr Outcome outcome = Miss;
    static constexpr Held when = When;
    static std::string_view name() { return to_text(CheckNumber); }
};

// --- the outcome table ---------------------------------------------------------------------------

struct ExistsFence : Fence<Check::exists, Outcome::row_missing, Held::before_legality> {
    static bool holds(const Judgement& j) { return j.found != nullptr; }
};

struct OwnerFence : Fence<Check::owner, Outcome::fence_miss_owner, Held::before_legality> {
    static bool holds(const Judgement& j) { return j.presented.owner == j.found->owner; }
};

struct EpochFence : Fence<Check::epoch, Outcome::fence_miss_epoch, Held::before_legality> {
    static bool holds(const Judgement& j) { return j.presented.epoch == j.found->epoch; }
};

// A caller that is ahead of the record renewed its lease and may end its own worker all the same.
struct EpochAtLeastFence : Fence<Check::epoch, Outcome::fence_miss_epoch, Held::before_legality> {
    static bool holds(const Judgement& j) { return j.presented.epoch >= j.found->epoch; }
    static std::string_view name() { return "epoch or higher"; }
};

struct ObservedStateFence
    : Fence<Check::observed_state, Outcome::fence_miss_state, Held::before_legality> {
    static bool holds(const Judgement& j) { return j.observed == j.found->state; }
};

// An org-bound worker belongs to its org: it must not become claimable by any.
struct NeutralFence : Fence<Check::neutral, Outcome::fence_miss_state, Held::after_legality> {
    static bool holds(const Judgement& j) { return j.found->binding() == Binding::neutral; }
};

// The last event on the record is the one that was seen: no clock is asked.
struct VersionFence : Fence<Check::version, Outcome::fence_miss_updated_at, Held::after_legality> {
    static bool holds(const Judgement& j) { return j.observed_version == j.found->version; }
};

struct OwnerNotLiveFence
    : Fence<Check::owner_not_live, Outcome::fence_miss_cp_revived, Held::after_legality> {
    static bool holds(const Judgement& j) {
        return !j.found->owner.given() || !j.world.is_live(j.found->owner);
    }
};

// --- claims and spawns ---------------------------------------------------------------------------

inline bool below(std::int64_t count, std::int64_t limit) {
    return limit <= 0 || count < limit;
}

// A control plane that is shutting down takes no new workers.
struct CallerStaysFence
    : Fence<Check::caller_stays, Outcome::shutting_down, Held::before_legality> {
    static bool holds(const Judgement& j) {
        const ControlPlane* plane = j.world.find_control_plane(j.caller);
        return !plane || plane->state != ControlPlaneState::draining;
    }
};

struct ClaimOrgCapFence : Fence<Check::org_cap, Outcome::org_cap, Held::before_legality> {
    static bool holds(const Judgement& j) {
        return below(j.world.active_of(j.org), j.caps.max_org_workers);
    }
};

// Parked workers are left out: one of them may be the org's only slot.
struct ClaimParkedOrgCapFence : Fence<Check::org_cap, Outcome::org_cap, Held::before_legality> {
    static bool holds(const Judgement& j) {
        return below(j.world.active_of(j.org) - j.world.hot_idle_of(j.org), j.caps.max_org_workers);
    }
};

// A full pool turns a claim away only when nothing in it matched.
struct MatchOrGlobalCapFence
    : Fence<Check::global_cap, Outcome::global_cap, Held::before_legality> {
    static bool holds(const Judgement& j) {
        return j.found || below(j.world.active(), j.caps.max_global_workers);
    }
};

struct MatchFence : Fence<Check::match, Outcome::no_idle, Held::before_legality> {
    static bool holds(const Judgement& j) { return j.found != nullptr; }
};

struct SpawnOrgCapFence : Fence<Check::org_cap, Outcome::org_cap, Held::after_legality> {
    static bool holds(const Judgement& j) {
        return !j.org.given() || below(j.world.active_of(j.org), j.caps.max_org_workers);
    }
};

struct SpawnGlobalCapFence : Fence<Check::global_cap, Outcome::global_cap, Held::after_legality> {
    static bool holds(const Judgement& j) {
        return below(j.world.active(), j.caps.max_global_workers);
    }
};

struct WarmTargetFence : Fence<Check::warm_target, Outcome::warm_target_met, Held::after_legality> {
    static bool holds(const Judgement& j) {
        return j.org.given() || below(j.world.warm(j.image), j.warm_target);
    }
};

// --- several, as a guard -------------------------------------------------------------------------

// The guard of a row: fences in the order of the outcome table. The first that does not hold ends
// the operation and says why.
template <typename... Fences>
struct All {
    template <typename Asked, typename Machine, typename Source, typename Target>
    bool operator()(const Asked& asked, Machine&, Source&, Target&) const {
        return (held<Fences>(asked.judgement) && ...);
    }

    // The part that comes before legality, for an operation whose state has no row.
    static bool before_legality(Judgement& judgement) {
        return ((Fences::when == Held::after_legality || held<Fences>(judgement)) && ...);
    }

    static std::string names() {
        std::string text;
        ((text += text.empty() ? "" : ", ", text += Fences::name()), ...);
        return text;
    }

  private:
    template <typename Held_>
    static bool held(Judgement& judgement) {
        if (Held_::holds(judgement)) [[likely]]
            return true;
        judgement.refuse(Held_::check, Held_::outcome);
        return false;
    }

    static constexpr bool ordered() {
        constexpr Held whens[] = {Fences::when..., Held::after_legality};
        return std::ranges::is_sorted(whens);
    }
    static_assert(ordered(), "the outcome table holds some fences before legality, the rest after");
};

}  // namespace fenceline
