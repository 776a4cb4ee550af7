#include "tests/model/episode.hpp"

#include <algorithm>
#include <optional>
#include <tuple>

#include "journal/lifecycle_store.hpp"
#include "projections/fold.hpp"
#include "projections/metrics.hpp"
#include "tests/model/command_source.hpp"
#include "tests/support/event_tail.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fold_check.hpp"
#include "tests/support/oracle_compare.hpp"
#include "tests/support/store_calls.hpp"
#include "tests/support/store_queries.hpp"

namespace fenceline::testing {

namespace {

constexpr std::int64_t second = 1'000'000'000;
const std::string instance = "cp-0";

// worker, pod, reason
using Cleaned = std::tuple<std::int64_t, std::string, std::string>;

class Episode {
  public:
    Episode(const EpisodeOptions& options, const Shelf& shelf)
        : options_(options),
          shelf_(shelf),
          source_(options.seed),
          oracle_(instance, options.heartbeat_resolution_ns),
          tail_(shelf.open()) {}

    EpisodeResult run() {
        open();
        while (sound() && result_.commands < options_.commands) {
            pass_time();
            step();
        }
        finish();
        result_.events = oracle_.position();
        return std::move(result_);
    }

  private:
    [[nodiscard]] bool sound() const { return result_.failure.empty(); }
    [[nodiscard]] Dice& dice() { return source_.dice(); }
    void require(const std::string& difference, const std::string& where) {
        if (difference.empty() || !sound()) return;
        result_.failure = "seed " + std::to_string(options_.seed) + ", command " +
                          std::to_string(result_.commands) + ", " + where + ": " + difference;
    }
    template <typename T>
    bool works(const Result<T>& result, const std::string& where) {
        if (!result) require(result.error().text, where);
        return result.has_value();
    }
    // Whether the planted fault is to be put in here and now; once.
    [[nodiscard]] bool plants(Plant plant) {
        if (options_.plant != plant || planted_ || result_.commands < options_.plant_at)
            return false;
        planted_ = true;
        return true;
    }

    void open();
    void pass_time();
    void step();
    void batch();
    void batch_foretold(std::int64_t size);
    void batch_followed();
    void failing_batch();
    void unknown_batch();
    void recover(std::int64_t failures);
    void sweep();
    void reopen();
    void finish();

    void plant_in(Expected& expected);
    void check_answer(const Expected& expected, const Result<Answer>& answer,
                      const std::string& what);
    void check_events(std::vector<OracleEvent> expected);
    void check_cleanups();
    void check_rows();
    void check_lists();
    void check_list(const std::string& name, const Result<std::vector<WorkerSnapshot>>& rows,
                    Oracle::Ids ids);
    void check_pool();
    void check_metrics();
    void check_fold();

