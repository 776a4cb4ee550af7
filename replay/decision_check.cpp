#include "replay/decision_check.hpp"

#include <algorithm>
#include <deque>
#include <map>

#include "replay/asked.hpp"
#include "replay/new_epoch.hpp"
#include "statemachine/decide.hpp"
#include "statemachine/evolve.hpp"
#include "statemachine/minter.hpp"

namespace fenceline::replay {

namespace {

constexpr std::int64_t progress_every = 16'384;

bool is_expiry(Operation operation) {
    return operation == Operation::cp_expire_stale || operation == Operation::cp_expire_draining;
}

Ending ending_of(const Event& event) {
    return {.outcome = event.outcome,
            .failed_check = event.failed_check,
            .worker = event.worker,
            .from = event.from,
            .to = event.to,
            .new_epoch = new_epoch_of(event.payload)};
}

TextId instance_of(const Event& event) {
    const auto* mark = std::get_if<ControlPlaneMarked>(&event.payload);
    return mark ? mark->instance : TextId{};
}

// What the metrics would show otherwise although the operation ended the same.
std::string side_effects(const Event& recorded, const Event& today) {
    std::string out;
    const auto add = [&](const char* what, bool same) {
        if (!same) out += std::string(out.empty() ? "" : ", ") + what + " differs";
    };
    if (const auto* was = std::get_if<ActivationCompleted>(&recorded.payload),
        *is = std::get_if<ActivationCompleted>(&today.payload);
        was && is)
        add("reserved_at", was->reserved_at == is->reserved_at);
    if (const auto* was = std::get_if<PodDeleted>(&recorded.payload),
        *is = std::get_if<PodDeleted>(&today.payload);
        was && is)
        add("drain_started_at", was->drain_started_at == is->drain_started_at);
    add("the owner found", recorded.owner == today.owner);
    add("the org found", recorded.org == today.org);
    add("the epoch found", recorded.epoch == today.epoch);
    add("the version found", recorded.version == today.version);
    return out;
}

// The state that a row leads to where the request chooses among several of one operation.
std::optional<State> chosen_target(const Request& request) {
    if (const auto* adopt = std::get_if<Adopt>(&request)) return adopt->row.state;
    if (const auto* retire = std::get_if<RetireFromSnapshot>(&request)) return retire->target;
    return std::nullopt;
}

class DecisionSink final : public Sink {
  public:
    DecisionSink(World world, const CheckOptions& options, Position end, Judged& out)
        : world_(std::move(world)), options_(options), end_(end), out_(out) {}

    bool text(TextId id, std::string_view value) override {
        consistent_ = world_.texts.intern(value) == id;
        return consistent_;
    }
    bool event(const Event& event) override {
        ++out_.events;
        if (!expected_.empty() && !continues_expiry(event)) end_expiry();
        judge(event);
        note_change(event);
        evolve(world_, event);
        if (options_.progress && event.position.value % progress_every == 0)
            options_.progress(event.position, end_);
        return true;
    }
    void finish(bool more_follows);
    [[nodiscard]] bool consistent() const { return consistent_; }

  private:
    void judge(const Event& event);
    void judge_tally(const Event& event);
    void judge_expiry(const Event& event, const Command& command);
    [[nodiscard]] bool continues_expiry(const Event& event) const;
    void end_expiry();
    [[nodiscard]] std::vector<Event> decide_today(const Command& command, Time at);
    void compare(const Event& recorded, const Event& today, const Request& request);

    void skip(Skip why) { ++out_.skipped[static_cast<std::size_t>(why)]; }
    void note_decided(const Event& event) {
        ++out_.decided;
        out_.coverage.note(event);
    }
    // When a record last changed, as the journal's time has it: `updated_at` may run ahead.
    void note_change(const Event& event) {
        const bool tally = std::holds_alternative<HeartbeatsTallied>(event.payload);
        if (transitioned(event) && event.worker.given() && !tally)
            changed_at_[event.worker.value] = event.at;
    }
    void diverges(const Event& recorded, const Ending& today, std::string note,
                  std::optional<TransitionRow> row);
    [[nodiscard]] std::optional<TransitionRow> row_of(const Event& today,
                                                      const Request& request) const;

