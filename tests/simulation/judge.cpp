#include "tests/simulation/judge.hpp"

#include <algorithm>

#include "events/invariant.hpp"
#include "journal/open.hpp"
#include "tests/support/oracle_compare.hpp"
#include "tests/support/store_calls.hpp"
#include "tests/support/store_queries.hpp"

namespace fenceline::testing {

namespace {

constexpr std::int64_t longest_resolution_ns = 10'000'000'000;

std::unique_ptr<Reader> reader_of(const std::string& path) {
    auto reader = open_reader(path);
    FENCELINE_INVARIANT(reader.has_value(), "the judge can read the journal");
    return std::move(*reader);
}

// A decided answer that needed no commit: it is given whatever became of the others.
bool from_memory(const Result<Answer>& answer) {
    return answer && !answer->position.given() && !answer->replayed &&
           answer->operation == Operation::heartbeat;
}

bool is_senseless(const Result<Answer>& answer) {
    return !answer && answer.error().code == ErrorCode::invalid_request;
}

}  // namespace

Judge::Judge(std::string path)
    : path_(std::move(path)), oracle_("", longest_resolution_ns), tail_(reader_of(path_)) {}

// --- the journal --------------------------------------------------------------------------------

void Judge::let_go() {
    tail_.follow(nullptr);
}

std::string Judge::look() {
    if (!tail_.follows()) tail_.follow(reader_of(path_));
    events_ = tail_.more();
    next_ = 0;
    if (!tail_.problem().empty()) return "journal: " + tail_.problem();
    for (const Event& event : events_)
        if (auto what = watch_.sees(event); !what.empty()) return what;
    return {};
}

std::string Judge::all_explained() const {
    if (next_ == events_.size()) return {};
    const Event& event = events_[next_];
    return "event " + std::to_string(event.position.value) + " (" +
           std::string(to_text(event.operation)) + ", " + std::string(to_text(event.outcome)) +
           " by \"" + std::string(tail_.texts().text(event.caller)) +
           "\"): nobody was answered this";
}

// The events from the next one on, as this commit's: what failed before it, then one command after
// the other.
std::string Judge::explain(Oracle& oracle, std::int64_t& pending, const Commit& commit,
                           std::vector<Expected>* expected) {
    oracle.act_as(commit.process->instance, commit.process->run);
    for (; next_ < events_.size(); ++next_) {
        const Event& event = events_[next_];
        if (!std::holds_alternative<OperationFailed>(event.payload)) break;
        if (event.outcome != Outcome::store_error) return "a failed operation that did not fail";
        if ((pending -= event.count) < 0) return "more operations failed than were asked";
        oracle.skip(1, event.at.ns);
    }
    for (std::size_t i = 0; i < commit.commands.size(); ++i) {
        auto e = oracle.apply(commit.commands[i], commit.now.ns, commit.kept[i]);
        for (const auto& event : e.events) {
            if (next_ == events_.size())
                return in_words(commit.commands[i]) + ": not in the journal, expected position " +
                       std::to_string(event.position);
            if (auto what = difference(event, events_[next_++], tail_.texts()); !what.empty())
                return what;
        }
        if (expected) expected->push_back(std::move(e));
    }
    return {};
}

// Whether what came is this commit, as a whole and alone.
bool Judge::lands(const Commit& doubt) {
    if (doubt.after != oracle_.position()) return false;
    Oracle as_if = oracle_;
    auto pending = doubt.process->pending;
    next_ = 0;
    if (!explain(as_if, pending, doubt, nullptr).empty() || next_ != events_.size()) return false;
    oracle_ = std::move(as_if);
    doubt.process->pending = pending;
    return true;
}

std::string Judge::settle() {
    if (auto what = look(); !what.empty() || events_.empty()) return what;
    for (const auto& doubt : doubts_)
        if (lands(doubt)) {
            ++counts_.landed;
            doubts_.clear();
            return {};
        }
    next_ = 0;
    return all_explained();
}

// --- calls --------------------------------------------------------------------------------------

std::string Judge::applied(const std::shared_ptr<Process>& process, const Asked& asked) {
    if (auto what = look(); !what.empty()) return what;
    Commit commit{process, asked.commands, {}, asked.now, oracle_.position()};
    bool taken = true;
    for (std::size_t i = 0; i < asked.commands.size(); ++i) {
        count(asked.answers[i]);
        const bool kept = from_memory(asked.answers[i]);
        if (kept && process->resolution_ns == 0) return "a heartbeat that was not recorded";
        commit.kept.push_back(kept ? Oracle::Kept::in_memory : Oracle::Kept::in_journal);
        taken = taken && (asked.answers[i] || is_senseless(asked.answers[i]));
    }
    if (!taken) return not_taken(std::move(commit), asked);

    std::vector<Expected> expected;
    if (auto what = explain(oracle_, process->pending, commit, &expected); !what.empty())
        return what;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        if (auto what = difference(expected[i], asked.answers[i]); !what.empty())
            return in_words(asked.commands[i]) + ": " + what;
        must_clean(expected[i]);
    }
    if (auto what = all_explained(); !what.empty()) return what;
    if (!events_.empty()) doubts_.clear();
    return cleaned(*process);
}

