#pragma once

// The transition table: the only place that says which operation is legal in which state, and
// which fences it meets there. Everything else (documents, drawings, laws in the tests) is made
// from it.
//
// One row per source and command; the rows of `Adopt` exclude each other by the state that is
// asked for. Included by decide.cpp alone, as Boost.MSM compiles slowly.

#include <boost/msm/back/state_machine.hpp>
#include <boost/msm/front/functor_row.hpp>
#include <boost/msm/front/state_machine_def.hpp>

#include "statemachine/deciding.hpp"
#include "statemachine/fences.hpp"

namespace fenceline::machine {

// --- the words of the table ----------------------------------------------------------------------

// States carry our enumerator: MSM's own numbering means nothing outside of it.
template <State Which>
struct In : boost::msm::front::state<> {
    static constexpr State state = Which;
};
using Absent = In<State::none>;
using Spawning = In<State::spawning>;
using Idle = In<State::idle>;
using Reserved = In<State::reserved>;
using Activating = In<State::activating>;
using Hot = In<State::hot>;
using HotIdle = In<State::hot_idle>;
using Draining = In<State::draining>;
using Retired = In<State::retired>;
using Lost = In<State::lost>;

// A command as MSM's event: the judgement is all that guards and actions read or write.
template <typename CommandType>
struct Asked {
    using command_type = CommandType;
    Judgement& judgement;
};

// The one action: notes where the record goes.
struct Enter {
    template <typename Event, typename Machine, typename Source, typename Target>
    void operator()(const Event& asked, Machine&, Source&, Target&) const noexcept {
        asked.judgement.to = Target::state;
        asked.judgement.outcome = Outcome::transitioned;
    }
};

// Chooses among the rows of `Adopt`; no fence, so it turns nobody away by itself.
template <State Which>
struct As {
    template <typename Event, typename Machine, typename Source, typename Target>
    bool operator()(const Event& asked, Machine&, Source&, Target&) const noexcept {
        return asked.judgement.adopted_as == Which;
    }
    static bool before_legality(Judgement&) { return true; }
    static std::string names() { return {}; }
};

template <typename From, typename CommandType, typename To, typename Fences>
struct Row : boost::msm::front::Row<From, Asked<CommandType>, To, Enter, Fences> {
    using from = From;
    using command = CommandType;
    using to = To;
    using fences = Fences;
};

// A list of any length; MSM's own vectors end at 20, 30 or 50 rows.
template <typename... Each>
struct Rows {};

// clang-format off

// --- the fences of each kind ---------------------------------------------------------------------

using Lease        = All<ExistsFence, OwnerFence, EpochFence>;
using NeutralLease = All<ExistsFence, OwnerFence, EpochFence, NeutralFence>;
using LocalLease   = All<ExistsFence, OwnerFence, EpochAtLeastFence>;
using Seen         = All<ExistsFence, EpochFence>;
using Snapshot     = All<ExistsFence, OwnerFence, EpochFence, ObservedStateFence, VersionFence>;
using Orphan       = All<ExistsFence, OwnerFence, EpochFence, ObservedStateFence, VersionFence,
                         OwnerNotLiveFence>;
using Slot         = All<CallerStaysFence, SpawnOrgCapFence, SpawnGlobalCapFence, WarmTargetFence>;
using NeutralClaim = All<CallerStaysFence, ClaimOrgCapFence, MatchOrGlobalCapFence, MatchFence>;
using ParkedClaim  = All<CallerStaysFence, ClaimParkedOrgCapFence, MatchFence>;

// --- the table -----------------------------------------------------------------------------------

using Table = Rows<
    //   from        command             to          fences
    Row< Absent,     Spawn,              Spawning,   Slot                  >,
    Row< Absent,     Adopt,              Spawning,   As<State::spawning>   >,
    Row< Absent,     Adopt,              Idle,       As<State::idle>       >,
    Row< Absent,     Adopt,              Reserved,   As<State::reserved>   >,
    Row< Absent,     Adopt,              Activating, As<State::activating> >,
    Row< Absent,     Adopt,              Hot,        As<State::hot>        >,
    Row< Absent,     Adopt,              HotIdle,    As<State::hot_idle>   >,
    Row< Absent,     Adopt,              Draining,   As<State::draining>   >,
    Row< Absent,     Adopt,              Retired,    As<State::retired>    >,
    Row< Absent,     Adopt,              Lost,       As<State::lost>       >,

    Row< Spawning,   PublishIdle,        Idle,       NeutralLease          >,
    Row< Spawning,   PublishReserved,    Reserved,   Lease                 >,
    Row< Spawning,   Heartbeat,          Spawning,   Lease                 >,
    Row< Spawning,   RefreshLease,       Spawning,   Lease                 >,
    Row< Spawning,   RefreshCredentials, Spawning,   Lease                 >,
    Row< Spawning,   Drain,              Draining,   Lease                 >,
    Row< Spawning,   MarkLost,           Lost,       Lease                 >,
    Row< Spawning,   RetireLocal,        Retired,    LocalLease            >,
    Row< Spawning,   RetireFromSnapshot, Retired,    Snapshot              >,
    Row< Spawning,   LoseFromSnapshot,   Lost,       Snapshot              >,
    Row< Spawning,   RetireOrphan,       Retired,    Orphan                >,

