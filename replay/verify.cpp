#include "replay/verify.hpp"

#include <algorithm>

#include "journal/anchor_file.hpp"
#include "journal/chain.hpp"
#include "journal/commit_check.hpp"
#include "journal/start.hpp"
#include "projections/fold.hpp"
#include "replay/invariants.hpp"
#include "replay/legality.hpp"

namespace fenceline::replay {

namespace {

constexpr std::int64_t progress_every = 16'384;

std::string place(Position position) {
    return "#" + std::to_string(position.value);
}

class Verifier final : public Sink {
  public:
    Verifier(Reader& reader, const VerifyOptions& options, const Head& head, Verification& out)
        : reader_(reader),
          options_(options),
          end_(head),
          out_(out),
          passed_(options.anchors.size(), false),
          of_source_(options.anchors.size(), false) {
        pass_anchors();
    }

    // Everything begins with the base, as if it had been folded here.
    void begin(Start start) {
        fold_ = std::move(start.fold);
        at_ = start.head;
        first_of_commit_ = Position{at_.position.value + 1};
        pass_anchors();
    }

    bool text(TextId id, std::string_view value) override {
        begin_commit();
        hasher_.text(id, value);
        const auto before = fold_.world.texts.size();
        if (fold_.world.texts.intern(value) != id || id.value != before)
            return stop("text " + std::to_string(id.value) +
                        " of the dictionary is out of its turn or there twice");
        return true;
    }

    bool recorder(const Recorder& recorder) override {
        begin_commit();
        hasher_.recorder(recorder);
        const RecorderId expected{at_.recorders + 1};
        if (recorder.id != expected)
            complain("recorder " + std::to_string(recorder.id.value) + " is out of its turn");
        if (recorder.first > Position{at_.position.value + 1})
            complain("recorder " + std::to_string(recorder.id.value) +
                     " begins after its first commit");
        ++at_.recorders;
        return true;
    }

    bool event(const Event& event) override {
        begin_commit();
        hasher_.event(event);
        check_order(event);
        at_.position = event.position;
        at_.at = std::max(at_.at, event.at);
        ++out_.events;
        if (const auto sound = check_texts(event, fold_.world.texts.size()); !sound)
            return stop(sound.error().text);
        for (auto& problem : legality_.of(event, fold_.world)) complain(std::move(problem));
        invariants_.before(event, fold_.world);
        fold_.apply(event);
        invariants_.after(event, fold_.world);
        complain_of(invariants_.take_ended());
        if (options_.progress && event.position.value % progress_every == 0)
            options_.progress(event.position, end_.position);
        return true;
    }

    bool seal(const Seal& seal) override {
        begin_commit();
        const bool is_flush = seal.first > seal.last;
        hasher_.measured(seal.measured);
        if (hasher_.finish(seal.recorder) != seal.chain)
            complain(std::string(is_flush ? "the flush after " : "the commit up to ") +
                     place(seal.last) +
                     " does not have the hash that seals it: a row of it, or "
                     "the chain before it, was changed");
        open_ = false;
        // What follows is judged by what is written, so that one fault is one finding.
        at_.chain = seal.chain;
        check_seal(seal, is_flush);
        ++(is_flush ? at_.flushes : out_.commits);
        if (!seal.measured.values.empty()) fold_.apply(seal.measured);
        at_.texts = fold_.world.texts.size();
        first_of_commit_ = Position{at_.position.value + 1};
        pass_anchors();
        return check_checkpoint();
    }

    // What can only be said at the end.
    void finish();
    void complain(std::string what) {
        ++out_.found;
        if (out_.findings.size() < options_.most_findings)
            out_.findings.push_back({at_.position, std::move(what), {}, {}});
    }
    [[nodiscard]] Result<void> check_names();
    void note_what_cannot_be_held();
    [[nodiscard]] Result<void> load_checkpoints();
    [[nodiscard]] const Error* failure() const { return failure_ ? &*failure_ : nullptr; }

  private:
    void begin_commit() {
        if (open_) return;
        hasher_.begin(at_.chain);
        open_ = true;
    }
    // Notes the anchors that are this place; their positions may have several hashes, as flushes
    // follow a position.
    void pass_anchors() {
        for (std::size_t i = 0; i < options_.anchors.size(); ++i)
            if (options_.anchors[i].position == at_.position &&
                options_.anchors[i].chain == at_.chain)
                passed_[i] = true;
    }
    bool stop(std::string what) {
        complain(std::move(what) + "; nothing after it can be judged");
        stopped_ = true;
        return false;
    }
    void check_order(const Event& event);
    void check_seal(const Seal& seal, bool is_flush);
    void complain_of(const std::vector<Violation>& violations);
    bool check_checkpoint();