    World world_;
    const CheckOptions& options_;
    Position end_;
    Judged& out_;
    std::vector<TransitionRow> rows_ = transition_rows();
    std::map<std::int64_t, Time> changed_at_;
    // An expiry on its way: its first event, and what today would still expire with it.
    std::optional<Event> expiry_;
    std::deque<Event> expected_;
    bool consistent_ = true;
};

void DecisionSink::judge(const Event& event) {
    if (std::holds_alternative<OperationFailed>(event.payload))
        return skip(event.failed_check == Check::request ? Skip::senseless : Skip::journal_failing);
    if (std::holds_alternative<HeartbeatsTallied>(event.payload)) return judge_tally(event);
    const auto command = asked(event, world_.texts);
    if (!command) return skip(Skip::unknown);
    note_decided(event);
    if (const auto sound = validate(*command); !sound)
        return diverges(event,
                        {.outcome = Outcome::store_error,
                         .failed_check = Check::request,
                         .worker = event.worker,
                         .from = event.from,
                         .to = event.from},
                        "today it makes no sense: " + sound.error().text, std::nullopt);
    if (is_expiry(event.operation)) return judge_expiry(event, *command);
    const auto today = decide_today(*command, event.at);
    compare(event, today.front(), command->request);
}

std::vector<Event> DecisionSink::decide_today(const Command& command, Time at) {
    // Deciding numbers texts that it sees first; the next ones are the journal's to number.
    const auto texts = world_.texts.size();
    std::vector<Event> events;
    decide(world_, command, at, events);
    world_.texts.truncate(texts);
    return events;
}

// Each was decided when it came, against a record that had not changed since: another change by
// the same process tallies first. Only another process can come in between.
void DecisionSink::judge_tally(const Event& event) {
    const auto& tally = std::get<HeartbeatsTallied>(event.payload);
    const auto changed = changed_at_.find(event.worker.value);
    const bool outdated = event.caller != event.owner || is_terminal(event.from) ||
                          (changed != changed_at_.end() && changed->second > tally.last_at);
    if (outdated) return skip(Skip::tally_outdated);
    note_decided(event);
    const auto text = [&](TextId id) { return std::string(world_.texts.text(id)); };
    const Command command{
        {.caller = text(event.caller), .origin = event.origin},
        Heartbeat{Minter::lease(event.worker, text(event.owner), event.epoch, text(event.image))}};
    compare(event, decide_today(command, event.at).front(), command.request);
}

void DecisionSink::compare(const Event& recorded, const Event& today, const Request& request) {
    auto note = side_effects(recorded, today);
    const auto ending = ending_of(today);
    if (ending == ending_of(recorded) && note.empty()) return;
    diverges(recorded, ending, std::move(note), row_of(today, request));
}

// --- expiries ------------------------------------------------------------------------------------

bool DecisionSink::continues_expiry(const Event& event) const {
    const auto cutoff = [](const Event& of) {
        const auto* mark = std::get_if<ControlPlaneMarked>(&of.payload);
        return mark ? mark->cutoff : Time{};
    };
    return expiry_ && event.operation == expiry_->operation && event.caller == expiry_->caller &&
           event.origin == expiry_->origin && event.recorder == expiry_->recorder &&
           event.at == expiry_->at && event.request_id == expiry_->request_id &&
           cutoff(event) == cutoff(*expiry_);
}

// The first event of an expiry decides it whole; the others are looked up in what came of it.
void DecisionSink::judge_expiry(const Event& event, const Command& command) {
    if (expected_.empty() || !continues_expiry(event)) {
        const auto today = decide_today(command, event.at);
        expected_.assign(today.begin(), today.end());
        expiry_ = event;
    }
    const auto same = std::ranges::find(expected_, instance_of(event), instance_of);
    if (same == expected_.end())
        return diverges(event, {}, "today it would not be expired", std::nullopt);
    compare(event, *same, command.request);
    expected_.erase(same);
}

void DecisionSink::end_expiry() {
    for (const Event& today : expected_) {
        Event nothing = *expiry_;
        nothing.outcome = Outcome::none;
        nothing.payload = today.payload;
        diverges(nothing, ending_of(today), "today it would be expired with the others",
                 std::nullopt);
    }
    expected_.clear();
    expiry_.reset();
}

void DecisionSink::finish(bool more_follows) {
    // A window that ends within an expiry: whom else it expired is not to be seen from here.
    if (more_follows && !expected_.empty()) {
        skip(Skip::cut);
        expected_.clear();
    }
    end_expiry();
}

// --- what is reported ----------------------------------------------------------------------------

std::optional<TransitionRow> DecisionSink::row_of(const Event& today,
                                                  const Request& request) const {
    const bool claim_of_nothing =
        kind_of(today.operation) == OperationKind::claim && !transitioned(today);
    const auto target = transitioned(today) ? std::optional(today.to) : chosen_target(request);
    for (const TransitionRow& row : rows_)
        if (row.operation == today.operation && (row.from == today.from || claim_of_nothing) &&
            (!target || row.to == *target))
            return row;
    return std::nullopt;
}

void DecisionSink::diverges(const Event& recorded, const Ending& today, std::string note,
                            std::optional<TransitionRow> row) {
    ++out_.diverged;
    if (out_.divergences.size() >= options_.most_divergences) return;
    out_.divergences.push_back({.position = recorded.position,
                                .at = recorded.at,
                                .operation = recorded.operation,
                                .origin = recorded.origin,
                                .caller = std::string(world_.texts.text(recorded.caller)),
                                .instance = std::string(world_.texts.text(instance_of(recorded))),
                                .recorded = ending_of(recorded),
                                .today = today,
                                .note = std::move(note),
                                .row = std::move(row)});
}

}  // namespace

std::string_view to_text(Skip skip) {
    switch (skip) {
        case Skip::senseless: return "refused as senseless before any decision";
        case Skip::journal_failing: return "failed with the journal before any decision";
        case Skip::tally_outdated: return "heartbeats tallied after another process had acted";
        case Skip::unknown: return "of a kind that this program does not know";
        case Skip::cut: return "expiries that the window cuts";
    }
    return "?";
}

Result<Judged> check_decisions(Reader& reader, const CheckOptions& options) {
    auto head = reader.head();
    if (!head) return tl::unexpected<Error>(std::move(head.error()));
    const auto beginning = reader.beginning();
    if (!beginning) return tl::unexpected<Error>(beginning.error());
    const Position to = options.to.value_or(head->position);
    const Position after = options.after.given() ? options.after : beginning->position;
    if (to > head->position || after > to)
        return fail(ErrorCode::not_found, "there is no #" + std::to_string(after.value + 1) +
                                              " to #" + std::to_string(to.value) +
                                              "; the journal ends at #" +
                                              std::to_string(head->position.value));
    auto begin = replay(reader, {.to = after, .progress = options.progress});
    if (!begin) return tl::unexpected<Error>(std::move(begin.error()));
    Judged out;
    DecisionSink sink(std::move(begin->fold.world), options, to, out);
    FENCELINE_TRY(reader.read(begin->head, to, sink));
    if (!sink.consistent() || out.events != to.value - begin->head.position.value)
        return fail(ErrorCode::corrupt, "the journal's events and dictionary do not fit together",
                    "run fenceline verify on a copy");
    sink.finish(to < head->position);
    out.head = *head;
    out.head.position = to;
    if (options.progress) options.progress(to, to);
    return out;
}

}  // namespace fenceline::replay
