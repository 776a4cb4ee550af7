#include "statemachine/commands.hpp"

#include "events/limits.hpp"
#include "events/utf8.hpp"

namespace fenceline {

namespace {

// The first thing found that makes no sense. The texts are made only once something is wrong:
// this runs before every operation.
class Findings {
  public:
    [[nodiscard]] bool sound() const { return sound_; }
    [[nodiscard]] Result<void> result() && {
        if (sound_) return {};
        return fail(ErrorCode::invalid_request, std::move(what_), std::move(hint_));
    }

    void require(bool holds, const char* what, const char* hint = "") {
        if (holds || !sound_) return;
        sound_ = false;
        what_ = what;
        hint_ = hint;
    }

    void text(std::string_view text, std::size_t most_bytes, const char* name) {
        if (!sound_) return;
        if (text.size() > most_bytes) {
            refuse(name, " is " + std::to_string(text.size()) + " bytes long, at most " +
                             std::to_string(most_bytes) + " are kept");
        } else if (!is_valid_utf8(text)) {
            refuse(name, " is not valid UTF-8 without NUL");
        }
    }
    void name(std::string_view text_given, const char* which) {
        text(text_given, limits::name_bytes, which);
    }
    void reason(std::string_view text_given) {
        text(text_given, limits::reason_bytes, "the reason");
    }

    void worker(WorkerId id) {
        if (!sound_ || limits::is_worker_id(id.value)) return;
        refuse("worker id ", std::to_string(id.value) + " is out of range: 1 to " +
                                 std::to_string(limits::worker_id_max));
    }
    void worker(const std::optional<WorkerId>& id) {
        if (id) worker(*id);
    }
    void epoch(Epoch epoch, std::int64_t most = limits::epoch_max) {
        if (!sound_ || (epoch.value >= 0 && epoch.value <= most)) return;
        refuse("epoch ",
               std::to_string(epoch.value) + " is out of range: 0 to " + std::to_string(most));
    }
    // Of a worker that is new here: 2^52 claims and renewals are left to it.
    void first_epoch(Epoch given) { epoch(given, limits::epoch_max / 2); }
    void time(Time time, const char* which) {
        if (sound_ && time.ns < 0) refuse(which, " is before 1970");
    }
    void caps(const Caps& caps) {
        require(caps.max_org_workers >= 0, "max_org_workers is negative", "0 is no limit");
        require(caps.max_global_workers >= 0, "max_global_workers is negative", "0 is no limit");
    }

    // A number cast from outside, which no label stands for.
    template <typename E>
    void label(E value, const char* what) {
        require(to_text(value) != "?", what);
    }

  private:
    void refuse(const char* name, const std::string& why) {
        sound_ = false;
        what_ = name + why;
    }