// The commit failed. What needed none of it is answered all the same; the rest is nowhere, or in
// doubt.
std::string Judge::not_taken(Commit commit, const Asked& asked) {
    auto& process = *commit.process;
    oracle_.act_as(process.instance, process.run);
    Commit rest{commit.process, {}, {}, asked.now, commit.after};
    bool in_doubt = false;
    for (std::size_t i = 0; i < asked.commands.size(); ++i) {
        const auto& command = asked.commands[i];
        if (asked.answers[i]) {
            if (asked.answers[i]->replayed && !oracle_.has_answered(command))
                return in_words(command) + ": the answer of a request that was never answered";
            const auto e = oracle_.apply(command, asked.now.ns, commit.kept[i]);
            if (!e.events.empty()) return in_words(command) + ": answered without a commit";
            if (auto what = difference(e, asked.answers[i]); !what.empty())
                return in_words(command) + ": " + what;
            continue;
        }
        rest.commands.push_back(command);
        rest.kept.push_back(Oracle::Kept::in_journal);
        const bool unknown = asked.answers[i].error().effect == Effect::unknown;
        in_doubt = in_doubt || unknown;
        if (!unknown && acts_on_worker(operation_of(command.request))) ++process.pending;
    }
    if (in_doubt) doubts_.push_back(rest);
    if (!events_.empty()) {
        if (!in_doubt || !lands(rest)) {
            next_ = 0;
            return all_explained();
        }
        ++counts_.landed;
        doubts_.clear();
    }
    return cleaned(process);
}

// --- sweeps -------------------------------------------------------------------------------------

std::string Judge::swept(const std::shared_ptr<Process>& process, Time now,
                         const SweepOptions& times, const Ask& leader,
                         const Result<SweepReport>& report) {
    ++counts_.sweeps;
    if (auto what = look(); !what.empty()) return what;
    for (int step = 0; step < sweep_steps; ++step) {
        const auto commands = sweep_step(step, oracle_, times, leader, now.ns);
        const Commit commit{process, commands,
                            std::vector(commands.size(), Oracle::Kept::in_journal), now,
                            oracle_.position()};
        if (!report && next_ == events_.size()) return sweep_not_ended(commit, report.error());
        std::vector<Expected> expected;
        if (auto what = explain(oracle_, process->pending, commit, &expected); !what.empty())
            return "sweep: " + what;
        for (const auto& e : expected) must_clean(e);
        if (!report) continue;
        if (step < 2) {
            const auto& expired = step == 0 ? report->expired_stale : report->expired_draining;
            if (expected.front().expired != expired) return "sweep: other planes expired";
            counts_.expired_planes += static_cast<std::int64_t>(expired.size());
            continue;
        }
        const auto& answers = step_answers(step, *report);
        counts_.swept_workers += static_cast<std::int64_t>(answers.size());
        if (expected.size() != answers.size()) return "sweep: another number of workers";
        for (std::size_t i = 0; i < answers.size(); ++i)
            if (auto what = difference(expected[i], answers[i]); !what.empty())
                return "sweep: " + in_words(commands[i]) + ": " + what;
    }
    if (auto what = all_explained(); !what.empty()) return "sweep: " + what;
    if (!events_.empty()) doubts_.clear();
    return cleaned(*process);
}

