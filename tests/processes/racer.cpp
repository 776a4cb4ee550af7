#include "tests/processes/racer.hpp"

#include <unistd.h>

#include <atomic>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <thread>

#include "journal/lifecycle_store.hpp"
#include "journal/open.hpp"
#include "tests/processes/race_log.hpp"
#include "tests/support/dice.hpp"
#include "tests/support/fold_check.hpp"

namespace fenceline::testing {

namespace {

const std::vector<std::string> orgs{"acme", "globex"};
const std::vector<std::string> images{"img-a", "img-b"};

// What all threads of a process share, as the threads of a control plane do.
struct Process {
    RacerOrders orders;
    std::unique_ptr<LifecycleStore> store;
    std::atomic<std::int64_t> request_number{0};
};

class RacerThread {
  public:
    RacerThread(Process& process, std::int64_t number)
        : process_(process),
          store_(*process.store),
          name_(process.orders.name + "-" + std::to_string(number)),
          log_(process.orders.directory + "/" + name_ + ".log"),
          dice_(process.orders.seed * 1'000 + static_cast<std::uint64_t>(number)) {}

    void run() {
        for (std::int64_t i = 0; i < process_.orders.operations; ++i) step();
    }

  private:
    void step();
    [[nodiscard]] std::optional<Request> some_request();
    [[nodiscard]] std::optional<Request> on_lease();
    [[nodiscard]] std::optional<Request> on_snapshot();
    void ask(const Command& command);
    void batch();
    void write(const Result<Answer>& answer, const Ask& ask, std::int64_t start, std::int64_t end);
    void sweep();

    Process& process_;
    LifecycleStore& store_;
    std::string name_;
    RaceLog log_;
    Dice dice_;
    std::map<std::int64_t, WorkerLease> leases_;  // as this thread knows them, right or wrong
};

void RacerThread::write(const Result<Answer>& answer, const Ask& ask, std::int64_t start,
                        std::int64_t end) {
    if (!answer) return log_.complains(answer.error().text);
    if (answer->lease) leases_.insert_or_assign(answer->worker.value, *answer->lease);
    Ack ack = ack_of(*answer);
    ack.start = start;
    ack.end = end;
    ack.caller = ask.caller;
    ack.request_id = ask.request_id;
    log_.acknowledges(ack);
    if (process_.orders.progress >= 0) {
        const auto told = ::write(process_.orders.progress, ".", 1);
        if (told < 0) log_.complains("nobody listens");
    }
}

void RacerThread::ask(const Command& command) {
    if (!command.ask.request_id.empty()) log_.intends(command.ask.caller, command.ask.request_id);
    const auto start = monotonic_ns();
    const auto answer = store_.apply(command);
    write(answer, command.ask, start, monotonic_ns());
}

void RacerThread::batch() {
    std::vector<Command> commands;
    for (auto n = 2 + dice_.below(10); n > 0; --n)
        if (auto request = some_request())
            commands.push_back({{.caller = process_.orders.name}, std::move(*request)});
    const auto start = monotonic_ns();
    const auto answers = store_.apply(commands);
    const auto end = monotonic_ns();
    for (std::size_t i = 0; i < answers.size(); ++i) write(answers[i], commands[i].ask, start, end);
}

void RacerThread::sweep() {
    const Ask leader{.caller = process_.orders.name};
    const auto start = monotonic_ns();
    const auto report =
        store_.janitor_sweep({.instance_stale = milliseconds(2 + dice_.below(40)),
                              .instance_draining = milliseconds(dice_.below(20)),
                              .orphan_grace = milliseconds(dice_.below(10)),
                              .stuck_spawning = milliseconds(50 + dice_.below(200)),
                              .stuck_activating = milliseconds(50 + dice_.below(200)),
                              .hot_idle_ttl = milliseconds(50 + dice_.below(200))},
                             leader);
    const auto end = monotonic_ns();
    if (!report) return log_.complains(report.error().text);
    for (const auto* answers : {&report->orphans, &report->stuck, &report->hot_idle})
        for (const Answer& answer : *answers) write(answer, leader, start, end);
}

std::optional<Request> RacerThread::on_lease() {
    if (leases_.empty()) return std::nullopt;
    auto it = leases_.begin();
    std::advance(it, dice_.below(static_cast<std::int64_t>(leases_.size())));
    const WorkerLease lease = it->second;
    if (leases_.size() > 12) leases_.erase(leases_.begin());
    switch (dice_.below(15)) {
        case 0: return PublishIdle{lease};
        case 1: return PublishReserved{lease};
        case 2:
        case 3: return BeginActivation{lease};
        case 4:
        case 5: return CompleteActivation{lease};
        case 6: return Park{lease};
        case 7: return Unpark{lease};
        case 8: return RefreshLease{lease};
        case 9: return RefreshCredentials{lease, Time{1 + dice_.below(1'000'000)}};
        case 10: return Drain{lease};
        case 11: return RetireDrained{lease, "normal"};
        case 12:
            return dice_.percent(50) ? Request{MarkLost{lease, "crash"}}
                                     : Request{RetireLocal{lease, "shutdown"}};
        default: return Heartbeat{lease};
    }
}

// Looks first, then acts on what it saw: somebody else may have been faster.
std::optional<Request> RacerThread::on_snapshot() {
    const auto now = store_.clock().now();
    const auto last = store_.by_states_before(
        std::vector{State::spawning, State::idle, State::reserved, State::activating, State::hot,
                    State::hot_idle, State::draining},
        now + seconds(1));
    if (!last || last->empty()) return std::nullopt;
    const WorkerSnapshot& seen = dice_.of(*last);
    // Everybody learns everybody's leases here, and acts on them: fences have to tell.
    leases_.insert_or_assign(seen.row().worker.value,
                             LifecycleStore::lease_for(seen.row().worker, seen.row().owner,
                                                       seen.row().epoch, seen.row().image));
    switch (dice_.below(8)) {
        case 0: return RetireFromSnapshot{seen, State::retired, "mismatched_version"};
        case 1: return RetireFromSnapshot{seen, State::lost, "crash"};
        case 2: return RetireOrphan{seen, "orphaned"};
        case 3: return RetireIdleVariant{seen, "idle_timeout"};
        default: return TakeOver{seen.row().worker, seen.row().epoch, dice_.of(orgs)};
    }
}

std::optional<Request> RacerThread::some_request() {
    const auto chance = dice_.below(100);
    if (chance < 8)
        return Spawn{.image = dice_.of(images),
                     .org = dice_.percent(30) ? dice_.of(orgs) : "",
                     .caps = {.max_global_workers = 12}};
    if (chance < 18)
        return ClaimIdle{.org = dice_.of(orgs), .image = dice_.percent(50) ? dice_.of(images) : ""};
    if (chance < 24) return ClaimHotIdle{.org = dice_.of(orgs)};
    if (chance < 40) return on_snapshot();
    if (chance < 45) return ControlPlaneHeartbeat{};
    if (chance < 46) return ControlPlaneDrain{};
    if (chance < 47) return ExpireDrainingControlPlanes{store_.clock().now()};
    if (chance < 48) return ReportPodDeleted{WorkerId{1 + dice_.below(40)}};
    if (chance < 49) return ReportHealthChecked{.image = dice_.of(images), .count = 3};
    return on_lease();
}

void RacerThread::step() {
    if (dice_.percent(1)) return sweep();
    if (dice_.percent(5)) return batch();
    auto request = some_request();
    if (!request) return;
    Command command{{.caller = process_.orders.name, .origin = Origin::public_api},
                    std::move(*request)};
    // In a race that is interrupted every call has its name, to ask what became of it.
    if (process_.orders.progress >= 0 || dice_.percent(30))
        command.ask.request_id = name_ + "-" + std::to_string(++process_.request_number);
    // Now and then all processes make one and the same call.
    if (process_.orders.progress < 0 && dice_.percent(4))
        command = {
            {.caller = "cp-shared", .request_id = "shared-" + std::to_string(dice_.below(60))},
            ClaimIdle{.org = "acme"}};
    ask(command);
    if (!command.ask.request_id.empty() && dice_.percent(30)) ask(command);
}

int fold_only(const RacerOrders& orders) {
    auto reader = open_reader(orders.directory + "/pool.db");
    if (!reader) return 2;
    const auto head = (*reader)->head();
    if (!head) return 3;
    const auto fold = fold_to(**reader, *head);
    if (!fold) return 4;
    std::ofstream out(orders.directory + "/" + orders.name + ".fold", std::ios::binary);
    out << fold->save();
    return out.good() ? 0 : 5;
}

}  // namespace

int be_racer(const std::string& text) {
    Process process;
    RacerOrders& orders = process.orders;
    std::istringstream in(text);
    in >> orders.directory >> orders.name >> orders.seed >> orders.threads >> orders.operations >>
        orders.heartbeat_resolution_ns >> orders.only_fold >> orders.progress;
    if (in.fail()) return 1;
    if (orders.only_fold) return fold_only(orders);

    auto opened =
        LifecycleStore::open({.path = orders.directory + "/pool.db",
                              .instance = orders.name,
                              .heartbeat_resolution = Duration{orders.heartbeat_resolution_ns},
                              .checkpoint_events = 700,
                              .wal_reserve_bytes = 1 << 20});
    if (!opened) {
        RaceLog(orders.directory + "/" + orders.name + "-open.log").complains(opened.error().text);
        return 6;
    }
    process.store = std::move(*opened);
    {
        std::vector<std::jthread> threads;
        for (std::int64_t i = 0; i < orders.threads; ++i)
            threads.emplace_back([&process, i] { RacerThread(process, i).run(); });
    }
    const auto closed = process.store->close();
    if (!closed)
        RaceLog(orders.directory + "/" + orders.name + "-close.log").complains(closed.error().text);
    return closed ? 0 : 7;
}

}  // namespace fenceline::testing
