#include "tests/crash/faulted_run.hpp"

#include <algorithm>
#include <utility>

#include "journal/fold_sink.hpp"
#include "projections/metrics.hpp"
#include "replay/verify.hpp"
#include "tests/support/journal_script.hpp"

namespace fenceline::testing {

namespace {

constexpr Position everything{1'000'000};

// Answers what it should not, when that is planted; packs what is older than three events when
// the script says so.
class ScriptedJournal final : public NotingJournal {
  public:
    ScriptedJournal(std::unique_ptr<Journal> journal, Noted& noted, Planted planted,
                    Script::Between between)
        : NotingJournal(std::move(journal), noted), planted_(planted), between_(between) {}

    [[nodiscard]] Result<Head> begin_write() override {
        auto head = NotingJournal::begin_write();
        if (head) before_ = *head;
        return head;
    }
    [[nodiscard]] Result<Head> append(const Commit& commit) override {
        auto head = NotingJournal::append(commit);
        if (head) return head;
        if (planted_ == Planted::refuses_unknown) head.error().effect = Effect::not_applied;
        if (planted_ != Planted::answers_failures) return head;
        Head made_up = before_;
        made_up.position.value += static_cast<std::int64_t>(commit.events.size());
        made_up.texts += static_cast<std::uint32_t>(commit.texts.size());
        made_up.recorders += commit.recorder != nullptr ? 1 : 0;
        made_up.flushes += commit.events.empty() ? 1 : 0;
        return made_up;
    }
    [[nodiscard]] Result<void> maintain() override {
        FENCELINE_TRY(NotingJournal::maintain());
        if (between_ != Script::Between::seals) return {};
        auto at = head();
        if (!at) return tl::unexpected<Error>(std::move(at.error()));
        for (bool more = true; more;) {
            auto step = seal({.last = Position{at->position.value - 3}});
            if (!step) return tl::unexpected<Error>(std::move(step.error()));
            more = step->more;
        }
        return {};
    }