// It ended at this step: what the step asked is nowhere, or in doubt.
std::string Judge::sweep_not_ended(const Commit& commit, const Error& error) {
    if (!events_.empty()) doubts_.clear();
    if (error.effect == Effect::unknown) {
        ++counts_.unknown;
        doubts_.push_back(commit);
    }
    return cleaned(*commit.process);
}

std::string Judge::closed(const std::shared_ptr<Process>& process, Time now) {
    if (auto what = look(); !what.empty()) return what;
    const Commit nothing{process, {}, {}, now, oracle_.position()};
    if (auto what = explain(oracle_, process->pending, nothing, nullptr); !what.empty())
        return what;
    if (process->pending != 0) return "closed without recording what failed";
    for (const auto& event : oracle_.close(now.ns)) {
        if (next_ == events_.size()) return "closed without recording what was in memory";
        if (auto what = difference(event, events_[next_++], tail_.texts()); !what.empty())
            return what;
    }
    if (!events_.empty()) doubts_.clear();
    return all_explained();
}

// --- cleanups, queries, counts ------------------------------------------------------------------

void Judge::must_clean(const Expected& expected) {
    if (!expected.cleanup || expected.replayed) return;
    if (const auto* row = oracle_.find(expected.worker))
        to_clean_.emplace_back(row->id, row->pod, row->retire_reason);
}

// With storage that fails the hook may not have been reached; it is never called for nothing.
std::string Judge::cleaned(Process& process) {
    const auto done = std::exchange(process.cleaned, {});
    const auto wanted = std::exchange(to_clean_, {});
    if (done == wanted) return {};
    if (process.faulted && std::ranges::all_of(done, [&](const auto& one) {
            return std::ranges::find(wanted, one) != wanted.end();
        }))
        return {};
    return "cleanup: " + std::to_string(wanted.size()) + " pods must go, " +
           std::to_string(done.size()) + " were told to, or others";
}

std::string Judge::queried(const Process& process, LifecycleStore& store, Time now, Dice& dice) {
    ++counts_.queries;
    oracle_.act_as(process.instance, process.run);
    if (auto what = rows_differ(store, oracle_); !what.empty()) return what;
    if (auto what = pool_differs(store, oracle_); !what.empty()) return what;
    const auto a = now.ns - dice.below(60'000'000'000), b = now.ns - dice.below(60'000'000'000);
    const auto same = [&](const char* name, const auto& rows, const Oracle::Ids& ids) {
        return list_differs(name, rows, ids, oracle_);
    };
    if (auto what = same("orphaned", store.orphaned(Time{a}), oracle_.orphaned(a)); !what.empty())
        return what;
    if (auto what = same("stuck", store.stuck(Time{a}, Time{b}), oracle_.stuck(a, b));
        !what.empty())
        return what;
    if (auto what =
            same("expired_hot_idle", store.expired_hot_idle(Time{a}), oracle_.expired_hot_idle(a));
        !what.empty())
        return what;
    return same("due_for_credential_refresh",
                store.due_for_credential_refresh(process.instance, Time{now.ns + 300'000'000'000}),
                oracle_.due_for_credential_refresh(process.instance, now.ns + 300'000'000'000));
}

void Judge::count(const Result<Answer>& answer) {
    ++counts_.commands;
    if (!answer) {
        const bool unknown = answer.error().effect == Effect::unknown;
        ++(unknown ? counts_.unknown : counts_.refused_by_storage);
        return;
    }
    ++counts_.outcomes[std::string(to_text(answer->outcome))];
    counts_.replayed += answer->replayed;
    counts_.in_memory += from_memory(answer);
}

}  // namespace fenceline::testing
