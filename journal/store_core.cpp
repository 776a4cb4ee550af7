#include "journal/store_core.hpp"

#include <sodium.h>

#include <algorithm>
#include <new>
#include <span>
#include <utility>

#include "events/on_throw.hpp"
#include "journal/answer_builder.hpp"
#include "journal/fold_sink.hpp"
#include "journal/start.hpp"
#include "projections/metric_numbers.hpp"
#include "statemachine/decide.hpp"

namespace fenceline {

namespace {

// Fewer events than this since the last checkpoint fold faster than a checkpoint is written.
constexpr std::int64_t checkpoint_at_close_events = 1'000;

// A name for this opening that no other has: 16 hexadecimal digits.
std::string made_up_run() {
    unsigned char bytes[8];
    randombytes_buf(bytes, sizeof bytes);
    char text[2 * sizeof bytes + 1];
    sodium_bin2hex(text, sizeof text, bytes, sizeof bytes);
    return text;
}

Error poisoned_error() {
    return {ErrorCode::poisoned, Effect::not_applied,
            "an earlier commit ended unknown; the store takes nothing more until it is reopened",
            "reopen the store, then ask again with the same request id"};
}

}  // namespace

StoreCore::StoreCore(StoreOptions options, std::unique_ptr<Journal> journal)
    : options_(std::move(options)),
      clock_(options_.clock ? options_.clock : &system_clock()),
      journal_(std::move(journal)) {
    if (options_.run.empty()) options_.run = made_up_run();
}

Result<std::unique_ptr<StoreCore>> StoreCore::open(StoreOptions options,
                                                   std::unique_ptr<Journal> journal) {
    if (sodium_init() < 0) return fail(ErrorCode::io, "libsodium could not be initialised");
    std::unique_ptr<StoreCore> core(new StoreCore(std::move(options), std::move(journal)));
    FENCELINE_TRY(core->load());
    core->counting_from_ = core->head_.position;
    return core;
}

// Again where all up to the head, or what it begins with, is dropped meanwhile.
Result<void> StoreCore::load() {
    for (;;) {
        const auto begun = journal_->beginning();
        if (!begun) return tl::unexpected<Error>(begun.error());
        auto loaded = load_once();
        const auto now = loaded ? begun : journal_->beginning();
        if (loaded || !now || *now == *begun) return loaded;
    }
}

// The nearest place to begin at, then what came after it.
Result<void> StoreCore::load_once() {
    fold_ = Fold{};
    head_ = Head{};
    checkpointed_ = Position{};
    torn_ = false;
    auto head = journal_->head();
    if (!head) return tl::unexpected<Error>(std::move(head.error()));
    auto start = nearest_start(*journal_, head->position);
    if (!start) return tl::unexpected<Error>(std::move(start.error()));
    fold_ = std::move(start->fold);
    head_ = start->head;
    checkpointed_ = head_.position;
    return fold_in(*head);
}

Result<void> StoreCore::catch_up(const Head& head) {
    if (!torn_ && head != head_) {
        auto known = journal_->was_head(head_);
        if (!known) return tl::unexpected<Error>(std::move(known.error()));
        torn_ = !*known;  // what was folded is gone with another store's sync
    }
    if (torn_) {
        heartbeats_.put_back();
        return load();
    }
    auto folded = fold_in(head);
    // What was folded so far may be dropped meanwhile: then it begins anew behind it.
    return folded || !begins_after(*journal_, head_) ? folded : load();
}

Result<void> StoreCore::fold_in(const Head& head) {
    if (head == head_) return fold_.world.index_lists(), Result<void>();
    FoldSink sink(fold_, head_, head);
    torn_ = true;
    FENCELINE_TRY(journal_->read(head_, head.position, sink));
    if (!sink.consistent() || fold_.world.position != head.position ||
        fold_.world.texts.size() != head.texts)
        return fail(ErrorCode::corrupt, "the journal's events and dictionary do not fit together",
                    "run `fenceline verify` on a copy");
    head_ = head;
    torn_ = false;
    fold_.world.index_lists();
    return {};
}

Result<void> StoreCore::refresh() {
    if (closed_) return fail(ErrorCode::shutting_down, "the store is closed");
    if (poisoned_) return tl::unexpected<Error>(poisoned_error());
    auto head = journal_->head();
    if (!head) return tl::unexpected<Error>(std::move(head.error()));
    FENCELINE_TRY(catch_up(*head));
    return make_durable();
}

Result<void> StoreCore::make_durable() {
    auto durable = journal_->make_durable();
    if (!durable) poisoned_ = poisoned_ || durable.error().effect == Effect::unknown;
    return durable;
}

Result<void> StoreCore::begin() {
    staged_.clear();
    slots_.clear();
    staged_failures_ = 0;
    readable_ = {};
    reached_ = Reached::nothing;
    if (closed_) return fail(ErrorCode::shutting_down, "the store is closed");
    if (poisoned_) return tl::unexpected<Error>(poisoned_error());
    auto head = journal_->begin_write();
    if (!head) return tl::unexpected<Error>(std::move(head.error()));
    if (auto caught_up = catch_up(*head); !caught_up) {
        journal_->cancel_write();
        return caught_up;
    }
    reached_ = Reached::staging;
    return {};
}

Time StoreCore::now() const {
    return std::max(clock_->now(), fold_.world.at);
}

RecorderId StoreCore::writer() const {
    return self_.id.given() ? self_.id : RecorderId{head_.recorders + 1};
}

bool StoreCore::leads() const {
    TextId self;
    if (!fold_.world.texts.find(options_.instance, self)) return options_.leads;
    const auto latest = fold_.pool.capacity.leadership(self);
    return latest ? *latest == Leadership::acquired : options_.leads;
}

void StoreCore::run(Batch& batch) {
    const auto lock = hold(mutex_);
    try {
        decide(batch);
    } catch (const std::bad_alloc&) {
        refuse_rest(batch);
    }
    // Durable and answered: what is left need not hold up the callers. Whoever asks for the state
    // waits for it at the mutex.
    batch.wake();
    if (reached_ != Reached::appended) return;
    try {
        project();
    } catch (const std::bad_alloc&) {
        // torn_ says it: the next one folds it anew.
    }
}

void StoreCore::decide(Batch& batch) {
    const OnThrow abandoned([&] { abandon(); });
    if (auto begun = begin(); !begun) return refuse(batch, begun.error());

    Undo undo(fold_.world);
    stage_owed(Owed::failures, undo);
    Result<void> prepared;
    for (auto tickets = batch.next(); !tickets.empty(); tickets = batch.next()) {
        for (std::span<Ticket* const> rest(tickets); !rest.empty();) {
            const auto some = rest.first(std::min(rest.size(), expect_at_once));
            for (const Ticket* ticket : some) expect(fold_.world, ticket->commands);
            for (Ticket* ticket : some)
                for (const Command& command : ticket->commands) stage(*ticket, command, undo);
            rest = rest.subspan(some.size());
        }
        if (prepared) prepared = readable_;
        if (prepared) prepared = journal_->prepare(staged_);
    }
    if (prepared && staged_.empty()) {  // all answered from memory: nothing of ours to sync
        journal_->cancel_write();
        if (auto durable = make_durable(); durable)
            answer();
        else
            refuse_staged(durable.error());
        undo.take_back();
        reached_ = Reached::nothing;
        return;
    }
    Measurements room;
    room.values.resize(staged_.size());
    if (auto appended = append(std::move(prepared), undo); !appended)
        return refuse_staged(appended.error());
    measured_ = measure(std::move(room));
    answer();
}

// Once the journal has the commit nothing here takes memory.
Result<void> StoreCore::append(Result<void> prepared, Undo& undo) {
    own_.make_room(staged_.size());
    new_texts_.clear();
    for (auto id = head_.texts; id < fold_.world.texts.size(); ++id)
        new_texts_.emplace_back(fold_.world.texts.text(TextId{id}));
    const bool first = !self_.id.given();
    Recorder recorder = first ? Recorder{writer(), options_.instance, options_.run,
                                         Position{head_.position.value + 1}}
                              : self_;
    Result<Head> head;
    if (prepared) {
        reached_ = Reached::appending;
        head = journal_->append({.events = staged_,
                                 .texts = new_texts_,
                                 .recorder = first ? &recorder : nullptr,
                                 .by = recorder.id,
                                 .measured = measured_});
    } else {
        journal_->cancel_write();
        head = tl::unexpected<Error>(std::move(prepared.error()));
    }
    if (!head) {
        const bool unknown = head.error().effect == Effect::unknown;
        if (!unknown) reached_ = Reached::staging;
        poisoned_ = poisoned_ || unknown;
        undo.take_back();
        // What an unknown commit held waits in doubt, until reopening tells.
        if (unknown)
            failures_.doubt(staged_failures_);
        else
            heartbeats_.put_back();
        return tl::unexpected<Error>(std::move(head.error()));
    }
    reached_ = Reached::appended;
    self_ = std::move(recorder);
    head_ = *head;
    carried_ = std::exchange(measured_, {});
    heartbeats_.recorded();
    failures_.recorded(staged_failures_);
    return {};
}

// What this process did first, as only it knows of it: append() made the room for that.
void StoreCore::project() {
    for (const Event& event : staged_) own_.apply(event);
    own_.apply(carried_);
    torn_ = true;
    for (const Event& event : staged_) fold_.project(event);
    fold_.apply(carried_);
    torn_ = false;
}

Result<void> StoreCore::flush(Owed owed) {
    const OnThrow abandoned([&] { abandon(); });
    FENCELINE_TRY(begin());
    Undo undo(fold_.world);
    stage_owed(owed, undo);
    if (staged_.empty() && measured_.values.empty()) {
        journal_->cancel_write();
        undo.take_back();
        return make_durable();
    }
    FENCELINE_TRY(append({}, undo));
    project();
    return {};
}

void StoreCore::answer() {
    const auto& texts = fold_.world.texts;
    for (Slot& slot : slots_) {
        auto& answers = slot.ticket->answers;
        const std::span<const Event> events(staged_.data() + slot.first, slot.count);
        switch (slot.how) {
            case Slot::How::decided:
                if (events.empty()) {  // an expiry that found nobody: no event, no position
                    answers.emplace_back(Answer{.operation = operation_of(slot.command->request),
                                                .outcome = Outcome::transitioned,
                                                .at = fold_.world.at});
                } else {
                    answers.emplace_back(answer_of(events, texts));
                }
                break;
            case Slot::How::replayed:
                if (slot.count > 0) {  // asked twice in this very batch
                    slot.answer = answer_of(events, texts);
                    slot.answer.replayed = true;
                }
                answers.emplace_back(std::move(slot.answer));
                break;
            case Slot::How::from_memory: answers.emplace_back(std::move(slot.answer)); break;
            case Slot::How::refused:
                answers.emplace_back(tl::unexpected<Error>(std::move(slot.error)));
                break;
        }
    }
}

// The durations of this commit, in the order of its events, for the next commit to carry. `room`
// has as many.
Measurements StoreCore::measure(Measurements room) const {
    const auto left = clock_->elapsed();
    Measurements measured = std::move(room);
    measured.first = staged_.front().position;
    bool any = false;
    for (const Slot& slot : slots_) {
        if (slot.count == 0 || slot.how == Slot::How::replayed) continue;
        const Event& event = staged_[slot.first];
        if (!acts_on_worker(event.operation)) continue;
        measured.values[slot.first] = {event.operation, left - slot.ticket->entered};
        any = true;
    }
    if (!any) return {};
    return measured;
}

Result<void> StoreCore::close() {
    const auto aside = end_aside();
    const auto lock = hold(mutex_);
    if (closed_) return {};
    // Also where nobody asked since: a sync that failed in the housekeeping is heard here.
    Result<void> flushed;
    if (poisoned_) {
        flushed = tl::unexpected<Error>(poisoned_error());
    } else {
        flushed = flush(Owed::failures_and_heartbeats);
        while (flushed && !failures_.empty()) flushed = flush(Owed::failures_and_heartbeats);
        if (flushed && checkpoint_pays(checkpoint_at_close_events))
            flushed = journal_->save_checkpoint({head_, fold_.save()});
    }
    closed_ = true;
    auto closed = journal_->close();
    journal_.reset();
    return flushed ? closed : flushed;
}

StoreStatus StoreCore::status() {
    const auto lock = hold(mutex_);
    return {.position = head_.position,
            .counting_from = counting_from_,
            .instance = options_.instance,
            .run = options_.run,
            .pending_failures = failures_.count(),
            .poisoned = poisoned_};
}

// A page of many images takes tens of milliseconds to make, for which no writer waits: what it is
// made of is copied under the lock.
Result<MetricSnapshot> StoreCore::metrics(const MetricView& view, StoreStatus& status) {
    MetricView mine = view;
    const MetricNumbers numbers = take_metrics(mine, status);
    return snapshot(numbers, mine);
}

MetricNumbers StoreCore::take_metrics(MetricView& view, StoreStatus& status) {
    const auto lock = hold(mutex_);
    std::string incomplete;
    if (auto flushed = flush(Owed::failures); !flushed) incomplete = flushed.error().text;

    // What could not be recorded yet happened all the same: it is counted at once.
    Tallies counted = own_;
    if (!incomplete.empty() && !poisoned_) counted.apply(measured_);
    const auto texts = fold_.world.texts.size();
    const OnThrow as_before([&] { fold_.world.texts.truncate(texts); });
    for (const Event& event :
         failures_.events(fold_.world.texts, fold_.world.at, limits::pending_failures))
        counted.apply(event);
    view.leads = view.leads && leads();
    auto taken = take_numbers(fold_.pool, std::move(counted), fold_.world.texts);
    fold_.world.texts.truncate(texts);
    status = {.position = head_.position,
              .counting_from = counting_from_,
              .instance = options_.instance,
              .run = options_.run,
              .pending_failures = failures_.count(),
              .poisoned = poisoned_,
              .incomplete = std::move(incomplete)};
    return taken;
}

}  // namespace fenceline