    Row< Idle,       ClaimIdle,          Reserved,   NeutralClaim          >,
    Row< Idle,       Heartbeat,          Idle,       Lease                 >,
    Row< Idle,       RefreshLease,       Idle,       Lease                 >,
    Row< Idle,       RefreshCredentials, Idle,       Lease                 >,
    Row< Idle,       Drain,              Draining,   Lease                 >,
    Row< Idle,       MarkLost,           Lost,       Lease                 >,
    Row< Idle,       RetireLocal,        Retired,    LocalLease            >,
    Row< Idle,       RetireFromSnapshot, Retired,    Snapshot              >,
    Row< Idle,       LoseFromSnapshot,   Lost,       Snapshot              >,
    Row< Idle,       RetireOrphan,       Retired,    Orphan                >,
    Row< Idle,       RetireIdleVariant,  Retired,    Snapshot              >,

    Row< Reserved,   BeginActivation,    Activating, Lease                 >,
    Row< Reserved,   Heartbeat,          Reserved,   Lease                 >,
    Row< Reserved,   RefreshLease,       Reserved,   Lease                 >,
    Row< Reserved,   RefreshCredentials, Reserved,   Lease                 >,
    Row< Reserved,   Drain,              Draining,   Lease                 >,
    Row< Reserved,   MarkLost,           Lost,       Lease                 >,
    Row< Reserved,   RetireLocal,        Retired,    LocalLease            >,
    Row< Reserved,   RetireFromSnapshot, Retired,    Snapshot              >,
    Row< Reserved,   LoseFromSnapshot,   Lost,       Snapshot              >,
    Row< Reserved,   RetireOrphan,       Retired,    Orphan                >,

    Row< Activating, CompleteActivation, Hot,        Lease                 >,
    Row< Activating, Heartbeat,          Activating, Lease                 >,
    Row< Activating, RefreshLease,       Activating, Lease                 >,
    Row< Activating, RefreshCredentials, Activating, Lease                 >,
    Row< Activating, Drain,              Draining,   Lease                 >,
    Row< Activating, MarkLost,           Lost,       Lease                 >,
    Row< Activating, RetireLocal,        Retired,    LocalLease            >,
    Row< Activating, RetireFromSnapshot, Retired,    Snapshot              >,
    Row< Activating, LoseFromSnapshot,   Lost,       Snapshot              >,
    Row< Activating, RetireOrphan,       Retired,    Orphan                >,

    Row< Hot,        Park,               HotIdle,    Lease                 >,
    Row< Hot,        TakeOver,           Reserved,   Seen                  >,
    Row< Hot,        Heartbeat,          Hot,        Lease                 >,
    Row< Hot,        RefreshLease,       Hot,        Lease                 >,
    Row< Hot,        RefreshCredentials, Hot,        Lease                 >,
    Row< Hot,        Drain,              Draining,   Lease                 >,
    Row< Hot,        MarkLost,           Lost,       Lease                 >,
    Row< Hot,        RetireLocal,        Retired,    LocalLease            >,
    Row< Hot,        RetireFromSnapshot, Retired,    Snapshot              >,
    Row< Hot,        LoseFromSnapshot,   Lost,       Snapshot              >,
    Row< Hot,        RetireOrphan,       Retired,    Orphan                >,

    Row< HotIdle,    Unpark,             Hot,        Lease                 >,
    Row< HotIdle,    ClaimHotIdle,       Reserved,   ParkedClaim           >,
    Row< HotIdle,    Heartbeat,          HotIdle,    Lease                 >,
    Row< HotIdle,    RefreshLease,       HotIdle,    Lease                 >,
    Row< HotIdle,    RefreshCredentials, HotIdle,    Lease                 >,
    Row< HotIdle,    Drain,              Draining,   Lease                 >,
    Row< HotIdle,    MarkLost,           Lost,       Lease                 >,
    Row< HotIdle,    RetireLocal,        Retired,    LocalLease            >,
    Row< HotIdle,    RetireFromSnapshot, Retired,    Snapshot              >,
    Row< HotIdle,    LoseFromSnapshot,   Lost,       Snapshot              >,
    Row< HotIdle,    RetireOrphan,       Retired,    Orphan                >,
    Row< HotIdle,    RetireIdleVariant,  Retired,    Snapshot              >,

    // Being shut down by its owner: it may still be heard of, and it can only end in order.
    // Nothing marks it lost: its owner knows where it is.
    Row< Draining,   Heartbeat,          Draining,   Lease                 >,
    Row< Draining,   RetireDrained,      Retired,    Lease                 >,
    Row< Draining,   RetireFromSnapshot, Retired,    Snapshot              >,
    Row< Draining,   RetireOrphan,       Retired,    Orphan                >

    // Retired and Lost are terminal (I5): no row leaves them.
>;
// clang-format on

}  // namespace fenceline::machine
