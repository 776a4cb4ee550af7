#include "events/labels.hpp"
#include <algorithm>
#include <array>
namespace fenceline {

namespace {
template <typename E>
struct Table;  // one specialisation a vocabulary: `rows`, ordered by number
template <>
struct Table<State> {
    static constexpr std::array rows{
        Label<State>{State::none, "none"},
        Label<State>{State::spawning, "spawning"},
        Label<State>{State::idle, "idle"},
        Label<State>{State::reserved, "reserved"},
        Label<State>{State::activating, "activating"},
        Label<State>{State::hot, "hot"},
        Label<State>{State::hot_idle, "hot_idle"},
        Label<State>{State::draining, "draining"},
        Label<State>{State::retired, "retired"},
        Label<State>{State::lost, "lost"},
    };
};

template <>
struct Table<Binding> {
    static constexpr std::array rows{
        Label<Binding>{Binding::neutral, "neutral"},
        Label<Binding>{Binding::org_bound, "org_bound"},
    };
};

template <>
struct Table<Operation> {
    static constexpr std::array rows{
        Label<Operation>{Operation::none, "none"},
        Label<Operation>{Operation::spawn, "spawn"},
        Label<Operation>{Operation::adopt, "adopt"},
        Label<Operation>{Operation::publish_idle, "publish_idle"},
        Label<Operation>{Operation::publish_reserved, "publish_reserved"},
        Label<Operation>{Operation::begin_activation, "begin_activation"},
        Label<Operation>{Operation::complete_activation, "complete_activation"},
        Label<Operation>{Operation::park, "park"},
        Label<Operation>{Operation::unpark, "unpark"},
        Label<Operation>{Operation::heartbeat, "heartbeat"},
        Label<Operation>{Operation::refresh_lease, "refresh_lease"},
        Label<Operation>{Operation::credentials_refreshed, "credentials_refreshed"},
        Label<Operation>{Operation::drain, "drain"},
        Label<Operation>{Operation::retire_drained, "retire_drained"},
        Label<Operation>{Operation::mark_lost_from_lease, "mark_lost_from_lease"},
        Label<Operation>{Operation::retire_local, "retire_local"},
        Label<Operation>{Operation::claim_idle, "claim_idle"},
        Label<Operation>{Operation::claim_hot_idle, "claim_hot_idle"},
        Label<Operation>{Operation::take_over, "take_over"},
        Label<Operation>{Operation::retire_from_snapshot, "retire_from_snapshot"},
        Label<Operation>{Operation::retire_orphan_from_snapshot, "retire_orphan_from_snapshot"},
        Label<Operation>{Operation::retire_idle_variant_from_snapshot,
                         "retire_idle_variant_from_snapshot"},
        Label<Operation>{Operation::cp_heartbeat, "cp_heartbeat"},
        Label<Operation>{Operation::cp_drain, "cp_drain"},
        Label<Operation>{Operation::cp_expire_stale, "cp_expire_stale"},
        Label<Operation>{Operation::cp_expire_draining, "cp_expire_draining"},
        Label<Operation>{Operation::spawn_failed, "spawn_failed"},
        Label<Operation>{Operation::health_checked, "health_checked"},
        Label<Operation>{Operation::pod_deleted, "pod_deleted"},
        Label<Operation>{Operation::pod_delete_failed, "pod_delete_failed"},
        Label<Operation>{Operation::stranded_pod, "stranded_pod"},
        Label<Operation>{Operation::stranded_secret, "stranded_secret"},
        Label<Operation>{Operation::activation_failed, "activation_failed"},
        Label<Operation>{Operation::warm_capacity_missed, "warm_capacity_missed"},
        Label<Operation>{Operation::warm_capacity_targets, "warm_capacity_targets"},
        Label<Operation>{Operation::leadership, "leadership"},
    };
};

template <>
struct Table<Outcome> {
    static constexpr std::array rows{
        Label<Outcome>{Outcome::none, "none"},
        Label<Outcome>{Outcome::transitioned, "transitioned"},
        Label<Outcome>{Outcome::row_missing, "row_missing"},
        Label<Outcome>{Outcome::fence_miss_owner, "fence_miss_owner"},
        Label<Outcome>{Outcome::fence_miss_epoch, "fence_miss_epoch"},
        Label<Outcome>{Outcome::fence_miss_state, "fence_miss_state"},
        Label<Outcome>{Outcome::fence_miss_updated_at, "fence_miss_updated_at"},
        Label<Outcome>{Outcome::fence_miss_cp_revived, "fence_miss_cp_revived"},
        Label<Outcome>{Outcome::store_error, "store_error"},
        Label<Outcome>{Outcome::no_idle, "no_idle"},
        Label<Outcome>{Outcome::org_cap, "org_cap"},
        Label<Outcome>{Outcome::global_cap, "global_cap"},
        Label<Outcome>{Outcome::shutting_down, "shutting_down"},
        Label<Outcome>{Outcome::warm_target_met, "warm_target_met"},
        Label<Outcome>{Outcome::recorded, "recorded"},
        Label<Outcome>{Outcome::fence_miss_lease, "fence_miss_lease"},
        Label<Outcome>{Outcome::fence_miss_snapshot, "fence_miss_snapshot"},
    };
};

template <>
struct Table<Check> {
    static constexpr std::array rows{
        Label<Check>{Check::none, "none"},
        Label<Check>{Check::exists, "exists"},
        Label<Check>{Check::owner, "owner"},
        Label<Check>{Check::epoch, "epoch"},
        Label<Check>{Check::observed_state, "observed_state"},
        Label<Check>{Check::legal_state, "legal_state"},
        Label<Check>{Check::version, "version"},
        Label<Check>{Check::owner_not_live, "owner_not_live"},
        Label<Check>{Check::org_cap, "org_cap"},
        Label<Check>{Check::global_cap, "global_cap"},
        Label<Check>{Check::warm_target, "warm_target"},
        Label<Check>{Check::match, "match"},
        Label<Check>{Check::caller_stays, "caller_stays"},
        Label<Check>{Check::request, "request"},
        Label<Check>{Check::journal, "journal"},
        Label<Check>{Check::neutral, "neutral"},
    };
};

template <>
struct Table<Origin> {
    static constexpr std::array rows{
        Label<Origin>{Origin::unknown, "unknown"},
        Label<Origin>{Origin::janitor_orphan, "janitor_orphan"},
        Label<Origin>{Origin::janitor_hot_idle_ttl, "janitor_hot_idle_ttl"},
        Label<Origin>{Origin::janitor_hot_idle_cap, "janitor_hot_idle_cap"},
        Label<Origin>{Origin::janitor_stuck_activating, "janitor_stuck_activating"},
        Label<Origin>{Origin::pool_stuck_activating, "pool_stuck_activating"},
        Label<Origin>{Origin::mismatched_version_reaper, "mismatched_version_reaper"},
        Label<Origin>{Origin::shutdown_all, "shutdown_all"},
        Label<Origin>{Origin::drain_release_idle, "drain_release_idle"},
        Label<Origin>{Origin::worker_drain, "worker_drain"},
        Label<Origin>{Origin::health_check_crash, "health_check_crash"},
        Label<Origin>{Origin::informer_crash, "informer_crash"},
        Label<Origin>{Origin::crash_generic, "crash_generic"},
        Label<Origin>{Origin::spawn_failure, "spawn_failure"},
        Label<Origin>{Origin::reserve_image_mismatch, "reserve_image_mismatch"},
        Label<Origin>{Origin::reserve_failure, "reserve_failure"},
        Label<Origin>{Origin::activation_failure, "activation_failure"},
        Label<Origin>{Origin::cred_refresh, "cred_refresh"},
        Label<Origin>{Origin::idle_timeout, "idle_timeout"},
        Label<Origin>{Origin::per_cp_hot_idle_ttl, "per_cp_hot_idle_ttl"},
        Label<Origin>{Origin::per_cp_orphan, "per_cp_orphan"},
        Label<Origin>{Origin::public_api, "public_api"},
    };
};

template <>
struct Table<SpawnFailureReason> {
    static constexpr std::array rows{
        Label<SpawnFailureReason>{SpawnFailureReason::other, "other"},
        Label<SpawnFailureReason>{SpawnFailureReason::runtime_store, "runtime_store"},
        Label<SpawnFailureReason>{SpawnFailureReason::config_map, "config_map"},
        Label<SpawnFailureReason>{SpawnFailureReason::secret_create, "secret_create"},
        Label<SpawnFailureReason>{SpawnFailureReason::pod_create, "pod_create"},
        Label<SpawnFailureReason>{SpawnFailureReason::pod_ready, "pod_ready"},
        Label<SpawnFailureReason>{SpawnFailureReason::secret_read, "secret_read"},
        Label<SpawnFailureReason>{SpawnFailureReason::grpc_connect, "grpc_connect"},
        Label<SpawnFailureReason>{SpawnFailureReason::context_canceled, "context_canceled"},
    };
};

template <>
struct Table<HealthResult> {
    static constexpr std::array rows{
        Label<HealthResult>{HealthResult::pass, "pass"},
        Label<HealthResult>{HealthResult::fail, "fail"},
    };
};

template <>
struct Table<StrandedOutcome> {
    static constexpr std::array rows{
        Label<StrandedOutcome>{StrandedOutcome::deleted, "deleted"},
        Label<StrandedOutcome>{StrandedOutcome::deleted_missing_row, "deleted_missing_row"},
        Label<StrandedOutcome>{StrandedOutcome::deleted_terminal_row, "deleted_terminal_row"},
        Label<StrandedOutcome>{StrandedOutcome::kept, "kept"},
        Label<StrandedOutcome>{StrandedOutcome::delete_failed, "delete_failed"},
    };
};

template <>
struct Table<MissReason> {
    static constexpr std::array rows{
        Label<MissReason>{MissReason::no_idle, "no_idle"},
        Label<MissReason>{MissReason::org_cap, "org_cap"},
        Label<MissReason>{MissReason::global_cap, "global_cap"},
        Label<MissReason>{MissReason::shutting_down, "shutting_down"},
    };
};

template <>
struct Table<ControlPlaneState> {
    static constexpr std::array rows{
        Label<ControlPlaneState>{ControlPlaneState::none, "none"},
        Label<ControlPlaneState>{ControlPlaneState::active, "active"},
        Label<ControlPlaneState>{ControlPlaneState::draining, "draining"},
        Label<ControlPlaneState>{ControlPlaneState::expired, "expired"},
    };
};

template <>
struct Table<Leadership> {
    static constexpr std::array rows{
        Label<Leadership>{Leadership::acquired, "acquired"},
        Label<Leadership>{Leadership::lost, "lost"},
    };
};

template <>
struct Table<LabelMode> {
    static constexpr std::array rows{
        Label<LabelMode>{LabelMode::exact, "exact"},
        Label<LabelMode>{LabelMode::seed, "seed"},
    };
};

}  // namespace

template <typename E>
std::span<const Label<E>> all_labels() {
    return Table<E>::rows;
}

template <typename E>
std::string_view to_text(E value) {
    // The numbers have gaps but are ordered; most tables are dense, so this ends at once.
    const auto& rows = Table<E>::rows;
    const auto number = static_cast<std::size_t>(value);
    if (number < rows.size() && rows[number].value == value) return rows[number].text;
    const auto row = std::ranges::lower_bound(rows, value, {}, &Label<E>::value);
    return row != rows.end() && row->value == value ? row->text : "?";
}

template <typename E>
std::optional<E> from_text(std::string_view text) {
    for (const auto& row : Table<E>::rows)
        if (row.text == text) return row.value;
    return std::nullopt;
}

// NOLINTBEGIN(bugprone-macro-parentheses): a type takes none.
#define FENCELINE_VOCABULARY(E)                         \
    template std::span<const Label<E>> all_labels<E>(); \
    template std::string_view to_text<E>(E);            \
    template std::optional<E> from_text<E>(std::string_view)
// NOLINTEND(bugprone-macro-parentheses)

FENCELINE_VOCABULARY(State);
FENCELINE_VOCABULARY(Binding);
FENCELINE_VOCABULARY(Operation);
FENCELINE_VOCABULARY(Outcome);
FENCELINE_VOCABULARY(Check);
FENCELINE_VOCABULARY(Origin);
FENCELINE_VOCABULARY(SpawnFailureReason);
FENCELINE_VOCABULARY(HealthResult);
FENCELINE_VOCABULARY(StrandedOutcome);
FENCELINE_VOCABULARY(MissReason);
FENCELINE_VOCABULARY(ControlPlaneState);
FENCELINE_VOCABULARY(Leadership);
FENCELINE_VOCABULARY(LabelMode);

#undef FENCELINE_VOCABULARY

OperationKind kind_of(Operation operation) {
    using enum Operation;
    switch (operation) {
        case spawn:
        case adopt: return OperationKind::create;
        case claim_idle:
        case claim_hot_idle: return OperationKind::claim;
        case take_over: return OperationKind::epoch;
        case retire_from_snapshot:
        case retire_orphan_from_snapshot:
        case retire_idle_variant_from_snapshot: return OperationKind::snapshot;
        case cp_heartbeat:
        case cp_drain:
        case cp_expire_stale:
        case cp_expire_draining: return OperationKind::control_plane;
        case none: return OperationKind::none;
        default: break;
    }
    const auto number = static_cast<unsigned>(operation);
    if (number <= static_cast<unsigned>(retire_local)) return OperationKind::lease;
    if (number <= static_cast<unsigned>(leadership)) return OperationKind::observation;
    return OperationKind::none;
}

Outcome label_of(LabelMode mode, Operation operation, Outcome outcome, State observed) {
    const bool miss = outcome >= Outcome::row_missing && outcome <= Outcome::fence_miss_cp_revived;
    if (mode == LabelMode::exact || !miss) return outcome;
    switch (operation) {
        case Operation::drain:
        case Operation::retire_drained:
        case Operation::mark_lost_from_lease: return Outcome::fence_miss_lease;
        case Operation::refresh_lease: return Outcome::fence_miss_owner;
        case Operation::retire_idle_variant_from_snapshot:
            if (observed != State::idle && observed != State::hot_idle)
                return Outcome::fence_miss_state;
            return Outcome::fence_miss_snapshot;
        case Operation::retire_from_snapshot:
        case Operation::retire_orphan_from_snapshot: return Outcome::fence_miss_snapshot;
        default: return outcome;
    }
}

}  // namespace fenceline
