#include "tools/simulator/caretaker.hpp"

#include <array>

#include "tools/simulator/pod_keeper.hpp"
#include "tools/simulator/simulation.hpp"

namespace fenceline::tools {

namespace {

constexpr std::array active_states{State::spawning,   State::idle, State::reserved,
                                   State::activating, State::hot,  State::hot_idle,
                                   State::draining};

constexpr int checks_until_lost = 3;
constexpr Duration lease_age = seconds(300);
constexpr Duration credentials_life = seconds(3600);
constexpr Duration credentials_margin = seconds(600);

}  // namespace

void Caretaker::open_loops() {
    self_.every(cadence::own_list, [this] { forget_what_others_own(); });
    self_.every(cadence::worker_heartbeat, [this] {
        const auto round_trip = self_.random().between(milliseconds(100), milliseconds(700));
        self_.after(round_trip, [this] { send_heartbeats(); });
    });
    self_.every(cadence::health_check, [this] { check_health(); });
    self_.every(cadence::credentials, [this] { refresh_credentials(); });
    self_.every(cadence::renewal, [this] {
        renew_leases();
        end_long_parked();
        shut_down_late();
    });
}

// Another replica's claim is no event of ours: the list shows it, most often before we miss.
void Caretaker::forget_what_others_own() {
    const Time from_now = self_.simulation().clock().now() + seconds(1);
    const auto rows = self_.store().by_states_before(active_states, from_now);
    if (!rows) return self_.simulation().fail(rows.error());
    std::set<WorkerId> own;
    for (const auto& row : *rows)
        if (row.row().owner == self_.id()) own.insert(row.row().worker);
    std::erase_if(self_.workers(), [&](const auto& entry) { return !own.contains(entry.first); });
}

void Caretaker::send_heartbeats() {
    std::vector<WorkerId> workers;
    std::vector<Command> commands;
    for (const auto& [worker, held] : self_.workers()) {
        workers.push_back(worker);
        commands.push_back({{}, Heartbeat{held.lease}});
    }
    self_.settle_all(workers, commands);
}

void Caretaker::check_health() {
    std::map<std::string, std::uint32_t> passed;
    std::vector<Command> commands;
    std::vector<WorkerId> dead;
    for (auto& [worker, held] : self_.workers()) {
        if (held.state == State::spawning || held.state == State::draining) continue;
        const Pod* pod = self_.simulation().pods.find(worker);
        if (pod && pod->answers) {
            ++passed[held.lease.image()];
            held.failed_checks = 0;
            continue;
        }
        commands.push_back(
            {{}, ReportHealthChecked{HealthResult::fail, held.lease.image(), 1, worker}});
        if (++held.failed_checks == checks_until_lost) dead.push_back(worker);
    }
    for (const auto& [image, count] : passed)
        commands.push_back({{}, ReportHealthChecked{HealthResult::pass, image, count, {}}});
    for (auto& answer : self_.store().apply(commands)) (void)self_.take(std::move(answer));
    for (const WorkerId worker : dead) {
        // A connection that breaks tells as much as a check, without a name for the reason.
        const bool by_check = self_.random().chance(Permille{750});
        self_.pods().mark_lost(worker,
                               by_check ? Origin::health_check_crash : Origin::crash_generic,
                               retire_reason::crash);
    }
}

void Caretaker::refresh_credentials() {
    const Time now = self_.simulation().clock().now();
    const auto due = self_.store().due_for_credential_refresh(self_.id(), now + credentials_margin);
    if (!due) return self_.simulation().fail(due.error());
    std::vector<WorkerId> workers;
    std::vector<Command> commands;
    for (const auto& row : *due)
        if (const Held* held = self_.held(row.row().worker)) {
            workers.push_back(row.row().worker);
            commands.push_back({{.origin = Origin::cred_refresh},
                                RefreshCredentials{held->lease, now + credentials_life}});
        }
    self_.settle_all(workers, commands);
}

void Caretaker::renew_leases() {
    const Time old = self_.simulation().clock().now() - lease_age;
    std::vector<WorkerId> workers;
    std::vector<Command> commands;
    for (const auto& [worker, held] : self_.workers())
        if (held.state == State::hot && held.renewed < old) {
            workers.push_back(worker);
            commands.push_back({{}, RefreshLease{held.lease}});
        }
    self_.settle_all(workers, commands);
}

// Some replicas end what they parked before the janitor has to.
void Caretaker::end_long_parked() {
    const Duration ttl = self_.simulation().sweep_options().hot_idle_ttl;
    const Time old = self_.simulation().clock().now() - Duration{ttl.ns * 7 / 10};
    std::vector<WorkerId> parked;
    for (const auto& [worker, held] : self_.workers())
        if (held.state == State::hot_idle && held.since < old) parked.push_back(worker);
    for (const WorkerId worker : parked)
        if (self_.random().chance(Permille{120}))
            self_.pods().drain(worker, Origin::per_cp_hot_idle_ttl,
                               retire_reason::hot_idle_ttl_expired);
}

void Caretaker::release_idle() {
    std::vector<WorkerId> unused;
    for (const auto& [worker, held] : self_.workers())
        if (held.state == State::idle) unused.push_back(worker);
    for (const WorkerId worker : unused)
        self_.pods().drain(worker, Origin::drain_release_idle, retire_reason::shutdown);
}

void Caretaker::shut_down_late() {
    const Time now = self_.simulation().clock().now();
    // A draining replica waits for its sessions, then ends them while there is time.
    const Duration patience{self_.simulation().sweep_options().instance_draining.ns * 7 / 10};
    if (!self_.draining() || now - self_.draining_since() < patience) return;
    std::vector<WorkerId> left;
    for (const auto& [worker, held] : self_.workers())
        if (held.state != State::draining && !held.endless) left.push_back(worker);
    for (const WorkerId worker : left)
        self_.pods().drain(worker, Origin::shutdown_all, retire_reason::shutdown);
}

}  // namespace fenceline::tools
