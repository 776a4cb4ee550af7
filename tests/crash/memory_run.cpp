#include "tests/crash/memory_run.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "journal/fold_sink.hpp"
#include "projections/metrics.hpp"
#include "replay/verify.hpp"
#include "tests/support/fold_check.hpp"
#include "tests/support/journal_script.hpp"

namespace fenceline::testing {

namespace {

constexpr Position everything{1'000'000};

// What one run of a store has done, by the journal alone.
class DoneBy : public Sink {
  public:
    explicit DoneBy(std::string run) : run_(std::move(run)) {}
    bool recorder(const Recorder& recorder) override {
        if (recorder.run == run_) id_ = recorder.id;
        return true;
    }
    bool event(const Event& event) override {
        if (event.recorder == id_) tallies.apply(event);
        return true;
    }
    bool seal(const Seal& seal) override {
        if (seal.recorder == id_) tallies.apply(seal.measured);
        return true;
    }

    Tallies tallies;

  private:
    std::string run_;
    RecorderId id_;
};

std::string text_of(const MetricSnapshot& page) {
    std::string out;
    for (const MetricFamily& family : page.families)
        for (const MetricSeries& series : family.series) {
            out += family.name;
            for (const auto& [name, value] : series.labels)
                out.append(" ").append(name).append("=").append(value);
            out += ' ' + std::to_string(series.value) + ' ' + std::to_string(series.sum_ns);
            for (const auto count : series.buckets) out += ' ' + std::to_string(count);
            out += '\n';
        }
    return out;
}

std::string first_difference(const std::string& page, const std::string& implied) {
    const auto at = std::ranges::mismatch(page, implied).in1 - page.begin();
    const auto line = page.rfind('\n', static_cast<std::size_t>(at)) + 1;
    return page.substr(line, page.find('\n', line) - line);
}

}  // namespace

std::span<const MemoryScript> memory_scripts() {
    using Then = MemoryScript::Then;
    using Opening = MemoryScript::Opening;
    using Closing = MemoryScript::Closing;
    static const MemoryScript all[] = {
        {.name = "single operations", .seed = 1, .batches = 4},
        {.name = "a batch", .seed = 2, .batch = 12},
        {.name = "retries", .seed = 3, .batch = 3, .then = Then::retries},
        {.name = "lists", .seed = 4, .batch = 8, .then = Then::lists},
        {.name = "pages", .seed = 5, .batch = 5, .then = Then::page},
        {.name = "sweeps", .seed = 6, .batch = 6, .then = Then::sweep},
        {.name = "the log moved", .seed = 7, .batches = 3, .batch = 3, .wal_move_bytes = 1},
        {.name = "sealing", .seed = 8, .batches = 3, .batch = 6, .then = Then::seal},
        {.name = "reopening", .seed = 9, .batch = 4, .then = Then::reopen},
        {.name = "from opening to closing",
         .seed = 10,
         .batches = 1,
         .batch = 3,
         .opening = Opening::without,
         .closing = Closing::without},
        {.name = "closing", .seed = 11, .batch = 4, .closing = Closing::without},
    };
    return all;
}

// --- the run

MemoryRun::MemoryRun(const MemoryScript& script) : script_(script), random_(script.seed) {
    if (script_.opening == MemoryScript::Opening::without) return;
    open_store();
    (void)ask(next_commands(), false);
}

JournalOptions MemoryRun::journal_options() const {
    return {.path = path_,
            .create = true,
            .lock_timeout = seconds(2),
            .wal_reserve_bytes = 0,
            .wal_move_bytes = script_.wal_move_bytes,
            .anchor_every = Duration{}};
}

Result<std::unique_ptr<LifecycleStore>> MemoryRun::open_anew() {
    auto journal = open_journal(journal_options());
    if (!journal) return tl::unexpected<Error>(std::move(journal.error()));
    auto* opened = journal->get();
    auto store = LifecycleStore::open({.instance = "cp-0",
                                       .clock = const_cast<FakeClock*>(&clock_),
                                       .cleanup = [this](const Cleanup&) { ++cleaned_up_; },
                                       .checkpoint_events = 1,
                                       .upkeep_thread = false,
                                       .seal_after = 0},
                                      std::move(*journal));
    if (store) journal_ = opened;
    return store;
}

template <typename Call>
auto MemoryRun::scarcely(Call&& call) -> std::optional<decltype(call())> {
    const Scarce scarce(shortage_);
    try {
        return call();
    } catch (const std::bad_alloc&) {
        return std::nullopt;
    }
}

void MemoryRun::open_store() {
    auto store = open_anew();
    if (!store) return wrong("does not open with memory: " + store.error().text);
    store_ = std::move(*store);
    stopped_ = false;
}

void MemoryRun::to_the_end(const Shortage& shortage) {
    shortage_ = shortage;
    if (script_.opening == MemoryScript::Opening::without)
        if (auto store = scarcely([&] { return open_anew(); }); store && *store)
            store_ = std::move(**store);
    if (store_ != nullptr) run_script();
    if (script_.closing == MemoryScript::Closing::without) close_store();
    if (store_ == nullptr) open_store();
    if (store_ != nullptr) go_on();
    journal_ = nullptr;
    if (store_ != nullptr)
        if (auto closed = store_->close(); !closed)
            wrong("does not close with memory: " + closed.error().text);
    store_.reset();
}

void MemoryRun::run_script() {
    for (int i = 0; i < script_.batches; ++i) {
        clock_.advance(seconds(40));
        const auto commands = next_commands();
        (void)ask(commands, true);
        if (script_.then == MemoryScript::Then::retries) (void)ask(commands, true);
        then();
    }
}

void MemoryRun::then() {
    using Then = MemoryScript::Then;
    const Time now = clock_.now();
    StoreStatus status;
    switch (script_.then) {
        case Then::lists:
            (void)scarcely([&] { return store_->orphaned(now); });
            (void)scarcely([&] { return store_->stuck(now, now); });
            (void)scarcely([&] { return store_->expired_hot_idle(now); });
            (void)scarcely([&] { return store_->due_for_credential_refresh("cp-0", now); });
            (void)scarcely([&] { return store_->lifecycle_stats(); });
            (void)scarcely([&] { return store_->live_control_planes(); });
            (void)scarcely([&] { return store_->warm_targets(); });
            (void)scarcely([&] { return store_->observe(WorkerId{1}); });
            break;
        case Then::page: (void)scarcely([&] { return store_->metrics({}, status); }); break;
        case Then::sweep: (void)scarcely([&] { return store_->janitor_sweep(); }); break;
        case Then::seal: (void)scarcely([&] { return seal(), true; }); break;
        case Then::reopen: reopen_scarcely(); break;
        default: break;
    }
    stopped_ = stopped_ || store_->status().poisoned;
}

void MemoryRun::seal() {
    auto head = journal_->head();
    for (bool more = head.has_value(); more;) {
        const auto step = journal_->seal({.last = Position{head->position.value - 3}});
        more = step && step->more;
    }
}

void MemoryRun::reopen_scarcely() {
    auto reopened = scarcely([&]() -> Result<void> {
        auto journal = open_journal(journal_options());
        if (!journal) return tl::unexpected<Error>(std::move(journal.error()));
        journal_ = nullptr;
        auto* opened = journal->get();
        FENCELINE_TRY(store_->reopen(std::move(*journal)));
        journal_ = opened;
        return {};
    });
    if (reopened && *reopened) stopped_ = false;
}

// Twice: what could not be closed without memory can be with it.
void MemoryRun::close_store() {
    journal_ = nullptr;
    if (store_ == nullptr) return;
    (void)scarcely([&] { return store_->close(); });
    const Scarce scarce(shortage_);
    store_.reset();
}

// There is memory again. A store that said so is reopened; any other must simply go on, with what
// it holds as if nothing had been.
void MemoryRun::go_on() {
    stopped_ = stopped_ || store_->status().poisoned;
    if (!stopped_ && ask(next_commands(), false) == 0) return compare_page();
    if (!stopped_) return wrong("refuses although there is memory and nothing is unknown");
    was_stopped_ = true;
    journal_ = nullptr;
    auto journal = open_journal(journal_options());
    if (!journal) return wrong("does not open again: " + journal.error().text);
    auto* opened = journal->get();
    if (auto again = store_->reopen(std::move(*journal)); !again)
        return wrong("the store does not reopen: " + again.error().text);
    journal_ = opened;
    stopped_ = false;
    if (ask(next_commands(), false) != 0) return wrong("refuses after it was reopened");
    compare_page();
}

void MemoryRun::compare_page() {
    StoreStatus status;
    auto page = store_->metrics({}, status);
    if (!page || !status.incomplete.empty())
        return wrong("no page: " + (page ? status.incomplete : page.error().text));
    Fold fold;
    FoldSink all(fold);
    DoneBy own(status.run);
    auto reader = open_reader(path_);
    if (!reader || !(*reader)->read(Head{}, everything, all) ||
        !(*reader)->read(Head{}, everything, own))
        return wrong("cannot be read for its page");
    const auto implied = text_of(snapshot(fold.pool, own.tallies, fold.world.texts, {}));
    const auto text = text_of(*page);
    if (implied != text)
        wrong("the page is not what the journal implies: " + first_difference(text, implied));
    if (auto differ = checkpoints_differ(**reader); !differ.empty()) wrong(differ);
}

std::vector<Command> MemoryRun::next_commands() {
    Fold fresh;
    FoldSink sink(fresh);
    auto reader = open_reader(path_);
    if (reader && (*reader)->read(Head{}, everything, sink)) fold_ = std::move(fresh);
    std::vector<Command> commands;
    for (std::size_t i = 0; i < script_.batch; ++i) {
        commands.push_back(random_.next(fold_.world, clock_.now()));
        commands.back().ask.request_id = "r" + std::to_string(asked_.size() + i);
        // Now and then one that may be answered from memory.
        if (std::holds_alternative<Heartbeat>(commands.back().request) && random_.chance(2))
            commands.back().ask.request_id.clear();
    }
    return commands;
}

std::size_t MemoryRun::ask(const std::vector<Command>& commands, bool scarce) {
    using Answers = std::vector<Result<Answer>>;
    const auto apply = [&] { return store_->apply(commands); };
    const auto cleaned_up = cleaned_up_;
    std::optional<Answers> answers = scarce ? scarcely(apply) : std::optional(apply());
    // Thrown at the caller: then nothing was done.
    if (!answers)
        answers.emplace(commands.size(), fail(ErrorCode::io, "out of memory: nothing was done"));
    if (answers->size() != commands.size()) wrong("not everybody was answered");
    std::size_t not_done = 0;
    bool unknown = false;
    for (std::size_t i = 0; i < answers->size(); ++i) {
        const auto& answer = (*answers)[i];
        if (answer && stopped_) wrong("answers after an unknown commit");
        if (!answer && answer.error().code != ErrorCode::invalid_request) ++not_done;
        unknown = unknown || (!answer && (answer.error().effect == Effect::unknown ||
                                          answer.error().code == ErrorCode::poisoned));
        asked_.note(commands[i], answer);
    }
    stopped_ = stopped_ || unknown;
    const auto must_go = std::ranges::count_if(*answers, [](const Result<Answer>& answer) {
        return answer && answer->cleanup_scheduled && !answer->replayed;
    });
    if (cleaned_up_ - cleaned_up != must_go) wrong("a pod that must go was not named, or twice");
    return not_done;
}

// --- the judgement

std::string MemoryRun::judge() {
    const auto events = read_back();
    asked_.judge(events);
    auto store = open_anew();
    if (!store) return "does not open: " + store.error().text + (" after " + asked_.wrong());
    asked_.ask_again(**store, events, [&] { return read_back(); });
    if (auto closed = (*store)->close(); !closed) wrong("does not close: " + closed.error().text);
    auto reader = open_reader(path_);
    if (!reader) return "no reader opens it: " + reader.error().text;
    const auto verified = replay::verify(**reader, {});
    if (!verified) return "cannot be verified: " + verified.error().text;
    if (!verified->sound()) wrong(verified->findings.front().what);
    return asked_.wrong();
}

std::vector<Event> MemoryRun::read_back() {
    auto reader = open_reader(path_);
    Heard heard;
    if (!reader)
        wrong("no reader opens it: " + reader.error().text);
    else if (auto read = (*reader)->read(Head{}, everything, heard); !read)
        wrong("does not read: " + read.error().text);
    return std::move(heard.events);
}

}  // namespace fenceline::testing
