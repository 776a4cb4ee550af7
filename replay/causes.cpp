#include "replay/causes.hpp"

#include <algorithm>
#include <bitset>
#include <deque>
#include <map>

#include "projections/tallies.hpp"
#include "replay/contract.hpp"

namespace fenceline::replay {

namespace {

using Part = SampleId::Part;

constexpr std::int64_t progress_every = 16'384;

// What one sample is made of, while the journal is read.
struct Tracked {
    const SampleId* sample = nullptr;
    std::deque<Cause> events;           // counters, histograms
    std::map<WorkerId, Cause> present;  // workers counted now
    std::optional<Cause> set_by;        // targets, headroom
    std::int64_t found = 0;
    Position last_departure, departure_before;
};

enum class Made { by_adding, by_workers, by_last };

// The samples asked for of one family.
struct Wanted {
    Made made = Made::by_adding;
    std::size_t labels = 0;
    std::map<ScrapedLabels, std::vector<Tracked*>> whole;  // by all labels
    std::vector<Tracked*> partial;                         // by some of them
};

double part_of(const ScrapedSeries& series, const SampleId& sample) {
    switch (sample.part) {
        case Part::value: return series.value;
        case Part::sum: return series.sum;
        case Part::count: return series.count;
        case Part::bucket: break;
    }
    for (const auto& [bound, samples] : series.buckets)
        if (bound == sample.bound) return samples;
    return 0;
}

bool has_labels(const ScrapedLabels& labels, const ScrapedLabels& wanted) {
    return std::ranges::all_of(wanted, [&](const auto& label) {
        return std::ranges::find(labels, label) != labels.end();
    });
}

class CauseSink final : public Sink {
  public:
    CauseSink(const CauseOptions& options, std::deque<Tracked>& tracked) : options_(options) {
        for (Tracked& each : tracked) want(each);
    }

    bool text(TextId id, std::string_view value) override {
        consistent_ = texts_.intern(value) == id;
        return consistent_;
    }
    bool recorder(const Recorder& recorder) override {
        recorders_.push_back(recorder);
        if (options_.recorded_by.matches(recorder)) matching_.push_back(recorder.id);
        return true;
    }
    bool event(const Event& event) override;
    bool seal(const Seal& seal) override;

    [[nodiscard]] bool consistent() const { return consistent_; }
    [[nodiscard]] Causes causes_of(Tracked& tracked) const;
    Dictionary take_texts() { return std::move(texts_); }
    std::vector<Recorder> take_recorders() { return std::move(recorders_); }

  private:
    void want(Tracked& tracked);
    void want_operations(const SampleId& sample);
    [[nodiscard]] bool is_asked(RecorderId id) const {
        return options_.recorded_by.anybody() ||
               std::ranges::find(matching_, id) != matching_.end();
    }
    void credit(const PoolGauges& pool, const Tallies& tallies, const Cause& cause);
    void credit(Wanted& wanted, const ScrapedSeries& series, const Cause& cause);
    void credit(Made made, Tracked& tracked, const ScrapedSeries& series, Cause cause);
    void move(Tracked& tracked, const Cause& cause);
    void set(const Cause& cause);
    void silence(const Event& event);