  private:
    Planted planted_;
    Script::Between between_;
    Head before_;
};

// Commits in their order, each that was answered, of the doubtful ones any: is that what is there?
bool explains(std::span<const Made> commits, std::span<const Event> events) {
    if (commits.empty()) return events.empty();
    const auto& next = commits.front();
    const auto n = next.events.size();
    const bool there = n <= events.size() && std::ranges::equal(next.events, events.first(n));
    if (there && explains(commits.subspan(1), events.subspan(n))) return true;
    return next.as == Made::As::unknown && explains(commits.subspan(1), events);
}

}  // namespace

std::span<const Script> scripts() {
    using Between = Script::Between;
    constexpr auto under_faults = Script::Made::under_faults;
    static const Script all[] = {
        {.name = "single operations", .seed = 1, .batches = 5, .batch = 1},
        {.name = "batches", .seed = 2, .batches = 3, .batch = 6},
        {.name = "one large batch", .seed = 3, .batches = 2, .batch = 60},
        {.name = "from the first byte", .seed = 4, .batches = 2, .made = under_faults},
        {.name = "checkpoints of the fold", .seed = 5, .batches = 4, .checkpoint_events = 4},
        {.name = "the log moved each time", .seed = 6, .batches = 4, .wal_move_bytes = 1},
        {.name = "the log moved now and then",
         .seed = 7,
         .batches = 4,
         .batch = 5,
         .checkpoint_events = 6,
         .wal_move_bytes = 40'000},
        {.name = "a log with a reserve",
         .seed = 8,
         .batches = 3,
         .wal_reserve_bytes = 256 << 10,
         .made = under_faults},
        {.name = "openings", .seed = 9, .batches = 2, .batch = 2, .openings = 3},
        {.name = "scrapes", .seed = 10, .batches = 4, .between = Between::metrics},
        {.name = "sweeps",
         .seed = 11,
         .batches = 4,
         .batch = 5,
         .heartbeat_resolution = {},
         .between = Between::sweeps},
        {.name = "sealing",
         .seed = 12,
         .batches = 4,
         .batch = 5,
         .openings = 2,
         .wal_move_bytes = 30'000,
         .between = Between::seals},
    };
    return all;
}

// --- the run

FaultedRun::FaultedRun(const Script& script, Planted planted)
    : script_(script), planted_(planted), random_(script.seed) {
    if (script_.made == Script::Made::under_faults) return;
    auto made = create_journal(options());
    if (!made) wrong("cannot be made: " + made.error().text);
}

JournalOptions FaultedRun::options() const {
    return {.path = path_,
            .create = true,
            .wal_reserve_bytes = script_.wal_reserve_bytes,
            .wal_move_bytes = script_.wal_move_bytes,
            .anchor_every = Duration{},
            .vfs = vfs_.name()};
}

StoreOptions FaultedRun::store_options() const {
    return {.instance = "cp-0",
            .heartbeat_resolution = script_.heartbeat_resolution,
            .clock = const_cast<FakeClock*>(&clock_),
            .checkpoint_events = script_.checkpoint_events,
            .upkeep_thread = false,
            .seal_after = 0};
}

Result<std::unique_ptr<Journal>> FaultedRun::open_noting() {
    auto journal = open_journal(options());
    if (!journal) return journal;
    auto noting =
        std::make_unique<ScriptedJournal>(std::move(*journal), noted_, planted_, script_.between);
    journal_ = noting.get();
    return noting;
}

// Twice, as whoever finds a store that does not start would.
void FaultedRun::open_store() {
    for (int attempt = 0; attempt < 2 && store_ == nullptr; ++attempt) {
        auto journal = open_noting();
        hear(journal);
        if (!journal) continue;
        auto store = LifecycleStore::open(store_options(), std::move(*journal));
        hear(store);
        if (store) store_ = std::move(*store);
    }
    stopped_ = false;
}

void FaultedRun::to_the_end(const Fault& fault, End end) {
    vfs_.fail(fault);
    run_script();
    calls_ = vfs_.seen();
    fired_ = vfs_.fired();
    if (end == End::killed) {
        vfs_.kill();
        store_.reset();
        vfs_.revive();
        vfs_.heal();
        return;
    }
    vfs_.heal();
    go_on();
    if (store_ != nullptr) hear(store_->close());
    store_.reset();
    if (fault.what == Call::sync && fired_ && !heard_) wrong("nobody heard of the failed sync");
}

void FaultedRun::run_script() {
    for (int opening = 0; opening < script_.openings; ++opening) {
        if (opening > 0 && store_ != nullptr) {
            hear(store_->close());
            store_.reset();
        }
        open_store();
        if (store_ == nullptr) return;
        for (int i = 0; i < script_.batches; ++i) {
            clock_.advance(seconds(40));
            (void)ask(next_commands());
            between();
        }
    }
}

void FaultedRun::between() {
    if (script_.between == Script::Between::metrics) {
        StoreStatus status;
        (void)store_->metrics({}, status);
        if (!status.incomplete.empty()) heard_ = true;
    }
    if (script_.between == Script::Between::sweeps) hear(store_->janitor_sweep());
}

// The storage works again. A store that stopped is reopened, any other must simply go on.
void FaultedRun::go_on() {
    if (store_ == nullptr) open_store();
    if (store_ == nullptr) return wrong("does not open although the storage works");
    if (ask(next_commands()) == 0) return;
    if (!stopped_) return wrong("refuses although the storage works and nothing is unknown");
    auto journal = open_noting();
    if (!journal) return wrong("does not open again: " + journal.error().text);
    if (auto again = store_->reopen(std::move(*journal)); !again)
        return wrong("the store does not reopen: " + again.error().text);
    stopped_ = false;
    if (ask(next_commands()) != 0) wrong("refuses after it was reopened");
}

std::vector<Command> FaultedRun::next_commands() {
    Fold fresh;
    FoldSink sink(fresh);
    if (journal_ != nullptr && journal_->read(Head{}, everything, sink)) fold_ = std::move(fresh);
    std::vector<Command> commands;
    for (std::size_t i = 0; i < script_.batch; ++i) {
        commands.push_back(random_.next(fold_.world, clock_.now()));
        commands.back().ask.request_id = "r" + std::to_string(asked_.size() + i);
    }
    return commands;
}

std::size_t FaultedRun::ask(const std::vector<Command>& commands) {
    auto answers = store_->apply(commands);
    std::size_t not_done = 0;
    bool unknown = false;
    for (std::size_t i = 0; i < commands.size(); ++i) {
        auto& answer = answers[i];
        hear(answer);
        if (answer && stopped_) wrong("answers after an unknown commit");
        const bool senseless = !answer && answer.error().code == ErrorCode::invalid_request;
        if (!answer && !senseless) ++not_done;
        unknown = unknown || (!answer && (answer.error().effect == Effect::unknown ||
                                          answer.error().code == ErrorCode::poisoned));
        asked_.note(commands[i], std::move(answer));
    }
    stopped_ = stopped_ || unknown;
    return not_done;
}

template <typename T>
void FaultedRun::hear(const Result<T>& result) {
    if (!result) heard_ = true;
}

// --- the judgement

std::string FaultedRun::judge() {
    auto journal = open_journal(options());
    if (!journal) return "does not open: " + journal.error().text;
    auto store = LifecycleStore::open(store_options(), std::move(*journal));
    if (!store) return "the store does not open: " + store.error().text;
    const auto events = read_back(**store);
    if (!explains(noted_.commits, events)) wrong("what is there is not what was answered");
    asked_.judge(events);
    asked_.ask_again(**store, events, [&] { return read_back(**store); });
    if (auto closed = (*store)->close(); !closed) wrong("does not close: " + closed.error().text);
    verify();
    return asked_.wrong();
}

// Through a reader of its own: the store only says up to where.
std::vector<Event> FaultedRun::read_back(LifecycleStore& store) {
    auto reader = open_reader(path_);
    const auto head = store.position();
    if (!reader || !head) {
        wrong("cannot be read");
        return {};
    }
    Heard heard;
    if (auto read = (*reader)->read(Head{}, *head, heard); !read)
        wrong("does not read: " + read.error().text);
    return std::move(heard.events);
}

void FaultedRun::verify() {
    replay::VerifyOptions options;
    if (!noted_.answered.empty()) {
        const auto& head = noted_.answered.back();
        options.anchors.push_back({head.position, head.chain});
    }
    auto reader = open_reader(path_);
    if (!reader) return wrong("no reader opens it: " + reader.error().text);
    const auto verified = replay::verify(**reader, options);
    if (!verified) return wrong("cannot be verified: " + verified.error().text);
    if (!verified->sound()) wrong(verified->findings.front().what);
}

}  // namespace fenceline::testing
