#pragma once

// The authority that a control plane embeds: every operation is decided, appended and durable
// before it is answered.
//
//   auto store = LifecycleStore::open({.path = "pool.db", .instance = "cp-a:boot-1"});
//   auto claim = (*store)->claim_idle({.org = "acme"}, {.origin = Origin::public_api});
//   if (claim && claim->transitioned()) serve(*claim->lease);
//
// Threading: every function may be called from any thread; callers that wait at the same time
// share one commit and one sync. Several processes may hold one journal: each decides only on
// what is true under the write lock. Not across fork().
//
// Errors: an Error is the world's (disk, lock, senseless request); a fence miss is an Answer. After
// an error with Effect::unknown the store takes nothing more: reopen() it and ask again with the
// same request id.
//
// Memory: where it runs out, whoever has no answer yet hears so: `not_applied` while nothing can be
// in the journal, else `unknown`. What throws std::bad_alloc has done nothing (a sweep: as after an
// error in its middle). With memory again the store goes on, or has to be reopened as above.
//
// It does not read the environment, log, or talk to a cluster. It has one thread, which decides
// nothing (StoreOptions::upkeep_thread).

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "events/limits.hpp"
#include "events/result.hpp"
#include "events/time.hpp"
#include "journal/answers.hpp"
#include "statemachine/commands.hpp"

namespace fenceline {

class Journal;
class Tallies;
struct MetricSnapshot;
struct MetricView;

struct StoreOptions {
    std::string path;  // the journal; made when `create` is set and it is not there
    bool create = false;
    std::string instance;  // this control-plane instance, also the default caller
    std::string run;       // unique for each opening; made up when empty
    bool leads = true;     // exposes the cluster-wide gauges until told otherwise
    Duration heartbeat_resolution = seconds(10);  // 0: every heartbeat is an event of its own
    Clock* clock = nullptr;                       // the machine's when null; must outlive the store
    // Called after a durable transition that says its pod must go; from the thread that asked, with
    // no lock held. Never called for a refusal. The answer stands whatever it throws.
    std::function<void(const Cleanup&)> cleanup;
    Duration lock_timeout = seconds(30);  // waiting for the write lock, then `busy`
    std::int64_t checkpoint_events = limits::checkpoint_events;  // more beside many workers
    std::int64_t wal_reserve_bytes = 16 << 20;  // the log is grown once to this size; 0: never
    // The log is moved into the database by a thread of the store's own, started when it is first
    // due; otherwise by a caller, once the others of its batch were woken.
    bool upkeep_thread = true;
    std::string anchor_path;  // where the head is kept besides; empty: `<path>-anchor`
    // Positions behind the head after which history is sealed, a segment at a time, between
    // batches; 0: never.
    std::int64_t seal_after = limits::rows_kept;
    // How much older than the newest event sealed history is when it is dropped behind a base, some
    // segments at a time, between batches; 0: never. What is pinned stays, and so do the newest
    // `retain_positions`, where retries find their answers.
    Duration retain_for{};
    std::int64_t retain_positions = limits::request_window;
};

struct StoreStatus {
    Position position;       // folded so far
    Position counting_from;  // counters and histograms count events after this
    std::string instance, run;
    std::int64_t pending_failures = 0;  // counted already, not yet in the journal
    bool poisoned = false;
    std::string incomplete;  // why the numbers include what is not in the journal yet; or empty
};

// The times of a sweep; the defaults are the contract's.
struct SweepOptions {
    Duration instance_stale = seconds(20);
    Duration instance_draining = seconds(15 * 60);
    Duration orphan_grace = seconds(30);
    Duration stuck_spawning = seconds(120);
    Duration stuck_activating = seconds(120);
    Duration hot_idle_ttl = seconds(10 * 60);
};

struct SweepReport {
    std::vector<std::string> expired_stale, expired_draining;
    std::vector<Answer> orphans, stuck, hot_idle;  // one answer per worker, misses included
};

class LifecycleStore {
  public:
    [[nodiscard]] static Result<std::unique_ptr<LifecycleStore>> open(StoreOptions options);
    // The same store over a journal that is already open (tests, other databases).
    [[nodiscard]] static Result<std::unique_ptr<LifecycleStore>> open(
        StoreOptions options, std::unique_ptr<Journal> journal);
    // Records what is still in memory (durations, tallies, failures) and writes a checkpoint.
    ~LifecycleStore();
    LifecycleStore(const LifecycleStore&) = delete;
    LifecycleStore& operator=(const LifecycleStore&) = delete;

    // The same as destroying it, but says what went wrong. Nothing may be asked afterwards.
    [[nodiscard]] Result<void> close();
    // After an unknown commit: opens the journal again and folds what is really in it.
    // `not_found` where what became of it was dropped since: then only a new store goes on.
    [[nodiscard]] Result<void> reopen();
    [[nodiscard]] Result<void> reopen(std::unique_ptr<Journal> journal);

    // --- create
    [[nodiscard]] Result<Answer> spawn(const Spawn& what, const Ask& ask = {});
    [[nodiscard]] Result<Answer> adopt(const WorkerView& row, const Ask& ask = {});