    const CauseOptions& options_;
    std::map<std::string, Wanted, std::less<>> wanted_;  // by family
    std::bitset<256> operations_;  // that may matter: the rest need not be looked at
    bool any_gauge_ = false;
    std::optional<Cause> silenced_by_;  // the leadership that was lost
    Dictionary texts_;
    std::vector<Recorder> recorders_;
    std::vector<RecorderId> matching_;
    bool consistent_ = true;
};

// An operation label narrows what has to be looked at; anything else is looked at whole.
void CauseSink::want_operations(const SampleId& sample) {
    for (const auto& [name, value] : sample.labels) {
        if (name != "operation") continue;
        if (const auto operation = from_text<Operation>(value)) {
            operations_.set(static_cast<std::size_t>(*operation));
            return;
        }
    }
    operations_.set();
}

void CauseSink::want(Tracked& tracked) {
    const SampleId& sample = *tracked.sample;
    Wanted& wanted = wanted_[sample.family];
    const KnownFamily* known = known_family(sample.family, options_.view.name_space);
    if (!known) return;  // nothing can have made it
    wanted.labels = known->labels.size();
    if (known->name == "worker_lifecycle_count")
        wanted.made = Made::by_workers;
    else if (known->type == MetricType::gauge)
        wanted.made = Made::by_last;
    any_gauge_ |= wanted.made != Made::by_adding;
    want_operations(sample);
    if (sample.labels.size() == wanted.labels)
        wanted.whole[sample.labels].push_back(&tracked);
    else
        wanted.partial.push_back(&tracked);
}

bool CauseSink::event(const Event& event) {
    if (options_.progress && event.position.value % progress_every == 0)
        options_.progress(event.position, options_.to);
    if (!any_gauge_ && !operations_.test(static_cast<std::size_t>(event.operation))) return true;
    PoolGauges pool;
    Tallies tallies;
    pool.apply(event);
    const bool counts = event.position > options_.after && is_asked(event.recorder);
    if (counts) tallies.apply(event);
    const Cause cause{event.position, event.worker, 0};
    if (std::holds_alternative<WarmCapacityTargeted>(event.payload)) set(cause);
    credit(pool, tallies, cause);
    silence(event);
    return true;
}

bool CauseSink::seal(const Seal& seal) {
    if (!is_asked(seal.recorder)) return true;
    for (std::size_t i = 0; i < seal.measured.values.size(); ++i) {
        const Position position{seal.measured.first.value + static_cast<std::int64_t>(i)};
        const Measurement& one = seal.measured.values[i];
        if (position <= options_.after ||
            !operations_.test(static_cast<std::size_t>(one.operation)))
            continue;
        Tallies tallies;
        tallies.apply(Measurements{position, {one}});
        credit(PoolGauges{}, tallies, {position, {}, 0});
    }
    return true;
}

void CauseSink::credit(const PoolGauges& pool, const Tallies& tallies, const Cause& cause) {
    MetricView view = options_.view;
    view.leads = true;
    const Scrape page = page_of(snapshot(pool, tallies, texts_, view));
    for (auto& [name, wanted] : wanted_) {
        const ScrapedFamily* family = page.family(name);
        if (!family) continue;
        // A worker leaves one cell before it enters another.
        for (const ScrapedSeries& series : family->series)
            if (series.value < 0) credit(wanted, series, cause);
        for (const ScrapedSeries& series : family->series)
            if (series.value >= 0) credit(wanted, series, cause);
    }
}

void CauseSink::credit(Wanted& wanted, const ScrapedSeries& series, const Cause& cause) {
    if (const auto found = wanted.whole.find(series.labels); found != wanted.whole.end())
        for (Tracked* tracked : found->second) credit(wanted.made, *tracked, series, cause);
    for (Tracked* tracked : wanted.partial)
        if (has_labels(series.labels, tracked->sample->labels))
            credit(wanted.made, *tracked, series, cause);
}

void CauseSink::credit(Made made, Tracked& tracked, const ScrapedSeries& series, Cause cause) {
    cause.adds = part_of(series, *tracked.sample);
    if (made == Made::by_last) {
        if (tracked.set_by && tracked.set_by->position == cause.position)
            tracked.set_by->adds += cause.adds;
    } else if (made == Made::by_workers) {
        move(tracked, cause);
    } else if (cause.adds != 0) {
        ++tracked.found;
        if (!tracked.events.empty() && tracked.events.back().position == cause.position) {
            // Several series of one event, when only some labels were asked for.
            tracked.events.back().adds += cause.adds;
            --tracked.found;
            return;
        }
        tracked.events.push_back(cause);
        if (tracked.events.size() > options_.most) tracked.events.pop_front();
    }
}

void CauseSink::move(Tracked& tracked, const Cause& cause) {
    if (cause.adds < 0) {
        tracked.present.erase(cause.worker);
        tracked.departure_before = tracked.last_departure;
        tracked.last_departure = cause.position;
    } else if (cause.adds > 0) {
        tracked.present[cause.worker] = cause;
        // From one series asked for to another: it never left.
        if (tracked.last_departure == cause.position)
            tracked.last_departure = tracked.departure_before;
    }
}

// Each report of targets replaces all of them, those of images that it does not name too.
void CauseSink::set(const Cause& cause) {
    for (auto& [name, wanted] : wanted_) {
        if (wanted.made != Made::by_last) continue;
        for (auto& [labels, all] : wanted.whole)
            for (Tracked* tracked : all) tracked->set_by = cause;
        for (Tracked* tracked : wanted.partial) tracked->set_by = cause;
    }
}

// Who does not lead exposes no gauges of the pool, whatever had been set.
void CauseSink::silence(const Event& event) {
    const auto* changed = std::get_if<LeadershipChanged>(&event.payload);
    if (!changed || event.outcome == Outcome::store_error ||
        texts_.text(event.caller) != options_.recorded_by.instance)
        return;
    silenced_by_.reset();
    if (changed->leadership == Leadership::lost) silenced_by_ = Cause{event.position, {}, 0};
}

Causes CauseSink::causes_of(Tracked& tracked) const {
    Causes out;
    const auto wanted = wanted_.find(tracked.sample->family);
    if (wanted == wanted_.end()) return out;
    const bool gauge = wanted->second.made != Made::by_adding;
    out.last_departure = tracked.last_departure;
    if (gauge && !options_.view.leads) {
        if (silenced_by_) out.events.push_back(*silenced_by_);
    } else if (wanted->second.made == Made::by_workers) {
        for (const auto& [worker, cause] : tracked.present) out.events.push_back(cause);
        std::ranges::sort(out.events, {}, &Cause::position);
    } else if (gauge) {
        if (tracked.set_by) out.events.push_back(*tracked.set_by);
    } else {
        out.events.assign(tracked.events.begin(), tracked.events.end());
        // A duration comes later than its event, and a histogram mixes both.
        std::ranges::stable_sort(out.events, {}, &Cause::position);
    }
    out.found = gauge ? static_cast<std::int64_t>(out.events.size()) : tracked.found;
    if (out.events.size() > options_.most)
        out.events.erase(out.events.begin(),
                         out.events.end() - static_cast<std::ptrdiff_t>(options_.most));
    return out;
}

}  // namespace

Result<FoundCauses> causes_of(Reader& reader, std::span<const SampleId> samples,
                              const CauseOptions& options) {
    std::deque<Tracked> tracked;
    for (const SampleId& sample : samples) tracked.push_back({.sample = &sample});
    const auto beginning = reader.beginning();
    if (!beginning) return tl::unexpected<Error>(beginning.error());
    // Durations of the last events before a base come after it: those events are not there.
    CauseOptions asked = options;
    asked.after = std::max(options.after, beginning->position);
    CauseSink sink(asked, tracked);
    FENCELINE_TRY(reader.read({.position = beginning->position}, options.to, sink));
    if (!sink.consistent())
        return fail(ErrorCode::corrupt, "the journal's dictionary is out of order",
                    "run fenceline verify on a copy");
    if (options.progress) options.progress(options.to, options.to);
    FoundCauses out{.beginning = beginning->position};
    for (Tracked& each : tracked) out.of.push_back(sink.causes_of(each));
    out.texts = sink.take_texts();
    out.recorders = sink.take_recorders();
    return out;
}

}  // namespace fenceline::replay
