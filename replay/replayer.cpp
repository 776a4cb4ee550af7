#include "replay/replayer.hpp"

#include <algorithm>
#include <limits>

#include "journal/start.hpp"

namespace fenceline::replay {

namespace {

// Positions between two calls of a progress function.
constexpr std::int64_t progress_every = 16'384;

// The part of a commit's durations that belongs to events after a position.
Measurements after(const Measurements& measured, Position after_position) {
    const auto skip = std::clamp<std::int64_t>(after_position.value - measured.first.value + 1, 0,
                                               static_cast<std::int64_t>(measured.values.size()));
    return {Position{measured.first.value + skip},
            {measured.values.begin() + skip, measured.values.end()}};
}

class ReplaySink final : public Sink {
  public:
    ReplaySink(Replayed& out, const ReplayOptions& options, Position end)
        : out_(out), options_(options), end_(end), tallied_apart_(tallied_apart(options)) {}

    // Whether the fold's own tallies are not what was asked for.
    static bool tallied_apart(const ReplayOptions& options) {
        return options.tally_after.given() || !options.recorded_by.anybody();
    }

    bool text(TextId id, std::string_view value) override {
        consistent_ = out_.fold.world.texts.intern(value) == id;
        return consistent_;
    }
    // Only that of the last commit.
    [[nodiscard]] bool wants_chain() const override { return false; }
    bool recorder(const Recorder& recorder) override {
        ++out_.head.recorders;
        if (options_.recorded_by.matches(recorder)) out_.matching.push_back(recorder);
        return true;
    }
    bool event(const Event& event) override {
        out_.fold.apply(event);
        if (tallied_apart_ && event.position > options_.tally_after && is_asked(event.recorder))
            out_.tallies.apply(event);
        if (options_.progress && event.position.value % progress_every == 0)
            options_.progress(event.position, end_);
        return true;
    }
    bool seal(const Seal& seal) override {
        const bool flush = seal.first > seal.last;
        if (flush && seal.last == end_) {
            if (options_.end_flushes && out_.end_flushes >= *options_.end_flushes) return false;
            ++out_.end_flushes;
        }
        out_.head.chain = seal.chain;
        if (flush) ++out_.head.flushes;
        if (seal.measured.values.empty()) return true;
        out_.fold.apply(seal.measured);
        if (tallied_apart_ && is_asked(seal.recorder))
            out_.tallies.apply(after(seal.measured, options_.tally_after));
        return true;
    }

    [[nodiscard]] bool consistent() const { return consistent_; }

  private:
    bool is_asked(RecorderId id) const {
        if (options_.recorded_by.anybody()) return true;
        return std::ranges::any_of(out_.matching, [&](const Recorder& r) { return r.id == id; });
    }

    Replayed& out_;
    const ReplayOptions& options_;
    Position end_;
    bool tallied_apart_;
    bool consistent_ = true;
};

// A checkpoint helps unless something is counted from before it.
bool may_use_checkpoint(const ReplayOptions& options) {
    return !options.from_first_event && options.recorded_by.anybody();
}

// Begins at the nearest place. A checkpoint that cannot be used only costs time: the events are the
// truth, and `verify` tells.
Result<Start> begin(Reader& reader, const ReplayOptions& options, Position to) {
    if (!may_use_checkpoint(options)) return start_before(reader, to);
    auto last = options.tally_after.given() ? std::min(to, options.tally_after) : to;
    // A checkpoint of the end itself holds whatever flushes had come by then.
    if (options.end_flushes && last == to) last = Position{last.value - 1};
    auto beginning = reader.beginning();
    if (!beginning) return tl::unexpected<Error>(std::move(beginning.error()));
    return last > beginning->position ? nearest_start(reader, last) : start_before(reader, to);
}

// Counters from before the base are in it, but nobody can say whose they are, or take a part away.
Result<void> check_countable(const ReplayOptions& options, const Head& beginning) {
    if (options.tally_after.given() && options.tally_after < beginning.position)
        return tl::unexpected<Error>(before_beginning(
            "counting from #" + std::to_string(options.tally_after.value), beginning));
    return {};
}

std::string name_of(const RecordedBy& who) {
    return who.run.empty() ? who.instance : who.instance + "/" + who.run;
}

}  // namespace

Result<Position> position_at(Reader& reader, Time at) {
    if (at.ns == std::numeric_limits<std::int64_t>::max()) {
        auto head = reader.head();
        if (!head) return tl::unexpected<Error>(std::move(head.error()));
        return head->position;
    }
    const auto beginning = reader.beginning();
    if (!beginning) return tl::unexpected<Error>(beginning.error());
    if (beginning->position.given() && at < beginning->at)
        return tl::unexpected<Error>(before_beginning(to_rfc3339(at), *beginning));
    auto beyond = reader.first_at(at + Duration{1});
    if (!beyond) return tl::unexpected<Error>(std::move(beyond.error()));
    return Position{beyond->value - 1};
}

Result<Replayed> replay(Reader& reader, const ReplayOptions& options) {
    auto head = reader.head();
    if (!head) return tl::unexpected<Error>(std::move(head.error()));
    const Position to = options.to.value_or(head->position);
    if (to > head->position || to.value < 0)
        return fail(ErrorCode::not_found, "there is no position #" + std::to_string(to.value) +
                                              "; the journal ends at #" +
                                              std::to_string(head->position.value));

    const auto begun = reader.beginning();
    if (!begun) return tl::unexpected<Error>(begun.error());
    if (to < begun->position)
        return tl::unexpected<Error>(before_beginning("#" + std::to_string(to.value), *begun));
    FENCELINE_TRY(check_countable(options, *begun));
    auto start = begin(reader, options, to);
    if (!start) return tl::unexpected<Error>(std::move(start.error()));
    // The journal may begin later now than it did a moment ago.
    FENCELINE_TRY(check_countable(options, start->head));
    const Head beginning = may_use_checkpoint(options) ? *begun : start->head;
    Replayed out{.fold = std::move(start->fold),
                 .tallies = {},
                 .head = start->head,
                 .began_at = start->head.position,
                 .beginning = beginning.position};
    // Whoever is asked for may have begun before the base: all recorders are heard.
    if (!options.recorded_by.anybody()) out.head.recorders = 0;
    ReplaySink sink(out, options, to);
    const Head from = out.head;
    FENCELINE_TRY(reader.read(from, to, sink));
    out.head.position = to;
    out.head.at = out.fold.world.at;
    out.head.texts = out.fold.world.texts.size();
    if (!sink.consistent() || out.fold.world.position != to)
        return fail(ErrorCode::corrupt, "the journal's events and dictionary do not fit together",
                    "run fenceline verify on a copy");
    if (!options.recorded_by.anybody() && out.matching.empty())
        return fail(ErrorCode::not_found, "nothing was recorded by " +
                                              name_of(options.recorded_by) + " up to #" +
                                              std::to_string(to.value));
    out.counting_from = options.tally_after;
    if (!out.matching.empty() && !options.recorded_by.anybody()) {
        const Position first = out.matching.front().first;
        if (first <= beginning.position && !options.tally_after.given())
            return tl::unexpected<Error>(before_beginning(name_of(options.recorded_by) +
                                                              "'s first event, #" +
                                                              std::to_string(first.value) + ",",
                                                          beginning));
        out.counting_from = std::max(options.tally_after, Position{first.value - 1});
    }
    if (!ReplaySink::tallied_apart(options)) out.tallies = out.fold.tallies;
    if (options.progress) options.progress(to, to);
    return out;
}

}  // namespace fenceline::replay
