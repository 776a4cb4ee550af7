#include "replay/export/samples.hpp"

#include <algorithm>

#include "journal/fold_sink.hpp"
#include "journal/start.hpp"

namespace fenceline::replay {

namespace {

constexpr std::int64_t progress_every = 16'384;

using Labels = std::vector<std::pair<std::string, std::string>>;

// One family while it is gathered. Pages list their series in a fixed order, so the series at the
// same place of the page before is most often the one that is looked for.
class FamilyTracks {
  public:
    explicit FamilyTracks(const MetricFamily& family)
        : width_(family.type == MetricType::histogram ? family.bounds_ns.size() + 2 : 1) {}

    // Gives the number of changes that the page brought.
    std::size_t take(const MetricFamily& page, std::int64_t step) {
        std::size_t changes = 0;
        std::vector<Track*> order;
        order.reserve(page.series.size());
        for (std::size_t i = 0; i < page.series.size(); ++i) {
            Track& track = track_of(page.series[i].labels, i);
            track.seen = step;
            if (note(track, values_of(page, page.series[i]), step)) ++changes;
            order.push_back(&track);
        }
        for (Track* before : order_)
            if (before->seen != step && note(*before, SampleValues(width_, 0), step)) ++changes;
        order_ = std::move(order);
        return changes;
    }

    [[nodiscard]] std::vector<SampledSeries> finish() {
        std::vector<SampledSeries> out;
        out.reserve(tracks_.size());
        for (auto& [labels, track] : tracks_) out.push_back({labels, std::move(track.changes)});
        return out;
    }

  private:
    struct Track {
        const Labels* labels = nullptr;
        std::int64_t seen = -1;
        std::vector<std::pair<std::int64_t, SampleValues>> changes;
    };

    Track& track_of(const Labels& labels, std::size_t place) {
        if (place < order_.size() && *order_[place]->labels == labels) return *order_[place];
        const auto it = tracks_.try_emplace(labels).first;
        it->second.labels = &it->first;
        return it->second;
    }

    static SampleValues values_of(const MetricFamily& family, const MetricSeries& series) {
        if (family.type != MetricType::histogram) return {series.value};
        SampleValues values = series.buckets;
        values.push_back(series.sum_ns);
        return values;
    }

    bool note(Track& track, SampleValues values, std::int64_t step) const {
        const bool same = track.changes.empty()
                              ? std::ranges::all_of(values, [](auto v) { return v == 0; })
                              : track.changes.back().second == values;
        if (!same) track.changes.emplace_back(step, std::move(values));
        return !same;
    }

    std::size_t width_;
    std::map<Labels, Track> tracks_;
    std::vector<Track*> order_;  // of the page before
};

// Folds on from a replayed beginning, and looks at the page whenever a step is passed.
class Sampler final : public Sink {
  public:
    Sampler(Replayed& past, const SampleOptions& options, SampleTable& table)
        : past_(past), options_(options), table_(table) {}

    bool text(TextId id, std::string_view value) override {
        return consistent_ = past_.fold.world.texts.intern(value) == id;
    }
    bool recorder(const Recorder& recorder) override {
        if (options_.recorded_by.matches(recorder)) past_.matching.push_back(recorder);
        return true;
    }
    bool event(const Event& event) override {
        if (!look_before(event.at)) return false;
        past_.fold.apply(event);
        if (is_asked(event.recorder)) past_.tallies.apply(event);
        changed_ = true;
        if (options_.progress && event.position.value % progress_every == 0)
            options_.progress(event.position, options_.to);
        return true;
    }
    bool seal(const Seal& seal) override {
        if (seal.measured.values.empty()) return true;
        past_.fold.apply(seal.measured);
        if (is_asked(seal.recorder)) past_.tallies.apply(seal.measured);
        changed_ = true;
        return true;
    }

    // Every step that is left, all of them the same.
    bool finish() {
        if (next_ >= table_.steps) return true;
        const bool fits = look();
        next_ = table_.steps;
        return fits;
    }
    void hand_over() {
        for (std::size_t i = 0; i < tracks_.size(); ++i)
            table_.families[i].series = tracks_[i].finish();
        std::erase_if(table_.families, [](const auto& family) { return family.series.empty(); });
        table_.matching = std::move(past_.matching);
    }
    [[nodiscard]] bool consistent() const { return consistent_; }
    [[nodiscard]] bool too_many() const { return changes_ > limits::sampled_changes; }

  private:
    bool is_asked(RecorderId id) const {
        if (options_.recorded_by.anybody()) return true;
        return std::ranges::any_of(past_.matching, [&](const Recorder& r) { return r.id == id; });
    }
    bool leads() const {
        TextId instance;
        if (options_.recorded_by.anybody() ||
            !past_.fold.world.texts.find(options_.recorded_by.instance, instance))
            return true;
        return past_.fold.pool.leads(instance, true);
    }

