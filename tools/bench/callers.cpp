#include "tools/bench/callers.hpp"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "journal/ticket_queue.hpp"

namespace fenceline::tools::bench {

namespace {

using Steady = std::chrono::steady_clock;

double seconds_since(Steady::time_point start) {
    return std::chrono::duration<double>(Steady::now() - start).count();
}

constexpr int workers_per_caller = 16;

}  // namespace

Result<Caller> Caller::make(LifecycleStore& store, int number) {
    Caller caller;
    const Ask ask{.caller = "cp-" + std::to_string(number % 3) + ":boot-1",
                  .origin = Origin::public_api};
    for (int i = 0; i < workers_per_caller; ++i) {
        WorkerView row{.worker = WorkerId{1 + number * workers_per_caller + i},
                       .pod = "worker-" + std::to_string(number * 100 + i),
                       .image = "registry/duck:v1." + std::to_string(i % 4),
                       .org = "org-" + std::to_string(number),
                       .owner = ask.caller,
                       .state = State::hot,
                       .epoch = Epoch{1}};
        auto adopted = store.adopt(row, ask);
        if (!adopted) return tl::unexpected<Error>(std::move(adopted.error()));
        caller.leases_.push_back(
            LifecycleStore::lease_for(row.worker, row.owner, row.epoch, row.image));
    }
    caller.ask_ = ask;
    return caller;
}

WorkerLease& Caller::lease() {
    return leases_[static_cast<std::size_t>(step_ / 4) % leases_.size()];
}

Command Caller::next() {
    switch (step_ % 4) {
        case 0: return {ask_, Park{lease()}};
        case 1: return {ask_, Unpark{lease()}};
        case 2: return {ask_, Heartbeat{lease()}};
        default: return {ask_, RefreshLease{lease()}};
    }
}

Result<void> Caller::take(const Result<Answer>& answer) {
    if (!answer) return tl::unexpected<Error>(answer.error());
    if (!answer->transitioned()) return fail(ErrorCode::corrupt, "a bench operation missed");
    if (answer->lease) lease() = *answer->lease;
    ++step_;
    return {};
}

Result<Run> run_loop(LifecycleStore& store, std::vector<Caller>& callers, int seconds) {
    Run run;
    std::vector<Command> asked;
    const auto start = Steady::now();
    while (seconds_since(start) < seconds) {
        const auto entered = Steady::now();
        asked.clear();
        for (Caller& caller : callers) asked.push_back(caller.next());
        const auto answers = store.apply(asked);
        for (std::size_t i = 0; i < callers.size(); ++i) FENCELINE_TRY(callers[i].take(answers[i]));
        run.waits_us.insert(run.waits_us.end(), callers.size(), seconds_since(entered) * 1e6);
    }
    run.per_second = static_cast<double>(run.waits_us.size()) / seconds_since(start);
    return run;
}

namespace {

// Calls `ask(caller, waits)` on a thread for each caller, again and again until the time is over.
template <typename Ask>
Result<Run> on_threads(std::size_t callers, int seconds, const Ask& ask) {
    std::atomic<bool> stop = false;
    std::atomic<bool> failed = false;
    std::vector<std::vector<double>> waits(callers);
    std::vector<Error> errors(callers);
    std::vector<std::thread> threads;
    const auto start = Steady::now();
    for (std::size_t i = 0; i < callers; ++i)
        threads.emplace_back([&, i] {
            while (!stop && !failed) {
                const auto entered = Steady::now();
                if (Result<void> done = ask(i); !done) {
                    errors[i] = std::move(done.error());
                    failed = true;
                    return;
                }
                waits[i].push_back(seconds_since(entered) * 1e6);
            }
        });
    std::this_thread::sleep_for(std::chrono::seconds(seconds));
    stop = true;
    for (auto& thread : threads) thread.join();
    const double took = seconds_since(start);
    Run run;
    for (std::size_t i = 0; i < callers; ++i) {
        if (!errors[i].text.empty()) return tl::unexpected<Error>(errors[i]);
        run.waits_us.insert(run.waits_us.end(), waits[i].begin(), waits[i].end());
    }
    run.per_second = static_cast<double>(run.waits_us.size()) / took;
    return run;
}

}  // namespace

Result<Run> run_threads(LifecycleStore& store, std::vector<Caller>& callers, int seconds) {
    return on_threads(callers.size(), seconds, [&](std::size_t i) {
        return callers[i].take(store.apply(callers[i].next()));
    });
}

Result<Run> run_bare_threads(BareSqlite& bare, int callers, int seconds) {
    Result<void> inserted;
    const auto insert = [&](Batch& batch) {
        int rows = 0;
        for (auto tickets = batch.next(); !tickets.empty(); tickets = batch.next())
            rows += static_cast<int>(tickets.size());
        if (inserted) inserted = bare.insert(rows);
        batch.wake();
    };
    TicketQueue queue({.run = insert, .afterwards = [] {}});
    const std::vector<Command> row(1);
    auto run = on_threads(static_cast<std::size_t>(callers), seconds, [&](std::size_t) {
        Ticket ticket(row, Duration{});
        return queue.submit(ticket) ? Result<void>() : fail(ErrorCode::busy, "the queue is full");
    });
    if (!inserted) return tl::unexpected<Error>(std::move(inserted.error()));
    return run;
}

}  // namespace fenceline::tools::bench
