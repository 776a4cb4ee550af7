#pragma once

// What the lifecycle contract means, written a second time: plain maps, scans and string labels.
//
//   Oracle oracle("cp-a");
//   Expected e = oracle.apply(command, now);      // what the store must answer to it
//   oracle.orphaned(before);  oracle.page(view);  // what its lists and its metrics must say
//
// It follows the contract's text and nothing of the product's code: no transition table, no
// indexes, no fold, every sample kept. Slow and obvious is its purpose; keep it so. It borrows the
// plain structs that carry a request, and only those.
//
// Threading: as a std::map.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "statemachine/commands.hpp"

namespace fenceline::testing {

struct OracleWorker {
    std::int64_t id = 0;
    std::string pod, image, org, owner, retire_reason;
    std::string state;
    std::int64_t epoch = 0;
    std::int64_t created_at = 0, updated_at = 0, last_heartbeat_at = 0, reserved_at = 0;
    std::int64_t activation_started_at = 0, credentials_expire_at = 0;
    std::int64_t version = 0;
    std::int64_t undeleted_drain_at = 0;  // its drain, until its pod was deleted
};

struct OraclePlane {
    std::string state;
    std::int64_t started_at = 0, last_heartbeat_at = 0, draining_at = 0, expired_at = 0;
};

// One event that the journal must hold for an operation.
struct OracleEvent {
    std::int64_t position = 0, at = 0;
    std::string operation, outcome, check, origin, caller;
    std::int64_t worker = 0;
    std::string image;
    std::int64_t count = 1;
    // The record as it was found.
    std::string owner, org, from;
    std::int64_t epoch = 0, version = 0;
    std::string to;
    std::string request_id;
    std::string instance;  // the control plane that it is about
};

struct OracleLease {
    std::int64_t worker = 0;
    std::string owner, image;
    std::int64_t epoch = 0;
};

// What the store must answer.
struct Expected {
    std::string operation, outcome, check;
    bool error = false;  // the request made no sense: an error, not an answer
    bool replayed = false;
    std::int64_t worker = 0;
    std::string from, to;
    std::int64_t position = 0;  // 0: answered from memory
    std::int64_t at = 0;
    bool cleanup = false;
    std::optional<OracleLease> lease;
    std::optional<std::string> wanted, found;  // of a refusal, where the contract says them
    std::int64_t winner = 0;
    std::vector<std::string> expired;
    std::vector<OracleEvent> events;  // what it appends, tallied heartbeats first
    std::string objection;  // why the store may not have done what the caller says that it did
};

// Everything that the metrics count, sample by sample.
struct OracleCounts {
    // operation, outcome, image, origin, state that a snapshot operation had seen
    std::map<std::vector<std::string>, std::int64_t> transitions;
    std::map<std::string, std::int64_t> calls;
    std::vector<std::int64_t> drains;
    std::map<std::string, std::vector<std::int64_t>> activations;
    // metric, then its labels in order
    std::map<std::vector<std::string>, std::int64_t> observed;
};

// One series as numbers: a counter's or a gauge's value; a histogram's buckets, then its sum.
using OraclePage = std::map<std::vector<std::string>, std::vector<std::int64_t>>;

class Oracle {
  public:
    // `instance` asks where a caller is not named. `resolution`: within it of a worker's last
    // recorded heartbeat a store may answer one from memory.
    explicit Oracle(std::string instance, std::int64_t resolution_ns = 0);

    enum class Kept { in_journal, in_memory };
    // Judges the request and does what it says. `kept`: where a heartbeat was, as the store says.
    Expected apply(const Command& command, std::int64_t now, Kept kept = Kept::in_journal);

    // Whether this is a retry of something that is answered already.
    [[nodiscard]] bool has_answered(const Command& command) const;