    Reader& reader_;
    const VerifyOptions& options_;
    Head end_;
    Verification& out_;
    Legality legality_;
    Invariants invariants_;
    CommitHasher hasher_;
    Fold fold_;
    Head at_;  // as worked out so far
    Position first_of_commit_{1};
    std::vector<Position> checkpoints_;  // still to be compared, ascending
    std::size_t next_checkpoint_ = 0;
    std::optional<RecorderId> commits_as_;
    std::optional<Error> failure_;
    bool open_ = false;
    bool stopped_ = false;
    std::vector<bool> passed_;     // by anchor
    std::vector<bool> of_source_;  // likewise: taken from the journal that this is a window of
};

void Verifier::check_order(const Event& event) {
    if (event.position != Position{at_.position.value + 1})
        complain("position " + place(event.position) + " does not follow " + place(at_.position));
    if (event.at < at_.at)
        complain(place(event.position) + " goes back in time, to " + to_rfc3339(event.at));
    if (event.recorder.value < 1 || event.recorder.value > at_.recorders)
        complain(place(event.position) + " was recorded by nobody that is known");
    if (commits_as_ && *commits_as_ != event.recorder)
        complain(place(event.position) + " was recorded by another than the rest of its commit");
    commits_as_ = event.recorder;
}

void Verifier::check_seal(const Seal& seal, bool is_flush) {
    if (seal.last != at_.position || seal.first != first_of_commit_)
        complain("a seal from " + place(seal.first) + " to " + place(seal.last) + " where " +
                 place(first_of_commit_) + " to " + place(at_.position) + " was");
    if (commits_as_ && *commits_as_ != seal.recorder)
        complain("the commit up to " + place(seal.last) +
                 " names another recorder than its events");
    if (seal.recorder.value < 1 || seal.recorder.value > at_.recorders)
        complain("the commit up to " + place(seal.last) + " was made by nobody that is known");
    commits_as_.reset();
    const auto& measured = seal.measured;
    if (is_flush && measured.values.empty()) complain("a flush that records nothing");
    const auto last = measured.first.value + static_cast<std::int64_t>(measured.values.size()) - 1;
    if (!measured.values.empty() && (measured.first.value < 1 || last > seal.last.value))
        complain("durations of events that are not before the commit that records them");
}

void Verifier::complain_of(const std::vector<Violation>& violations) {
    for (const Violation& violation : violations) {
        ++out_.found;
        if (out_.findings.size() < options_.most_findings)
            out_.findings.push_back(
                {violation.since, violation.what, violation.until, violation.lasted});
    }
}

// One of another journal says nothing about what this one contains, unless this is a window of it.
Result<void> Verifier::check_names() {
    const auto id = reader_.id();
    if (!id) return tl::unexpected<Error>(id.error());
    const auto source = out_.source.empty() ? std::string() : anchored_name(out_.source);
    for (std::size_t i = 0; i < passed_.size(); ++i) {
        const auto& name = options_.anchors[i].journal;
        if (name.empty() || id->empty() || name == anchored_name(*id)) continue;
        if (name == source) {
            of_source_[i] = true;
            continue;
        }
        complain("the anchor at " + place(options_.anchors[i].position) + " is of journal " + name +
                 ", and this is " + anchored_name(*id) + ": another file was put in its place");
        passed_[i] = true;
    }
    note_what_cannot_be_held();
    return {};
}

// What lies before the base, or after a window of the journal that the anchor is of.
void Verifier::note_what_cannot_be_held() {
    for (std::size_t i = 0; i < passed_.size(); ++i) {
        const auto& anchor = options_.anchors[i];
        if (passed_[i]) continue;
        if (anchor.position <= at_.position && at_.position.given())
            out_.notes.push_back({anchor.position, "the anchor at " + place(anchor.position) +
                                                       " lies before the base at " +
                                                       place(at_.position) +
                                                       " and cannot be held against it"});
        else if (of_source_[i] && anchor.position > end_.position)
            out_.notes.push_back({anchor.position, "the anchor at " + place(anchor.position) +
                                                       " lies after this window of its journal "
                                                       "and cannot be held against it"});
        else
            continue;
        passed_[i] = true;
        ++out_.not_held;
    }
}

Result<void> Verifier::load_checkpoints() {
    auto positions = reader_.checkpoints();
    if (!positions) return tl::unexpected<Error>(std::move(positions.error()));
    checkpoints_ = std::move(*positions);
    std::ranges::sort(checkpoints_);
    return {};
}

// Compares the checkpoint of this place, if there is one. False: it could not be read.
bool Verifier::check_checkpoint() {
    while (next_checkpoint_ < checkpoints_.size() &&
           checkpoints_[next_checkpoint_] < at_.position) {
        complain("the checkpoint at " + place(checkpoints_[next_checkpoint_]) +
                 " belongs to no end of a commit");
        ++next_checkpoint_;
    }
    if (next_checkpoint_ == checkpoints_.size() || checkpoints_[next_checkpoint_] != at_.position)
        return true;
    const auto saved = reader_.checkpoint(at_.position);
    if (!saved && saved.error().code != ErrorCode::corrupt &&
        saved.error().code != ErrorCode::not_found) {
        failure_ = saved.error();
        return false;
    }
    // It was saved after one of the flushes that follow this position; wait for that one.
    if (saved && saved->head.position == at_.position && saved->head.flushes > at_.flushes &&
        saved->head.flushes <= end_.flushes)
        return true;
    ++next_checkpoint_;
    ++out_.checkpoints;
    if (!saved)
        complain("the checkpoint at " + place(at_.position) +
                 " cannot be used: " + saved.error().text);
    else if (saved->head != at_)
        complain("the checkpoint at " + place(at_.position) + " names another head");
    else if (saved->state != fold_.save())
        complain("the checkpoint at " + place(at_.position) +
                 " is not the fold of the events before it");
    return true;
}

void Verifier::finish() {
    complain_of(invariants_.finish());
    std::ranges::stable_sort(out_.findings, {}, &Finding::position);
    if (stopped_) return;
    if (open_) complain("rows after the last seal: a commit that was not finished");
    // A store that runs may have flushed behind the head while we read; its seals were checked.
    const bool grown = at_.flushes > end_.flushes;
    if (at_.position != end_.position || at_.texts != end_.texts ||
        at_.recorders != end_.recorders || at_.flushes < end_.flushes ||
        (!grown && at_.chain != end_.chain))
        complain("the journal's head says " + place(end_.position) + ", its rows end at " +
                 place(at_.position) + ", or what they add up to differs");
    for (; next_checkpoint_ < checkpoints_.size(); ++next_checkpoint_)
        complain("the checkpoint at " + place(checkpoints_[next_checkpoint_]) +
                 " belongs to no end of a commit");
    const std::string redacted =
        out_.redacted.empty() ? ""
                              : ", or the anchor is its original's: a redacted journal has hashes "
                                "of its own";
    for (std::size_t i = 0; i < passed_.size(); ++i) {
        if (passed_[i]) continue;
        const auto& anchor = options_.anchors[i];
        if (anchor.position > at_.position)
            complain("the journal ends before the anchor at " + place(anchor.position) +
                     ": its tail was cut" + redacted);
        else
            complain("the journal at " + place(anchor.position) +
                     " is not the one that the anchor was taken from" + redacted);
    }
}

}  // namespace

namespace {

// What is wrong with what the base says of the events before it; empty when nothing is.
std::string untold(const Base& base) {
    const bool taken_out = !base.source.empty() || !base.redacted.empty();
    if (base.drops.empty())
        return taken_out || !base.saved.head.position.given()
                   ? std::string()
                   : "nothing says what became of the events before the base";
    Position next = taken_out ? base.drops.front().first : Position{1};
    ChainHash chain = taken_out ? base.drops.front().before : ChainHash{};
    for (const Drop& drop : base.drops) {
        if (drop.first != next || drop.before != chain)
            return "what was dropped from " + place(drop.first) + " on does not follow " +
                   place(Position{next.value - 1});
        next = Position{drop.last.value + 1};
        chain = drop.after;
    }
    if (next.value == base.saved.head.position.value + 1 && chain == base.saved.head.chain)
        return {};
    return "what was dropped last does not end where the base is";
}

// False: it is damaged, and nothing after it can be judged.
Result<bool> begin(Reader& reader, Verifier& verifier, Verification& out) {
    auto base = reader.base();
    if (!base && base.error().code == ErrorCode::not_found) return true;
    if (base) {
        Start start{.fold = {}, .head = base->saved.head};
        if (start.fold.load(base->saved.state)) {
            out.beginning = start.head;
            out.source = base->source;
            out.redacted = base->redacted;
            verifier.begin(std::move(start));
            if (auto what = untold(*base); !what.empty()) verifier.complain(std::move(what));
            return true;
        }
    } else if (base.error().code != ErrorCode::corrupt) {
        return tl::unexpected<Error>(base.error());
    }
    verifier.complain(base ? "the base cannot be folded by this program" : base.error().text);
    return false;
}

}  // namespace

Result<Verification> verify(Reader& reader, const VerifyOptions& options) {
    const auto head = reader.head();
    if (!head) return tl::unexpected<Error>(head.error());
    Verification out{.head = *head};
    Verifier verifier(reader, options, *head, out);
    for (const auto& finding : options.findings) verifier.complain(finding.what);
    const auto damage = reader.damage();
    if (!damage) return tl::unexpected<Error>(damage.error());
    for (const auto& line : *damage) verifier.complain("the file: " + line);
    auto begun = begin(reader, verifier, out);
    if (!begun) return tl::unexpected<Error>(begun.error());
    if (!*begun) return out;
    FENCELINE_TRY(verifier.check_names());
    FENCELINE_TRY(verifier.load_checkpoints());
    const auto read = reader.read(out.beginning, head->position, verifier);
    if (verifier.failure() != nullptr) return tl::unexpected<Error>(*verifier.failure());
    if (!read) {
        if (read.error().code != ErrorCode::corrupt) return tl::unexpected<Error>(read.error());
        verifier.complain("reading stopped: " + read.error().text);
        return out;
    }
    verifier.finish();
    out.flushes = head->flushes - out.beginning.flushes;
    if (options.progress) options.progress(head->position, head->position);
    return out;
}

}  // namespace fenceline::replay
