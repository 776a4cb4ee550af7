#include "tests/support/store_calls.hpp"

namespace fenceline::testing {

namespace {

struct ByName {
    LifecycleStore& store;
    const Ask& ask;

    Result<Answer> operator()(const Spawn& r) { return store.spawn(r, ask); }
    Result<Answer> operator()(const Adopt& r) { return store.adopt(r.row, ask); }
    Result<Answer> operator()(const PublishIdle& r) { return store.publish_idle(r.lease, ask); }
    Result<Answer> operator()(const PublishReserved& r) {
        return store.publish_reserved(r.lease, ask);
    }
    Result<Answer> operator()(const BeginActivation& r) {
        return store.begin_activation(r.lease, ask);
    }
    Result<Answer> operator()(const CompleteActivation& r) {
        return store.complete_activation(r.lease, ask);
    }
    Result<Answer> operator()(const Park& r) { return store.park(r.lease, ask); }
    Result<Answer> operator()(const Unpark& r) { return store.unpark(r.lease, ask); }
    Result<Answer> operator()(const Heartbeat& r) { return store.heartbeat(r.lease, ask); }
    Result<Answer> operator()(const RefreshLease& r) { return store.refresh_lease(r.lease, ask); }
    Result<Answer> operator()(const RefreshCredentials& r) {
        return store.credentials_refreshed(r.lease, r.expires_at, ask);
    }
    Result<Answer> operator()(const Drain& r) { return store.drain(r.lease, ask); }
    Result<Answer> operator()(const RetireDrained& r) {
        return store.retire_drained(r.lease, r.reason, ask);
    }
    Result<Answer> operator()(const MarkLost& r) {
        return store.mark_lost_from_lease(r.lease, r.reason, ask);
    }
    Result<Answer> operator()(const RetireLocal& r) {
        return store.retire_local(r.lease, r.reason, ask);
    }
    Result<Answer> operator()(const ClaimIdle& r) { return store.claim_idle(r, ask); }
    Result<Answer> operator()(const ClaimHotIdle& r) { return store.claim_hot_idle(r, ask); }
    Result<Answer> operator()(const TakeOver& r) {
        return store.take_over(r.worker, r.epoch, r.org, ask);
    }
    Result<Answer> operator()(const RetireFromSnapshot& r) {
        return store.retire_from_snapshot(r.snapshot, r.target, r.reason, ask);
    }
    Result<Answer> operator()(const RetireOrphan& r) {
        return store.retire_orphan_from_snapshot(r.snapshot, r.reason, ask);
    }
    Result<Answer> operator()(const RetireIdleVariant& r) {
        return store.retire_idle_variant_from_snapshot(r.snapshot, r.reason, ask);
    }
    Result<Answer> operator()(const ControlPlaneHeartbeat&) { return store.cp_heartbeat(ask); }
    Result<Answer> operator()(const ControlPlaneDrain&) { return store.cp_drain(ask); }
    Result<Answer> operator()(const ExpireStaleControlPlanes& r) {
        return store.cp_expire_stale(r.before, ask);
    }
    Result<Answer> operator()(const ExpireDrainingControlPlanes& r) {
        return store.cp_expire_draining(r.before, ask);
    }
    template <typename Observation>
    Result<Answer> operator()(const Observation& r) {
        return store.apply(Command{ask, r});
    }
};

std::string number(std::int64_t n) {
    return std::to_string(n);
}

}  // namespace

Result<Answer> call_by_name(LifecycleStore& store, const Command& command) {
    return std::visit(ByName{store, command.ask}, command.request);
}

std::string in_words(const Command& command) {
    std::string out(to_text(operation_of(command.request)));
    out += " by \"" + command.ask.caller + "\"";
    if (!command.ask.request_id.empty()) out += " as " + command.ask.request_id;
    std::visit(
        [&](const auto& r) {
            if constexpr (requires { r.lease; }) {
                out += ", lease of " + number(r.lease.worker().value) + " by \"" + r.lease.owner() +
                       "\" at epoch " + number(r.lease.epoch().value);
            } else if constexpr (requires { r.snapshot; }) {
                const auto& row = r.snapshot.row();
                out += ", snapshot of " + number(row.worker.value) + " by \"" + row.owner +
                       "\" at epoch " + number(row.epoch.value) + ", " +
                       std::string(to_text(row.state)) + ", version " + number(row.version.value);
            } else if constexpr (requires { r.row; }) {
                out += ", worker " + number(r.row.worker.value) + ", " +
                       std::string(to_text(r.row.state));
            } else if constexpr (requires { r.worker.value; }) {
                out += ", worker " + number(r.worker.value);
            } else if constexpr (requires { r.worker->value; }) {
                out += ", worker " + (r.worker ? number(r.worker->value) : "any");
            }
            if constexpr (requires { r.image; }) out += ", image \"" + r.image + "\"";
            if constexpr (requires { r.org; }) out += ", org \"" + r.org + "\"";
            if constexpr (requires { r.caps; })
                out += ", caps " + number(r.caps.max_org_workers) + " " +
                       number(r.caps.max_global_workers);
            if constexpr (requires { r.before; }) out += ", before " + number(r.before.ns);
        },
        command.request);
    return out;
}

}  // namespace fenceline::testing
