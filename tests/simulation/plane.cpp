#include "tests/simulation/plane.hpp"

#include <algorithm>

#include "journal/open.hpp"
#include "tests/support/store_calls.hpp"

namespace fenceline::testing {

namespace {

const Duration beat_every = seconds(5), sweep_every = seconds(10);
const Time far_future{std::int64_t{1} << 62};
const std::vector<State> living{State::spawning,   State::idle, State::reserved,
                                State::activating, State::hot,  State::hot_idle,
                                State::draining};

Duration some_offset(Dice& dice) {
    return seconds(dice.percent(40) ? 0 : dice.below(7'200) - 3'600);
}

std::string in_words(const Result<Answer>& answer) {
    if (!answer)
        return answer.error().effect == Effect::unknown ? "unknown"
                                                        : std::string(to_text(answer.error().code));
    return std::string(to_text(answer->outcome)) + " at " + std::to_string(answer->position.value) +
           (answer->replayed ? " again" : "");
}

}  // namespace

std::string_view to_text(Trouble trouble) {
    constexpr std::string_view names[] = {
        "none",          "paused",        "cut_off",     "unreachable", "full_disk",
        "failing_reads", "failing_syncs", "lost_answer", "dying",       "rolling"};
    static_assert(std::size(names) == trouble_count);
    return names[static_cast<std::size_t>(trouble)];
}

Plane::Plane(int number, std::string path, Time truth, Dice& dice)
    : number_(number),
      path_(std::move(path)),
      dice_(dice),
      clock_(truth, some_offset(dice), dice.percent(50) ? 0 : dice.below(20'001) - 10'000),
      resolution_(seconds(dice.percent(50) ? 10 : 0)),
      checkpoint_events_(50 + dice.below(151)),
      mind_(instance(), "") {}

Plane::~Plane() {
    die();
}

std::string Plane::instance() const {
    return "cp-" + std::to_string(number_) + ":boot-" + std::to_string(boot_);
}

// --- its process --------------------------------------------------------------------------------

Result<std::unique_ptr<Journal>> Plane::open_journal() {
    return fenceline::open_journal({.path = path_,
                                    .wal_reserve_bytes = 0,
                                    .wal_move_bytes = 32 << 10,
                                    .vfs = vfs_.name(),
                                    .clock = &clock_})
        .map([&](auto&& journal) -> std::unique_ptr<Journal> {
            return std::make_unique<PlantedJournal>(std::move(journal), orders_);
        });
}

std::string Plane::start(Judge& judge, As as) {
    ++counts_.starts;
    if (as == As::another_boot) ++boot_;
    const auto run = "run-" + std::to_string(number_) + "-" + std::to_string(++runs_);
    told_ = "starts as " + instance() + ", " + run;
    auto journal = open_journal();
    if (journal) {
        process_ = std::make_shared<Process>(
            Process{.instance = instance(), .run = run, .resolution_ns = resolution_.ns});
        auto opened = LifecycleStore::open({.instance = instance(),
                                            .run = run,
                                            .heartbeat_resolution = resolution_,
                                            .clock = &clock_,
                                            .cleanup =
                                                [process = process_](const Cleanup& c) {
                                                    process->cleaned.emplace_back(c.worker.value,
                                                                                  c.pod, c.reason);
                                                },
                                            .checkpoint_events = checkpoint_events_,
                                            .upkeep_thread = false},
                                           std::move(*journal));
        if (opened) store_ = std::move(*opened);
        stopped_ = false;
        if (!opened && !vfs_.fired()) return "start: " + opened.error().text;
    } else if (!vfs_.fired()) {
        return "start: " + journal.error().text;
    }
    if (!store_) told_ += ": " + std::string(vfs_.killed() ? "died" : "failed");
    vfs_.revive();
    vfs_.heal();
    if (auto what = judge.settle(); !what.empty() || !store_) return what;
    Mind before = std::move(mind_);
    mind_ = Mind(instance(), run);
    before.hand_over(mind_);
    beat_at_ = sweep_at_ = clock_.shown();
    return look(Mind::Learn::all);
}

void Plane::die() {
    if (!store_) return;
    ++counts_.deaths;
    vfs_.kill();
    store_.reset();
    vfs_.revive();
    vfs_.heal();
    orders_.lose_next_answer = false;
}

bool Plane::has_died() {
    if (!vfs_.killed()) return false;
    told_ += "; dies";
    die();
    return true;
}

// Whether something is known that accounts for the error; the store may have stopped with it.
bool Plane::hinders(const Error& error) {
    stopped_ = stopped_ || error.effect == Effect::unknown || error.code == ErrorCode::poisoned;
    return stopped_ || vfs_.fired();
}

std::string Plane::close(Judge& judge) {
    vfs_.heal();
    orders_.lose_next_answer = false;
    told_ = "closes";
    if (stopped_) return die(), std::string();
    auto closed = store_->close();
    store_.reset();
    if (!closed) return hinders(closed.error()) ? "" : "close: " + closed.error().text;
    return judge.closed(process_, clock_.shown());
}

std::string Plane::reopen(Judge& judge) {
    ++counts_.reopened;
    told_ = "reopens";
    auto journal = open_journal();
    const auto reopened = journal ? store_->reopen(std::move(*journal))
                                  : Result<void>(tl::unexpected<Error>(std::move(journal.error())));
    const bool hindered = vfs_.fired();
    if (has_died()) return judge.settle();
    if (!reopened && !hindered) return "reopen: " + reopened.error().text;
    if (!reopened) told_ += ", in vain";
    stopped_ = !reopened;
    auto what = judge.settle();
    if (reopened && std::exchange(recounts_, false))
        process_->pending = store_->status().pending_failures;
    return what;
}

// --- trouble ------------------------------------------------------------------------------------

void Plane::meet(Trouble trouble, Time until, Dice& dice) {
    trouble_ = trouble;
    until_ = until;
    using Lasts = Fault::Lasts;
    const auto leaves = dice.percent(50) ? Fault::Leaves::written : Fault::Leaves::nothing;
    const int nth = 1 + static_cast<int>(dice.below(14));
    switch (trouble) {
        case Trouble::full_disk:
            vfs_.fail({Call::write, nth, SQLITE_FULL, Lasts::for_ever, leaves});
            break;
        case Trouble::failing_reads:
            vfs_.fail({Call::read, nth, SQLITE_IOERR_READ, Lasts::once});
            break;
        case Trouble::failing_syncs:
            vfs_.fail({Call::sync, 1 + nth / 5, SQLITE_IOERR_FSYNC,
                       dice.percent(70) ? Lasts::once : Lasts::for_ever, leaves});
            break;
        case Trouble::lost_answer: orders_.lose_next_answer = true; break;
        case Trouble::dying: {
            const auto what = dice.of(std::vector{Call::write, Call::write, Call::sync, Call::read,
                                                  Call::shm_lock, Call::truncate});
            vfs_.fail({what, nth, SQLITE_IOERR, Lasts::to_death, leaves});
            break;
        }
        default: break;
    }
    if (process_) process_->faulted = process_->faulted || trouble >= Trouble::full_disk;
}

std::string Plane::recover(Judge& judge) {
    const auto was = std::exchange(trouble_, Trouble::none);
    told_.clear();
    vfs_.heal();
    // The commit that records what failed may be the next to end unknown.
    orders_.lose_next_answer = was == Trouble::full_disk && dice_.percent(50);
    if (!store_ || was != Trouble::rolling) return {};
    ++counts_.rollouts;
    if (auto what = close(judge); !what.empty()) return what;
    return start(judge, As::another_boot);
}

void Plane::lead(bool leads) {
    tells_lead_ = tells_lead_ || leads != leads_;
    leads_ = leads;
}

// --- its turn -----------------------------------------------------------------------------------

std::string Plane::turn(Judge& judge, const Workers& silent) {
    told_.clear();
    if (!store_ || trouble_ == Trouble::paused) return {};
    ++counts_.turns;
    if (trouble_ == Trouble::unreachable) {
        for (const auto& command : mind_.next(dice_, clock_.shown(), silent)) mind_.miss(command);
        return {};
    }
    // Not everyone who calls a store that has stopped knows of it yet.
    if (stopped_ && dice_.percent(70))
        if (auto what = reopen(judge); !what.empty() || !store_ || stopped_) return what;
    if (auto what = owed(judge); !what.empty() || !store_) return what;
    if (dice_.percent(20)) {
        const auto learn = dice_.percent(20) ? Mind::Learn::all : Mind::Learn::rows;
        if (auto what = look(learn); !what.empty() || !store_) return what;
    }
    if (dice_.percent(25))
        if (auto what = ask(judge, mind_.beat(silent)); !what.empty() || !store_) return what;
    return ask(judge, mind_.next(dice_, clock_.shown(), silent));
}

// What its clock says is due: a heartbeat of its own, who leads, a sweep.
std::string Plane::owed(Judge& judge) {
    std::vector<Command> commands;
    const Time now = clock_.shown();
    if (now >= beat_at_) {
        commands.push_back(mind_.command(ControlPlaneHeartbeat{}));
        beat_at_ = now + beat_every;
    }
    if (trouble_ == Trouble::rolling && dice_.percent(50))
        commands.push_back(mind_.command(ControlPlaneDrain{}));
    if (std::exchange(tells_lead_, false))
        commands.push_back(
            mind_.command(ReportLeadership{leads_ ? Leadership::acquired : Leadership::lost}));
    if (auto what = ask(judge, std::move(commands)); !what.empty() || !store_) return what;
    if (!leads_ || now < sweep_at_) return {};
    sweep_at_ = now + sweep_every;
    return sweep(judge);
}

std::string Plane::ask(Judge& judge, std::vector<Command> commands) {
    if (commands.empty()) return {};
    if (auto what = judge.settle(); !what.empty()) return what;
    Asked asked{std::move(commands), {}, clock_.shown()};
    if (asked.commands.size() == 1 && dice_.percent(50))
        asked.answers.push_back(call_by_name(*store_, asked.commands.front()));
    else
        asked.answers = store_->apply(asked.commands);
    for (std::size_t i = 0; i < asked.commands.size(); ++i) {
        told_ += "; " + in_words(asked.commands[i]) + " -> " + in_words(asked.answers[i]);
        if (asked.answers[i] && trouble_ != Trouble::cut_off) {
            mind_.hear(asked.commands[i], *asked.answers[i]);
        } else {
            ++counts_.unanswered;
            mind_.miss(asked.commands[i]);
            if (!asked.answers[i]) (void)hinders(asked.answers[i].error());
        }
    }
    auto what = judge.applied(process_, asked);
    if (has_died() || !what.empty()) return what;
    // What went into a commit of unknown end counts until it is reopened; nobody heard of that end
    // who was answered from memory.
    if (!stopped_ && !store_->status().poisoned &&
        store_->status().pending_failures != process_->pending)
        return "the failed operations are not all pending: expected " +
               std::to_string(process_->pending) + ", found " +
               std::to_string(store_->status().pending_failures);
    return {};
}

std::string Plane::sweep(Judge& judge) {
    if (auto what = judge.settle(); !what.empty()) return what;
    const Ask leader{.caller = instance(), .origin = Origin::public_api};
    const SweepOptions times{};
    told_ += "; sweeps";
    const auto owed_before = process_->pending;
    const auto kept_before = store_->status().pending_failures;
    if (orders_.plant == Plant::early_sweep && orders_.armed) clock_.leap(seconds(90));
    const auto report = store_->janitor_sweep(times, leader);
    clock_.leap({});
    if (!report) told_ += " in vain";
    auto what = judge.swept(process_, clock_.shown(), times, leader, report);
    if (has_died() || !what.empty()) return what;
    if (report) return {};
    // How many of its operations failed depends on how far it came.
    process_->pending = owed_before + store_->status().pending_failures - kept_before;
    const bool hindered = hinders(report.error());
    recounts_ = stopped_;  // what went into a commit of unknown end is among them
    return hindered ? "" : "sweep: " + report.error().text;
}

std::string Plane::look(Mind::Learn learn) {
    const auto rows = store_->by_states_before(living, far_future);
    if (has_died()) return {};
    if (rows) mind_.look(*rows, learn);
    if (rows || hinders(rows.error())) return {};
    return "list: " + rows.error().text;
}

std::string Plane::queried(Judge& judge) {
    if (!store_ || stopped_ || trouble_ >= Trouble::full_disk) return {};
    if (auto what = judge.settle(); !what.empty()) return what;
    auto what = judge.queried(*process_, *store_, clock_.shown(), dice_);
    return what.empty() ? what : "query: " + what;
}

// --- without trouble ----------------------------------------------------------------------------

std::string Plane::put_in_order(Judge& judge, const Workers& silent) {
    told_ = "puts in order";
    if (stopped_)
        if (auto what = reopen(judge); !what.empty()) return what;
    if (auto what = look(Mind::Learn::all); !what.empty()) return what;
    beat_at_ = sweep_at_ = clock_.shown();
    if (auto what = owed(judge); !what.empty()) return what;
    return ask(judge, mind_.tend(silent));
}

std::string Plane::operates(Judge& judge) {
    told_ = "shows that it operates";
    if (stopped_)
        if (auto what = reopen(judge); !what.empty()) return what;
    if (auto what = ask(judge, {mind_.command(Spawn{.image = "img-a"})}); !what.empty())
        return what;
    if (auto what = look(Mind::Learn::all); !what.empty()) return what;
    const auto rows = store_->by_states_before(std::vector{State::spawning}, far_future);
    if (!rows) return "operates: " + rows.error().text;
    const auto mine =
        std::ranges::find_if(*rows, [&](const auto& row) { return row.row().owner == instance(); });
    if (mine == rows->end()) return "operates: it could not make a worker";
    const auto& row = mine->row();
    const auto lease = LifecycleStore::lease_for(row.worker, row.owner, row.epoch, row.image);
    if (auto what = ask(judge, {mind_.command(PublishIdle{lease}),
                                mind_.command(RetireLocal{lease, "shutdown"})});
        !what.empty())
        return what;
    const auto after = store_->observe(row.worker);
    if (!after || !*after || (*after)->row().state != State::retired)
        return "operates: its worker did not end";
    return {};
}

}  // namespace fenceline::testing
