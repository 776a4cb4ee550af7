#include "tools/simulator/fleet.hpp"

#include <algorithm>
#include <array>

#include "tools/simulator/sessions.hpp"
#include "tools/simulator/simulation.hpp"

namespace fenceline::tools {

namespace {

// Pods of the old system that it forgot: the search for stranded ones finds them.
constexpr std::int64_t forgotten_pods = 2;
constexpr std::int64_t first_forgotten = 900'001;

constexpr std::array states_in_turn{State::idle, State::hot, State::idle, State::hot_idle};

struct Adopted {
    WorkerView row;
    std::size_t org = 0;
};

Adopted make_row(Simulation& simulation, const Replica& owner, std::int64_t nth) {
    auto& random = simulation.random();
    const Time now = simulation.clock().now();
    Adopted adopted;
    WorkerView& row = adopted.row;
    adopted.org = simulation.tenants().draw(random);
    row.worker = WorkerId{nth};
    row.state = states_in_turn[static_cast<std::size_t>(nth) % states_in_turn.size()];
    row.owner = owner.id();
    row.pod = "duckgres-worker-" + std::to_string(nth);
    row.image = simulation.tenants().image_for(adopted.org, simulation.deployed());
    row.epoch = Epoch{1 + static_cast<std::int64_t>(random.below(4))};
    row.created_at = now - random.between(seconds(600), seconds(36'000));
    row.last_heartbeat_at = now - random.between(seconds(1), seconds(25));
    row.updated_at = row.last_heartbeat_at;
    if (row.state != State::idle) {
        row.org = simulation.tenants().org(adopted.org);
        row.reserved_at = now - random.between(seconds(200), seconds(590));
        row.activation_started_at = row.reserved_at + milliseconds(40);
        row.credentials_expire_at = now + random.between(seconds(300), seconds(3'600));
    }
    return adopted;
}

void go_on_with(Simulation& simulation, Replica& owner, const Adopted& adopted) {
    const WorkerView& row = adopted.row;
    const auto lease = LifecycleStore::lease_for(row.worker, row.owner, row.epoch, row.image);
    simulation.pods.create(row.worker, row.image, row.created_at);
    if (row.state == State::hot_idle) {
        owner.hold_parked(lease, adopted.org);
        return;
    }
    owner.hold(lease, row.state);
    if (row.state == State::hot) owner.sessions().begin_session(row.worker, {adopted.org});
}

}  // namespace

void adopt_fleet(Simulation& simulation, const std::vector<Replica*>& owners) {
    const std::int64_t size = std::max<std::int64_t>(1, simulation.settings().workers * 3 / 10);
    std::vector<Adopted> fleet;
    std::vector<Command> commands;
    for (std::int64_t nth = 1; nth <= size; ++nth) {
        const auto* owner = owners[static_cast<std::size_t>(nth) % owners.size()];
        fleet.push_back(make_row(simulation, *owner, nth));
        commands.push_back({{}, Adopt{fleet.back().row}});
    }
    for (auto& answer : owners.front()->store().apply(commands))
        (void)owners.front()->take(std::move(answer));
    for (std::size_t i = 0; i < fleet.size(); ++i)
        go_on_with(simulation, *owners[(i + 1) % owners.size()], fleet[i]);
    for (std::int64_t i = 0; i < forgotten_pods; ++i)
        simulation.pods.create(WorkerId{first_forgotten + i}, simulation.tenants().images().front(),
                               simulation.clock().now());
}

}  // namespace fenceline::tools