    EpisodeOptions options_;
    Shelf shelf_;
    CommandSource source_;
    Oracle oracle_;
    EventTail tail_;
    FakeClock clock_;
    std::unique_ptr<LifecycleStore> store_;
    std::vector<Cleaned> cleaned_, to_clean_;
    std::vector<OracleEvent> to_see_;
    std::optional<Command> last_beat_;
    bool planted_ = false;
    EpisodeResult result_;
};

// --- the process --------------------------------------------------------------------------------

void Episode::open() {
    const bool leads = dice().percent(80);
    auto opened = LifecycleStore::open(
        {.instance = instance,
         .leads = leads,
         .heartbeat_resolution = Duration{options_.heartbeat_resolution_ns},
         .clock = &clock_,
         .cleanup =
             [this](const Cleanup& c) { cleaned_.emplace_back(c.worker.value, c.pod, c.reason); },
         .checkpoint_events = 150 + dice().below(1'500)},
        shelf_.open());
    if (!works(opened, "open")) return;
    store_ = std::move(*opened);
    oracle_.open(leads);
}

void Episode::reopen() {
    ++result_.reopened;
    const auto recorded = oracle_.close(clock_.now().ns);
    to_see_.insert(to_see_.end(), recorded.begin(), recorded.end());
    works(store_->close(), "close");
    check_events(std::exchange(to_see_, {}));
    store_.reset();
    open();
    if (!sound()) return;
    check_rows();
    check_metrics();
}

void Episode::pass_time() {
    const auto chance = dice().below(100);
    std::int64_t by = 0;
    if (chance < 40)
        by = dice().below(2'000'000);
    else if (chance < 70)
        by = dice().below(2 * second);
    else if (chance < 74)
        by = dice().below(60 * second);
    else if (chance < 78)
        by = -dice().below(3 * second);  // clocks are set back
    // Slower where heartbeats are meant to fall into their resolution.
    clock_.advance(Duration{options_.heartbeat_resolution_ns > 0 ? by / 8 : by});
}

void Episode::step() {
    const auto chance = dice().below(1'000);
    if (chance < 2) return reopen();
    if (chance < 8 && shelf_.storage) return failing_batch();
    if (chance < 10 && shelf_.storage) return unknown_batch();
    if (chance < 16) return sweep();
    if (chance < 43) check_pool();
    if (chance < 48) check_metrics();
    if (chance < 130) check_lists();
    if (chance < 150) check_rows();
    batch();
}

// --- batches ------------------------------------------------------------------------------------

void Episode::batch() {
    if (options_.heartbeat_resolution_ns > 0) return batch_followed();
    batch_foretold(dice().percent(30) ? 1 : 1 + dice().below(options_.most_in_batch));
}

void Episode::plant_in(Expected& e) {
    const bool decided = !e.error && !e.replayed;
    if (decided && plants(Plant::outcome)) e.outcome = "no_idle";
    if (decided && e.worker > 0 && plants(Plant::worker)) e.worker += 1;
    if (decided && !e.to.empty() && plants(Plant::to_state)) e.to = e.to == "hot" ? "idle" : "hot";
    if (decided && e.winner > 0 && plants(Plant::refusal_winner)) e.winner -= 1;
    if (decided && e.lease && plants(Plant::lease_epoch)) e.lease->epoch += 1;
    if (e.cleanup && decided && plants(Plant::cleanup)) e.cleanup = false;
    if (e.replayed && plants(Plant::replayed)) e.replayed = false;
    if (!e.events.empty() && plants(Plant::event_origin))
        e.events.back().origin = e.events.back().origin == "unknown" ? "public_api" : "unknown";
    if (!e.events.empty() && plants(Plant::event_missing)) e.events.pop_back();
}

// The oracle goes first: every answer is known before the store is asked.
void Episode::batch_foretold(std::int64_t size) {
    std::vector<Command> commands;
    std::vector<Expected> expected;
    for (std::int64_t i = 0; i < size; ++i) {
        commands.push_back(source_.next(oracle_, clock_.now().ns));
        expected.push_back(oracle_.apply(commands.back(), clock_.now().ns));
        plant_in(expected.back());
    }
    std::vector<Result<Answer>> answers;
    if (size == 1 && dice().percent(80))
        answers.push_back(call_by_name(*store_, commands.front()));
    else
        answers = store_->apply(commands);
    for (std::size_t i = 0; i < commands.size(); ++i) {
        ++result_.commands;
        check_answer(expected[i], answers[i], in_words(commands[i]));
    }
    check_events(std::exchange(to_see_, {}));
    check_cleanups();
}

// The store goes first and says which heartbeats it kept in memory; the oracle says whether it may.
void Episode::batch_followed() {
    Command command = source_.next(oracle_, clock_.now().ns);
    if (std::holds_alternative<Heartbeat>(command.request)) {
        if (dice().percent(80)) command.ask.request_id.clear();
        last_beat_ = command;
    } else if (last_beat_ && dice().percent(30)) {
        command = *last_beat_;
    }
    auto answer = call_by_name(*store_, command);
    const bool kept = answer && !answer->position.given() && !answer->replayed &&
                      answer->operation == Operation::heartbeat;
    result_.kept_in_memory += kept;
    auto expected = oracle_.apply(command, clock_.now().ns,
                                  kept ? Oracle::Kept::in_memory : Oracle::Kept::in_journal);
    plant_in(expected);
    ++result_.commands;
    check_answer(expected, answer, in_words(command));
    check_events(std::exchange(to_see_, {}));
    check_cleanups();
}

// The journal cannot take the batch: nothing of it happened, and each attempt is counted at once.
void Episode::failing_batch() {
    std::vector<Command> commands;
    const auto size = options_.heartbeat_resolution_ns > 0 ? 1 : 1 + dice().below(12);
    Oracle as_if = oracle_;
    bool needs_journal = false;
    std::vector<bool> answered;
    for (std::int64_t i = 0; i < size; ++i) {
        commands.push_back(source_.next(as_if, clock_.now().ns));
        // A retry of an answer that is in the journal needs nothing of it.
        answered.push_back(oracle_.has_answered(commands.back()));
        needs_journal |= !as_if.apply(commands.back(), clock_.now().ns).events.empty();
    }
    const bool heartbeat = std::holds_alternative<Heartbeat>(commands.front().request);
    if (!needs_journal || (options_.heartbeat_resolution_ns > 0 && heartbeat)) return;
    ++result_.failed_commits;
    // The batch, and then each of the two looks at the metrics.
    shelf_.storage->fail_appends(3, {dice().percent(50) ? ErrorCode::no_space : ErrorCode::io});
    const auto answers = store_->apply(commands);
    std::int64_t failures = 0;
    for (std::size_t i = 0; i < commands.size(); ++i) {
        ++result_.commands;
        if (answered[i]
                ? !answers[i].has_value()
                : answers[i].has_value() || answers[i].error().effect != Effect::not_applied)
            require("the journal failed, and this was not the answer to it", in_words(commands[i]));
        const auto operation = operation_of(commands[i].request);
        if (answered[i] || !acts_on_worker(operation)) continue;
        ++failures;
        oracle_.count_failures(std::string(to_text(operation)), asked_image(commands[i]),
                               std::string(to_text(commands[i].ask.origin)), 1);
    }
    if (store_->status().pending_failures != failures)
        require("the failed operations are not all pending", "failing journal");
    check_metrics();
    shelf_.storage->fail_appends(0, {});  // a look with nothing to record did not meet its own
    recover(failures);
}

// Once the journal takes events again, it holds what failed.
void Episode::recover(std::int64_t failures) {
    StoreStatus status;
    for (int tries = 0; tries < 10; ++tries) {
        if (!works(store_->metrics({}, status), "metrics")) return;
        if (status.pending_failures == 0) break;
    }
    if (status.pending_failures != 0) require("failures are still pending", "recovered journal");
    std::int64_t recorded = 0;
    for (const Event& event : tail_.more()) {
        oracle_.skip(1, event.at.ns);
        recorded += event.count;
        if (event.outcome != Outcome::store_error ||
            !std::holds_alternative<OperationFailed>(event.payload))
            require("an event that nobody asked for", "recovered journal");
    }
    require(tail_.problem(), "tail");
    if (recorded != failures)
        require("expected " + std::to_string(failures) + " failures recorded, found " +
                    std::to_string(recorded),
                "recovered journal");
    check_metrics();
}

// The sync failed: nobody knows. After reopening, the request id tells.
void Episode::unknown_batch() {
    if (options_.heartbeat_resolution_ns > 0) return;
    Command command = source_.next(oracle_, clock_.now().ns);
    command.ask.request_id = "unknown-" + std::to_string(result_.commands);
    Oracle as_if = oracle_;
    const Expected expected = as_if.apply(command, clock_.now().ns);
    ++result_.commands;
    if (expected.error || expected.events.empty()) return;
    ++result_.failed_commits;
    const bool landed = dice().percent(50);
    shelf_.storage->fail_next_append(ErrorCode::io, Effect::unknown,
                                     landed ? Landed::yes : Landed::no);
    const auto answer = store_->apply(command);
    if (answer || answer.error().effect != Effect::unknown)
        require("expected that nobody knows", in_words(command));
    if (store_->observe(WorkerId{1})) require("a poisoned store answers", in_words(command));
    if (!works(store_->reopen(shelf_.open()), "reopen")) return;
    if (landed) {
        oracle_ = std::move(as_if);
        to_see_ = expected.events;
        // It ended unknown: how long it took was nobody's to say.
        oracle_.forget_durations(expected.operation, 1);
    }
    check_events(std::exchange(to_see_, {}));
    const auto again = oracle_.apply(command, clock_.now().ns);
    if (again.replayed != landed) require("the oracle errs", in_words(command));
    check_answer(again, store_->apply(command), in_words(command));
    check_events(std::exchange(to_see_, {}));
    // Its pod goes once somebody knows that it must: the first call could not tell.
    check_cleanups();
    check_metrics();
}

void Episode::check_answer(const Expected& expected, const Result<Answer>& answer,
                           const std::string& what) {
    require(difference(expected, answer), what);
    result_.met.count(expected);
    to_see_.insert(to_see_.end(), expected.events.begin(), expected.events.end());
    if (expected.cleanup && !expected.replayed)
        if (const auto* row = oracle_.find(expected.worker))
            to_clean_.emplace_back(row->id, row->pod, row->retire_reason);
}

void Episode::check_events(std::vector<OracleEvent> expected) {
    const auto events = tail_.more();
    require(tail_.problem(), "tail");
    for (std::size_t i = 0; i < std::min(events.size(), expected.size()); ++i)
        require(difference(expected[i], events[i], tail_.texts()), "journal");
    if (events.size() != expected.size())
        require("expected " + std::to_string(expected.size()) + " events, found " +
                    std::to_string(events.size()),
                "journal");
}

void Episode::check_cleanups() {
    if (cleaned_ != to_clean_) {
        std::string found;
        for (const auto& [worker, pod, reason] : cleaned_)
            found += " " + std::to_string(worker) + " \"" + pod + "\" \"" + reason + "\";";
        std::string wanted;
        for (const auto& [worker, pod, reason] : to_clean_)
            wanted += " " + std::to_string(worker) + " \"" + pod + "\" \"" + reason + "\";";
        require("expected" + wanted + " found" + found, "cleanup");
    }
    cleaned_.clear();
    to_clean_.clear();
}

// --- the janitor --------------------------------------------------------------------------------

void Episode::sweep() {
    ++result_.sweeps;
    const auto some = [&] { return Duration{dice().below(60 * second)}; };
    const SweepOptions times{.instance_stale = some(),
                             .instance_draining = some(),
                             .orphan_grace = some(),
                             .stuck_spawning = some(),
                             .stuck_activating = some(),
                             .hot_idle_ttl = some()};
    const Ask leader{.caller = "cp-1", .origin = Origin::public_api};
    const auto now = clock_.now().ns;
    const auto report = store_->janitor_sweep(times, leader);
    if (!works(report, "sweep")) return;

    for (int step = 0; step < sweep_steps; ++step) {
        const auto commands = sweep_step(step, oracle_, times, leader, now);
        if (step < 2) {
            const auto e = oracle_.apply(commands.front(), now);
            if (e.expired != (step == 0 ? report->expired_stale : report->expired_draining))
                require("other control planes expired", "sweep");
            result_.met.count(e);
            to_see_.insert(to_see_.end(), e.events.begin(), e.events.end());
            continue;
        }
        const auto& answers = step_answers(step, *report);
        if (commands.size() != answers.size()) require("another number of workers", "sweep");
        for (std::size_t i = 0; i < std::min(commands.size(), answers.size()); ++i)
            check_answer(oracle_.apply(commands[i], now), answers[i], in_words(commands[i]));
    }
    check_events(std::exchange(to_see_, {}));
    check_cleanups();
}

// --- looking ------------------------------------------------------------------------------------

void Episode::check_rows() {
    if (!oracle_.workers().empty() && plants(Plant::record))
        oracle_.tamper(oracle_.workers().begin()->first).epoch += 1;
    require(rows_differ(*store_, oracle_), "rows");
}

void Episode::check_list(const std::string& name, const Result<std::vector<WorkerSnapshot>>& rows,
                         Oracle::Ids ids) {
    if (!ids.empty() && plants(Plant::list)) ids.pop_back();
    require(list_differs(name, rows, ids, oracle_), "list");
}

void Episode::check_lists() {
    if (!oracle_.workers().empty() && plants(Plant::record_later))
        oracle_.tamper(oracle_.workers().rbegin()->first).updated_at -= 1;
    const auto now = clock_.now().ns;
    const auto a = source_.cutoff(oracle_, now), b = source_.cutoff(oracle_, now);
    check_list("orphaned", store_->orphaned(Time{a}), oracle_.orphaned(a));
    check_list("stuck", store_->stuck(Time{a}, Time{b}), oracle_.stuck(a, b));
    check_list("expired_hot_idle", store_->expired_hot_idle(Time{a}), oracle_.expired_hot_idle(a));
    std::vector<State> states;
    std::set<std::string> names;
    for (auto n = 1 + dice().below(4); n > 0; --n) {
        states.push_back(static_cast<State>(1 + dice().below(9)));
        names.emplace(to_text(states.back()));
    }
    check_list("by_states_before", store_->by_states_before(states, Time{b}),
               oracle_.by_states_before(names, b));
    const auto owner = source_.some_owner();
    const auto cutoff = now + dice().below(60 * second);
    check_list("due_for_credential_refresh",
               store_->due_for_credential_refresh(owner, Time{cutoff}),
               oracle_.due_for_credential_refresh(owner, cutoff));
}

void Episode::check_pool() {
    require(pool_differs(*store_, oracle_), "pool");
}

void Episode::check_metrics() {
    for (const bool seed : {false, true}) {
        StoreStatus status;
        const auto metrics = store_->metrics({.name_space = seed ? "other" : "duckgres",
                                              .labels = seed ? LabelMode::seed : LabelMode::exact},
                                             status);
        if (!works(metrics, "metrics")) return;
        auto page = oracle_.page(seed, Oracle::View::this_process);
        const auto first_of = [&](const std::string& metric) {
            return std::ranges::find_if(
                page, [&](const auto& series) { return series.first.front() == metric; });
        };
        if (const auto it = first_of("worker_lifecycle_transitions_total");
            it != page.end() && plants(Plant::counter))
            it->second.front() += 1;
        if (const auto it = first_of("worker_lifecycle_count");
            it != page.end() && plants(Plant::gauge))
            page.erase(it);
        require(difference(page, *metrics, seed ? "other" : "duckgres"), "metrics");
        const bool behind = status.position.value != oracle_.position();
        if (behind && status.pending_failures == 0)
            require("the metrics are of another position", "metrics");
    }
}

// --- the end ------------------------------------------------------------------------------------

void Episode::check_fold() {
    ++result_.folds;
    const auto journal = shelf_.open();
    const auto head = journal->head();
    if (!works(head, "head")) return;
    auto fold = fold_to(*journal, *head);
    if (!works(fold, "fold")) return;
    if (plants(Plant::fold)) oracle_.count_failures("drain", "img-a", "unknown", 1);
    const auto page = snapshot(fold->pool, fold->tallies, fold->world.texts, {});
    require(difference(oracle_.page(false, Oracle::View::everybody), page, "duckgres"), "fold");
    require(checkpoints_differ(*journal), "fold");
}

void Episode::finish() {
    if (sound()) reopen();
    if (sound()) check_pool();
    if (sound()) check_lists();
    if (sound()) check_fold();
    if (store_ && sound()) works(store_->close(), "close");
}

}  // namespace

Shelf memory_shelf() {
    auto storage = std::make_shared<MemoryStorage>();
    return {[storage] { return make_memory_journal(storage); }, storage};
}

EpisodeResult run_episode(const EpisodeOptions& options, const Shelf& shelf) {
    return Episode(options, shelf).run();
}

}  // namespace fenceline::testing