    // A process recorded heartbeats that it had answered from memory, as an event of its own:
    // what a reader of somebody else's journal sees instead of the calls.
    void tallied(std::int64_t worker, std::int64_t count, std::int64_t last_at,
                 const std::string& origin, std::int64_t at);
    // What is still in memory becomes events, as at the end of a process.
    std::vector<OracleEvent> close(std::int64_t now);
    // Several processes on one journal: which of them asks from here on. Its instance is who asks
    // where a caller is not named; each run has tallies of its own, lost with it when it dies.
    void act_as(const std::string& instance, const std::string& run) {
        instance_ = instance;
        run_ = run;
    }
    // A process starts: counters begin anew.
    void open(bool leads) {
        leads_ = leads;
        own_ = {};
    }
    // Operations that the journal could not take.
    void count_failures(const std::string& operation, const std::string& image,
                        const std::string& origin, std::int64_t n);
    // Calls whose commit ended unknown: nobody heard an answer, so nobody measured them.
    void forget_durations(const std::string& operation, std::int64_t n);
    // Positions that the caller has checked by other means.
    void skip(std::int64_t positions, std::int64_t last_at);

    [[nodiscard]] const std::map<std::int64_t, OracleWorker>& workers() const { return workers_; }
    [[nodiscard]] const std::map<std::string, OraclePlane>& planes() const { return planes_; }
    [[nodiscard]] const OracleWorker* find(std::int64_t id) const;
    [[nodiscard]] std::int64_t position() const { return position_; }
    [[nodiscard]] std::int64_t last_at() const { return last_at_; }

    using Ids = std::vector<std::int64_t>;
    [[nodiscard]] Ids orphaned(std::int64_t before) const;
    [[nodiscard]] Ids stuck(std::int64_t spawning_before, std::int64_t activating_before) const;
    [[nodiscard]] Ids expired_hot_idle(std::int64_t before) const;
    [[nodiscard]] Ids by_states_before(const std::set<std::string>& states,
                                       std::int64_t before) const;
    [[nodiscard]] Ids due_for_credential_refresh(const std::string& owner,
                                                 std::int64_t cutoff) const;
    // image, state, binding -> how many
    [[nodiscard]] std::map<std::vector<std::string>, std::int64_t> stats() const;
    [[nodiscard]] std::vector<std::string> live_planes() const;
    [[nodiscard]] const std::map<std::string, std::int64_t>& targets() const { return targets_; }
    [[nodiscard]] std::int64_t headroom() const;
    [[nodiscard]] bool leads() const;

    enum class View { this_process, everybody };
    // All thirteen metrics, by name without the namespace. Of the calls' durations only how many.
    [[nodiscard]] OraclePage page(bool seed_labels, View view) const;

    // For a test that plants a fault: what it changes the store does not know.
    [[nodiscard]] OracleWorker& tamper(std::int64_t id) { return workers_.at(id); }

  private:
    struct Tally {
        std::int64_t count = 0, last_at = 0;
        std::string origin, caller;
    };

    Expected judge(const Ask&, const Spawn&);
    Expected judge(const Ask&, const Adopt&);
    Expected judge(const Ask&, const PublishIdle&);
    Expected judge(const Ask&, const PublishReserved&);
    Expected judge(const Ask&, const BeginActivation&);
    Expected judge(const Ask&, const CompleteActivation&);
    Expected judge(const Ask&, const Park&);
    Expected judge(const Ask&, const Unpark&);
    Expected judge(const Ask&, const Heartbeat&);
    Expected judge(const Ask&, const RefreshLease&);
    Expected judge(const Ask&, const RefreshCredentials&);
    Expected judge(const Ask&, const Drain&);
    Expected judge(const Ask&, const RetireDrained&);
    Expected judge(const Ask&, const MarkLost&);
    Expected judge(const Ask&, const RetireLocal&);
    Expected judge(const Ask&, const ClaimIdle&);
    Expected judge(const Ask&, const ClaimHotIdle&);
    Expected judge(const Ask&, const TakeOver&);
    Expected judge(const Ask&, const RetireFromSnapshot&);
    Expected judge(const Ask&, const RetireOrphan&);
    Expected judge(const Ask&, const RetireIdleVariant&);
    Expected judge(const Ask&, const ControlPlaneHeartbeat&);
    Expected judge(const Ask&, const ControlPlaneDrain&);
    Expected judge(const Ask&, const ExpireStaleControlPlanes&);
    Expected judge(const Ask&, const ExpireDrainingControlPlanes&);
    Expected judge(const Ask&, const ReportSpawnFailed&);
    Expected judge(const Ask&, const ReportHealthChecked&);
    Expected judge(const Ask&, const ReportPodDeleted&);
    Expected judge(const Ask&, const ReportPodDeleteFailed&);
    Expected judge(const Ask&, const ReportStrandedPod&);
    Expected judge(const Ask&, const ReportStrandedSecret&);
    Expected judge(const Ask&, const ReportActivationFailed&);
    Expected judge(const Ask&, const ReportWarmCapacityMissed&);
    Expected judge(const Ask&, const SetWarmCapacityTargets&);
    Expected judge(const Ask&, const ReportLeadership&);