    // A step sees the events at its moment, so one before `at` is over.
    bool look_before(Time at) {
        if (next_ >= table_.steps || table_.at(next_) >= at) return true;
        if (!look()) return false;
        const auto passed = (at.ns - 1 - table_.first.ns) / table_.step.ns + 1;
        next_ = std::min(table_.steps, passed);
        return true;
    }
    bool look() {
        if (!std::exchange(changed_, false)) return true;
        MetricView view = options_.view;
        view.leads = view.leads && leads();
        const auto page = snapshot(past_.fold.pool, past_.tallies, past_.fold.world.texts, view);
        if (tracks_.empty())
            for (const MetricFamily& family : page.families) {
                tracks_.emplace_back(family);
                table_.families.push_back(
                    {family.name, family.help, family.type, family.bounds_ns, {}});
            }
        for (std::size_t i = 0; i < page.families.size(); ++i)
            changes_ += tracks_[i].take(page.families[i], next_);
        return !too_many();
    }

    Replayed& past_;
    const SampleOptions& options_;
    SampleTable& table_;
    std::vector<FamilyTracks> tracks_;
    std::int64_t next_ = 0;  // the step that is due
    std::size_t changes_ = 0;
    bool changed_ = true;
    bool consistent_ = true;
};

Result<void> check_step(Duration step) {
    constexpr std::int64_t millisecond = 1'000'000;
    if (step.ns > 0 && step.ns % millisecond == 0) return {};
    return fail(ErrorCode::invalid_request, "a step is at least a millisecond, and whole ones",
                "15s is what most servers scrape at");
}

// The first step at or before the window, and how many there are.
Result<void> lay_out(Reader& reader, const SampleOptions& options, SampleTable& table) {
    table.step = options.step;
    Time last;
    if (options.to.given()) {
        const auto event = reader.event(options.to);
        if (!event) return tl::unexpected<Error>(event.error());
        last = event->at;
    }
    const auto beginning = reader.beginning();
    if (!beginning) return tl::unexpected<Error>(beginning.error());
    Time begin = options.from.value_or(Time{});
    if (!options.from && options.to > beginning->position) {
        const auto event = reader.event(Position{beginning->position.value + 1});
        if (!event) return tl::unexpected<Error>(event.error());
        begin = event->at - Duration{1};
    }
    const auto end = std::max({begin, last, options.until.value_or(Time{})});
    if (begin.ns < 0)
        return fail(ErrorCode::invalid_request, "the window begins before 1970",
                    "metrics of that time cannot be told to Prometheus");
    table.first = Time{begin.ns / table.step.ns * table.step.ns};
    // What was before a base cannot be sampled: the first step is not before it.
    if (beginning->position.given() && table.first < beginning->at)
        table.first = Time{(beginning->at.ns + table.step.ns - 1) / table.step.ns * table.step.ns};
    table.steps = (end.ns - table.first.ns + table.step.ns - 1) / table.step.ns + 1;
    if (table.steps <= limits::sampled_steps) return {};
    return fail(ErrorCode::invalid_request,
                "the window has " + std::to_string(table.steps) + " steps, more than " +
                    std::to_string(limits::sampled_steps),
                "take a longer --step or a shorter window");
}

}  // namespace

Result<SampleTable> sample(Reader& reader, const SampleOptions& options) {
    FENCELINE_TRY(check_step(options.step));
    SampleTable table;
    FENCELINE_TRY(lay_out(reader, options, table));
    auto before = position_at(reader, table.first);
    if (!before) return tl::unexpected<Error>(std::move(before.error()));
    // The recorder may come later than the first step: its absence is judged at the end.
    const auto begin = std::min(*before, options.to);
    auto past = replay(reader, {.to = begin, .recorded_by = options.recorded_by});
    if (!past && past.error().code == ErrorCode::not_found) {
        auto start = own_start(reader);
        if (!start) return tl::unexpected<Error>(std::move(start.error()));
        past = Replayed{.fold = std::move(start->fold), .tallies = {}, .head = start->head};
        past->head.recorders = 0;
    }
    if (!past) return tl::unexpected<Error>(std::move(past.error()));
    Sampler sampler(*past, options, table);
    FENCELINE_TRY(reader.read(past->head, options.to, sampler));
    if (!sampler.consistent())
        return fail(ErrorCode::corrupt, "the journal's dictionary is out of order",
                    "run fenceline verify on a copy");
    if (sampler.too_many() || !sampler.finish())
        return fail(ErrorCode::invalid_request, "the window holds more changes than fit",
                    "take a longer --step or a shorter window");
    if (!options.recorded_by.anybody() && past->matching.empty())
        return fail(ErrorCode::not_found, "nothing was recorded by " +
                                              options.recorded_by.instance + " up to #" +
                                              std::to_string(options.to.value));
    sampler.hand_over();
    if (options.progress) options.progress(options.to, options.to);
    return table;
}

}  // namespace fenceline::replay
