#pragma once

// The closed vocabularies: every label that a metric, an event or an answer may carry.
//
// One table each, text beside number. The numbers are FROZEN: journals hold them. A new label takes
// a new number, a retired one keeps its line. Texts are what dashboards and `exec` know.
//
//   to_text(Operation::drain) == "drain";
//   from_text<Operation>("drain") == Operation::drain;

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace fenceline {

enum class State : std::uint8_t {
    none = 0,  // no record yet
    spawning = 1,
    idle = 2,
    reserved = 3,
    activating = 4,
    hot = 5,
    hot_idle = 6,
    draining = 7,
    retired = 8,  // terminal
    lost = 9,     // terminal
};
inline constexpr std::size_t state_count = 10;  // `none` included

constexpr bool is_active(State s) {
    return s >= State::spawning && s <= State::draining;
}
constexpr bool is_terminal(State s) {
    return s == State::retired || s == State::lost;
}

enum class Binding : std::uint8_t { neutral = 0, org_bound = 1 };

enum class Operation : std::uint8_t {
    none = 0,
    // create
    spawn = 1,
    adopt = 2,
    // lease
    publish_idle = 3,
    publish_reserved = 4,
    begin_activation = 5,
    complete_activation = 6,
    park = 7,
    unpark = 8,
    heartbeat = 9,
    refresh_lease = 10,
    credentials_refreshed = 11,
    drain = 12,
    retire_drained = 13,
    mark_lost_from_lease = 14,
    retire_local = 15,
    // claim and epoch
    claim_idle = 16,
    claim_hot_idle = 17,
    take_over = 18,
    // snapshot
    retire_from_snapshot = 19,
    retire_orphan_from_snapshot = 20,
    retire_idle_variant_from_snapshot = 21,
    // control planes
    cp_heartbeat = 32,
    cp_drain = 33,
    cp_expire_stale = 34,
    cp_expire_draining = 35,
    // observations
    spawn_failed = 48,
    health_checked = 49,
    pod_deleted = 50,
    pod_delete_failed = 51,
    stranded_pod = 52,
    stranded_secret = 53,
    activation_failed = 54,
    warm_capacity_missed = 55,
    warm_capacity_targets = 56,
    leadership = 57,
};

enum class OperationKind : std::uint8_t {
    create,
    lease,
    claim,
    epoch,
    snapshot,
    control_plane,
    observation,
    none,  // not an operation
};

[[nodiscard]] OperationKind kind_of(Operation operation);
// The operations that the transition counter and its histogram know.
[[nodiscard]] constexpr bool acts_on_worker(Operation operation) {
    return operation >= Operation::spawn &&
           operation <= Operation::retire_idle_variant_from_snapshot;
}

enum class Outcome : std::uint8_t {
    none = 0,
    transitioned = 1,
    row_missing = 2,
    fence_miss_owner = 3,
    fence_miss_epoch = 4,
    fence_miss_state = 5,
    fence_miss_updated_at = 6,
    fence_miss_cp_revived = 7,
    store_error = 8,
    no_idle = 9,
    org_cap = 10,
    global_cap = 11,
    shutting_down = 12,
    warm_target_met = 13,
    recorded = 14,  // observations: there was nothing to decide
    // Only in the label mode `seed`, never in a journal.
    fence_miss_lease = 32,
    fence_miss_snapshot = 33,
};

// The check of the outcome table that refused an operation; `none` when all held.
enum class Check : std::uint8_t {
    none = 0,
    exists = 1,
    owner = 2,
    epoch = 3,
    observed_state = 4,
    legal_state = 5,
    version = 6,
    owner_not_live = 7,
    org_cap = 8,
    global_cap = 9,
    warm_target = 10,
    match = 11,         // a claim found no worker
    caller_stays = 12,  // a draining control plane takes no new workers
    request = 13,       // made no sense whoever sends it
    journal = 14,       // the journal could not take it
    neutral = 15,       // publish_idle of an org-bound worker
};

enum class Origin : std::uint8_t {
    unknown = 0,
    janitor_orphan = 1,
    janitor_hot_idle_ttl = 2,
    janitor_hot_idle_cap = 3,
    janitor_stuck_activating = 4,
    pool_stuck_activating = 5,
    mismatched_version_reaper = 6,
    shutdown_all = 7,
    drain_release_idle = 8,
    worker_drain = 9,
    health_check_crash = 10,
    informer_crash = 11,
    crash_generic = 12,
    spawn_failure = 13,
    reserve_image_mismatch = 14,
    reserve_failure = 15,
    activation_failure = 16,
    cred_refresh = 17,
    idle_timeout = 18,
    per_cp_hot_idle_ttl = 19,
    per_cp_orphan = 20,
    public_api = 21,
};

enum class SpawnFailureReason : std::uint8_t {
    other = 0,
    runtime_store = 1,
    config_map = 2,
    secret_create = 3,
    pod_create = 4,
    pod_ready = 5,
    secret_read = 6,
    grpc_connect = 7,
    context_canceled = 8,
};

enum class HealthResult : std::uint8_t { pass = 0, fail = 1 };

enum class StrandedOutcome : std::uint8_t {
    deleted = 0,
    deleted_missing_row = 1,
    deleted_terminal_row = 2,
    kept = 3,
    delete_failed = 4,
};

enum class MissReason : std::uint8_t {
    no_idle = 0,
    org_cap = 1,
    global_cap = 2,
    shutting_down = 3
};

enum class ControlPlaneState : std::uint8_t { none = 0, active = 1, draining = 2, expired = 3 };

enum class Leadership : std::uint8_t { acquired = 0, lost = 1 };

// `exact` is what the store decides; `seed` is the coarser set that older dashboards know.
enum class LabelMode : std::uint8_t { exact = 0, seed = 1 };

// What the label mode shows for an outcome. `observed` is the state that a snapshot operation had
// seen; other operations ignore it.
[[nodiscard]] Outcome label_of(LabelMode mode, Operation operation, Outcome outcome,
                               State observed);

template <typename E>
struct Label {
    E value;
    std::string_view text;
};

// All labels of one vocabulary, in the order of their numbers.
template <typename E>
[[nodiscard]] std::span<const Label<E>> all_labels();

// "?" for a number that this program does not know (a journal of a newer one).
template <typename E>
[[nodiscard]] std::string_view to_text(E value);

template <typename E>
[[nodiscard]] std::optional<E> from_text(std::string_view text);

// The retire reasons that the contract names; other free text is allowed.
namespace retire_reason {
inline constexpr std::string_view normal = "normal";
inline constexpr std::string_view activation_failure = "activation_failure";
inline constexpr std::string_view orphaned = "orphaned";
inline constexpr std::string_view crash = "crash";
inline constexpr std::string_view shutdown = "shutdown";
inline constexpr std::string_view idle_timeout = "idle_timeout";
inline constexpr std::string_view stuck_activating = "stuck_activating";
inline constexpr std::string_view mismatched_version = "mismatched_version";
inline constexpr std::string_view spawn_failure = "spawn_failure";
inline constexpr std::string_view hot_idle_ttl_expired = "hot_idle_ttl_expired";
}  // namespace retire_reason

}  // namespace fenceline