    // --- lease: for the owner
    [[nodiscard]] Result<Answer> publish_idle(const WorkerLease&, const Ask& = {});
    [[nodiscard]] Result<Answer> publish_reserved(const WorkerLease&, const Ask& = {});
    [[nodiscard]] Result<Answer> begin_activation(const WorkerLease&, const Ask& = {});
    [[nodiscard]] Result<Answer> complete_activation(const WorkerLease&, const Ask& = {});
    [[nodiscard]] Result<Answer> park(const WorkerLease&, const Ask& = {});
    [[nodiscard]] Result<Answer> unpark(const WorkerLease&, const Ask& = {});
    [[nodiscard]] Result<Answer> heartbeat(const WorkerLease&, const Ask& = {});
    [[nodiscard]] Result<Answer> refresh_lease(const WorkerLease&, const Ask& = {});
    [[nodiscard]] Result<Answer> credentials_refreshed(const WorkerLease&, Time expires_at,
                                                       const Ask& = {});
    [[nodiscard]] Result<Answer> drain(const WorkerLease&, const Ask& = {});
    [[nodiscard]] Result<Answer> retire_drained(const WorkerLease&, std::string_view reason,
                                                const Ask& = {});
    [[nodiscard]] Result<Answer> mark_lost_from_lease(const WorkerLease&, std::string_view reason,
                                                      const Ask& = {});
    [[nodiscard]] Result<Answer> retire_local(const WorkerLease&, std::string_view reason,
                                              const Ask& = {});

    // --- claim and epoch
    [[nodiscard]] Result<Answer> claim_idle(const ClaimIdle& what, const Ask& ask = {});
    [[nodiscard]] Result<Answer> claim_hot_idle(const ClaimHotIdle& what, const Ask& ask = {});
    [[nodiscard]] Result<Answer> take_over(WorkerId worker, Epoch seen, std::string_view org,
                                           const Ask& ask = {});

    // --- snapshot: for whoever listed the row
    [[nodiscard]] Result<Answer> retire_from_snapshot(const WorkerSnapshot&, State target,
                                                      std::string_view reason, const Ask& = {});
    [[nodiscard]] Result<Answer> retire_orphan_from_snapshot(const WorkerSnapshot&,
                                                             std::string_view reason,
                                                             const Ask& = {});
    [[nodiscard]] Result<Answer> retire_idle_variant_from_snapshot(const WorkerSnapshot&,
                                                                   std::string_view reason,
                                                                   const Ask& = {});

    // --- control planes: the caller itself, or everyone before the cutoff
    [[nodiscard]] Result<Answer> cp_heartbeat(const Ask& ask = {});
    [[nodiscard]] Result<Answer> cp_drain(const Ask& ask = {});
    [[nodiscard]] Result<Answer> cp_expire_stale(Time before, const Ask& ask = {});
    [[nodiscard]] Result<Answer> cp_expire_draining(Time before, const Ask& ask = {});

    // --- anything, observations included: one commit or a few, one answer each, in order
    [[nodiscard]] Result<Answer> apply(const Command& command);
    [[nodiscard]] std::vector<Result<Answer>> apply(std::span<const Command> commands);

    // One janitor sweep, for the leader; never stops at one worker's miss.
    [[nodiscard]] Result<SweepReport> janitor_sweep(const SweepOptions& options = {},
                                                    const Ask& ask = {});

    // --- queries: as of now, what other processes appended included; workers by id
    [[nodiscard]] Result<std::optional<WorkerSnapshot>> observe(WorkerId worker);
    [[nodiscard]] Result<std::vector<WorkerSnapshot>> orphaned(Time before);
    [[nodiscard]] Result<std::vector<WorkerSnapshot>> stuck(Time spawning_before,
                                                            Time activating_before);
    [[nodiscard]] Result<std::vector<WorkerSnapshot>> expired_hot_idle(Time before);
    [[nodiscard]] Result<std::vector<WorkerSnapshot>> by_states_before(
        std::span<const State> states, Time before);
    [[nodiscard]] Result<std::vector<WorkerSnapshot>> due_for_credential_refresh(
        std::string_view owner, Time cutoff);
    [[nodiscard]] Result<std::vector<LifecycleStat>> lifecycle_stats();
    [[nodiscard]] Result<std::vector<std::string>> live_control_planes();
    [[nodiscard]] Result<WarmTargets> warm_targets();
    [[nodiscard]] Result<Position> position();

    // A lease for a caller that kept its identity; it proves nothing until an operation is judged.
    [[nodiscard]] static WorkerLease lease_for(WorkerId worker, std::string_view owner, Epoch epoch,
                                               std::string_view image);
    // A snapshot that was written down and comes back, whole, as it was observed.
    [[nodiscard]] static WorkerSnapshot snapshot_for(WorkerView row);

    // --- metrics: counters of this process since it opened, gauges of the pool
    // Records pending durations first, so that the numbers are those of a fold to `status`.
    [[nodiscard]] Result<MetricSnapshot> metrics(const MetricView& view, StoreStatus& status);
    [[nodiscard]] StoreStatus status() const;
    [[nodiscard]] Clock& clock() const;

  private:
    class Impl;
    explicit LifecycleStore(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace fenceline