    bool sound_ = true;
    std::string what_;
    std::string hint_;
};

void check(Findings& found, const WorkerLease& lease) {
    found.worker(lease.worker());
    found.epoch(lease.epoch());
    found.name(lease.owner(), "the lease's owner");
    found.name(lease.image(), "the lease's image");
}

void check(Findings& found, const WorkerSnapshot& snapshot, std::string_view reason) {
    const WorkerView& row = snapshot.row();
    found.worker(row.worker);
    found.epoch(row.epoch);
    found.name(row.owner, "the snapshot's owner");
    found.name(row.image, "the snapshot's image");
    found.require(row.state != State::none && to_text(row.state) != "?",
                  "the snapshot says no state");
    found.require(row.version.value >= 0, "the snapshot's version is negative");
    found.reason(reason);
}

// --- one overload a command ---------------------------------------------------------------------

void check(Findings& found, const Spawn& asked) {
    found.worker(asked.worker);
    found.require(!asked.prefix.empty(), "a spawn needs a prefix for the pod's name");
    found.name(asked.prefix, "the prefix");
    found.name(asked.image, "the image");
    found.name(asked.org, "the org");
    found.first_epoch(asked.epoch);
    found.caps(asked.caps);
    found.require(asked.warm_target >= 0, "warm_target is negative", "0 is no target");
}

void check(Findings& found, const Adopt& asked) {
    const WorkerView& row = asked.row;
    found.worker(row.worker);
    found.require(row.state != State::none && to_text(row.state) != "?",
                  "an adopted worker needs a state");
    found.first_epoch(row.epoch);
    found.name(row.pod, "the pod's name");
    found.name(row.image, "the image");
    found.name(row.org, "the org");
    found.name(row.owner, "the owner");
    found.reason(row.retire_reason);
    found.time(row.created_at, "created_at");
    found.time(row.updated_at, "updated_at");
    found.time(row.last_heartbeat_at, "last_heartbeat_at");
    found.time(row.reserved_at, "reserved_at");
    found.time(row.activation_started_at, "activation_started_at");
    found.time(row.credentials_expire_at, "credentials_expire_at");
}

// The plain lease operations.
template <typename Asked>
requires requires(const Asked& asked) {
    asked.lease;
}
void check(Findings& found, const Asked& asked) {
    check(found, asked.lease);
    if constexpr (requires { asked.reason; }) found.reason(asked.reason);
    if constexpr (requires { asked.expires_at; }) found.time(asked.expires_at, "expires_at");
}

void check_claim(Findings& found, std::string_view org, std::string_view image, const Caps& caps) {
    found.require(!org.empty(), "a claim needs the org that it is for");
    found.name(org, "the org");
    found.name(image, "the image");
    found.caps(caps);
}

void check(Findings& found, const ClaimIdle& asked) {
    check_claim(found, asked.org, asked.image, asked.caps);
}

void check(Findings& found, const ClaimHotIdle& asked) {
    check_claim(found, asked.org, asked.image, asked.caps);
}

void check(Findings& found, const TakeOver& asked) {
    found.worker(asked.worker);
    found.epoch(asked.epoch);
    found.require(!asked.org.empty(), "a take-over needs the org that it is for");
    found.name(asked.org, "the org");
}

void check(Findings& found, const RetireFromSnapshot& asked) {
    check(found, asked.snapshot, asked.reason);
    found.require(is_terminal(asked.target), "the target of a retirement is retired or lost");
}

void check(Findings& found, const RetireOrphan& asked) {
    check(found, asked.snapshot, asked.reason);
}

void check(Findings& found, const RetireIdleVariant& asked) {
    check(found, asked.snapshot, asked.reason);
}

// Their texts are the caller's, and that is checked for all.
void check(Findings&, const ControlPlaneHeartbeat&) {}
void check(Findings&, const ControlPlaneDrain&) {}
void check(Findings&, const ExpireStaleControlPlanes&) {}
void check(Findings&, const ExpireDrainingControlPlanes&) {}

void check(Findings& found, const ReportSpawnFailed& asked) {
    found.label(asked.reason, "no such reason of a spawn failure");
    found.name(asked.image, "the image");
    found.worker(asked.worker);
}

void check(Findings& found, const ReportHealthChecked& asked) {
    found.label(asked.result, "a health check passes or fails");
    found.name(asked.image, "the image");
    found.require(asked.count >= 1 && asked.count <= limits::count_max,
                  "count is out of range: 1 to 1000000000");
    found.worker(asked.worker);
}

void check(Findings& found, const ReportPodDeleted& asked) {
    found.worker(asked.worker);
}
void check(Findings& found, const ReportPodDeleteFailed& asked) {
    found.worker(asked.worker);
}

void check(Findings& found, const ReportStrandedPod& asked) {
    found.label(asked.outcome, "no such outcome of a sweep");
}

void check(Findings& found, const ReportStrandedSecret& asked) {
    found.label(asked.outcome, "no such outcome of a sweep");
}

void check(Findings& found, const ReportActivationFailed& asked) {
    found.worker(asked.worker);
    found.name(asked.image, "the image");
}

void check(Findings& found, const ReportWarmCapacityMissed& asked) {
    found.label(asked.reason, "no such reason of a miss");
    found.name(asked.image, "the image");
}

void check(Findings& found, const SetWarmCapacityTargets& asked) {
    found.require(asked.targets.size() <= limits::warm_targets,
                  "more than 1000 images have a warm target");
    for (const auto& [image, target] : asked.targets) {
        found.require(!image.empty(), "a warm target needs its image");
        found.name(image, "the image");
        found.require(target >= 0, "a warm target is negative");
        if (!found.sound()) return;
    }
}

void check(Findings& found, const ReportLeadership& asked) {
    found.label(asked.leadership, "leadership is acquired or lost");
}

bool needs_caller(const Request& request) {
    return std::holds_alternative<ControlPlaneHeartbeat>(request) ||
           std::holds_alternative<ControlPlaneDrain>(request);
}

}  // namespace

Result<void> validate(const Command& command) {
    Findings found;
    found.name(command.ask.caller, "the caller");
    found.text(command.ask.request_id, limits::request_id_bytes, "the request id");
    found.label(command.ask.origin, "no such origin");
    found.require(!command.ask.caller.empty() || !needs_caller(command.request),
                  "a control plane's own operation needs to know who calls");
    std::visit([&](const auto& asked) { check(found, asked); }, command.request);
    return std::move(found).result();
}

}  // namespace fenceline