    Expected refuse_senseless(const Command& command);
    Expected begin(const Ask& ask, const std::string& operation, std::int64_t worker,
                   const std::string& asked_image);
    Expected observation(const Ask& ask, const std::string& operation, std::int64_t worker,
                         const std::string& image);
    Expected keep_in_memory(const Ask& ask, const Heartbeat& beat);
    Expected judge_lease(const Ask& ask, const std::string& operation, const WorkerLease& lease,
                         const std::set<std::string>& legal, const std::string& to);
    Expected lease_operation(const Ask& ask, const std::string& operation, const WorkerLease& lease,
                             const std::set<std::string>& legal, const std::string& to);
    Expected snapshot_operation(const Ask& ask, const std::string& operation,
                                const WorkerSnapshot& snapshot, const std::set<std::string>& legal,
                                const std::string& to, const std::string& reason);
    Expected claim(const Ask& ask, Expected answer, std::int64_t found, const std::string& org);
    Expected expire(const Ask& ask, const std::string& operation,
                    const std::set<std::string>& instances);
    void end(Expected& answer, const std::string& reason);

    // Puts the answer's event into the journal, behind the worker's tallied heartbeats, and counts
    // it. The state moves here; what else an operation does comes after.
    void append(Expected& answer);
    void append_tally(std::int64_t worker, std::vector<OracleEvent>& events);
    void count(const OracleEvent& event, const std::string& observed_state = {});
    void observe(const std::vector<std::string>& series, std::int64_t n);

    [[nodiscard]] bool is_live(const std::string& instance) const;
    [[nodiscard]] bool is_draining(const std::string& instance) const;
    [[nodiscard]] std::int64_t count_active() const;
    [[nodiscard]] std::int64_t count_active_of(const std::string& org) const;

    std::string instance_, run_;
    std::int64_t resolution_ns_;
    bool leads_ = true;
    std::int64_t position_ = 0;
    std::int64_t last_at_ = 0;
    std::int64_t at_ = 0;  // of the operation being judged
    std::map<std::int64_t, OracleWorker> workers_;
    std::map<std::string, OraclePlane> planes_;
    std::map<std::string, std::map<std::int64_t, Tally>> tallies_;      // by process
    std::map<std::pair<std::string, std::string>, Expected> answered_;  // caller, request id
    std::string observed_state_;  // what the snapshot being judged had seen

    bool targeted_ = false;
    std::int64_t max_workers_ = 0;
    std::map<std::string, std::int64_t> targets_;
    std::map<std::string, std::string> leadership_;
    OracleCounts own_, all_;
};

// Whether the contract calls this senseless whoever sends it.
[[nodiscard]] bool is_senseless(const Command& command);
// The image that an attempt is counted under when nothing came of it: as it was asked for.
[[nodiscard]] std::string asked_image(const Command& command);

}  // namespace fenceline::testing
