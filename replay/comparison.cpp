#include "replay/comparison.hpp"

#include <algorithm>
#include <cmath>

namespace fenceline::replay {

namespace {

using Part = SampleId::Part;

bool has_labels(const ScrapedLabels& labels, const ScrapedLabels& wanted) {
    return std::ranges::all_of(wanted, [&](const auto& label) {
        return std::ranges::find(labels, label) != labels.end();
    });
}

// What a page says of itself: where it was made, by whom.
bool is_about_page(std::string_view family) {
    return family.starts_with("fenceline_");
}

std::string_view suffix_of(Part part) {
    switch (part) {
        case Part::value: return "";
        case Part::bucket: return "_bucket";
        case Part::sum: return "_sum";
        case Part::count: return "_count";
    }
    return "";
}

class Comparing {
  public:
    explicit Comparing(const ComparisonOptions& options) : options_(options) {}

    void family(const ScrapedFamily& replayed, const ScrapedFamily* live);
    Comparison done;

  private:
    void type(const ScrapedFamily& replayed, const ScrapedFamily& live);
    void one_sided(Difference::Kind kind, const ScrapedFamily& family, const ScrapedSeries& series);
    void both(const ScrapedSeries& replayed, const ScrapedSeries& live);
    void buckets(const ScrapedSeries& replayed, const ScrapedSeries& live);
    void number(SampleId id, std::optional<double> replayed, std::optional<double> live);
    [[nodiscard]] bool is_ignored(const ScrapedSeries& series) const;
    [[nodiscard]] bool is_tolerated(const SampleId& id, double replayed, double live) const;
    [[nodiscard]] SampleId id_of(const ScrapedSeries& series, Part part, double bound = 0) const {
        return {family_->name, series.labels, part, bound};
    }
    [[nodiscard]] bool histogram() const { return family_->type == ScrapedType::histogram; }

    const ComparisonOptions& options_;
    const ScrapedFamily* family_ = nullptr;  // the replayed one
};

bool Comparing::is_ignored(const ScrapedSeries& series) const {
    return std::ranges::any_of(options_.ignored, [&](const Ignored& ignored) {
        return (ignored.metric.empty() || ignored.metric == family_->name) &&
               has_labels(series.labels, ignored.labels);
    });
}

bool Comparing::is_tolerated(const SampleId& id, double replayed, double live) const {
    const std::string full = id.family + std::string(suffix_of(id.part));
    const double apart = std::abs(replayed - live);
    return std::ranges::any_of(options_.tolerances, [&](const Tolerance& tolerance) {
        if (tolerance.metric != id.family && tolerance.metric != full) return false;
        return apart <= tolerance.absolute || apart <= std::abs(replayed) * tolerance.percent / 100;
    });
}

void Comparing::number(SampleId id, std::optional<double> replayed, std::optional<double> live) {
    ++done.numbers;
    auto kind = Difference::Kind::value;
    if (!live) {
        kind = Difference::Kind::missing;
    } else if (!replayed) {
        kind = Difference::Kind::surplus;
    } else {
        // Not `==` alone: a live NaN is not the number that was replayed.
        if (*replayed == *live) return;
        if (is_tolerated(id, *replayed, *live)) {
            ++done.tolerated;
            return;
        }
    }
    done.differences.push_back({kind, std::move(id), replayed, live});
}

void Comparing::buckets(const ScrapedSeries& replayed, const ScrapedSeries& live) {
    auto mine = replayed.buckets.begin();
    auto theirs = live.buckets.begin();
    while (mine != replayed.buckets.end() || theirs != live.buckets.end()) {
        const bool only_mine = theirs == live.buckets.end() ||
                               (mine != replayed.buckets.end() && mine->first < theirs->first);
        const bool only_theirs = mine == replayed.buckets.end() ||
                                 (theirs != live.buckets.end() && theirs->first < mine->first);
        const double bound = only_theirs ? theirs->first : mine->first;
        number(id_of(replayed, Part::bucket, bound),
               only_theirs ? std::nullopt : std::optional(mine->second),
               only_mine ? std::nullopt : std::optional(theirs->second));
        if (!only_theirs) ++mine;
        if (!only_mine) ++theirs;
    }
}

void Comparing::both(const ScrapedSeries& replayed, const ScrapedSeries& live) {
    if (!histogram()) {
        number(id_of(replayed, Part::value), replayed.value, live.value);
        return;
    }
    buckets(replayed, live);
    number(id_of(replayed, Part::sum), replayed.sum, live.sum);
    number(id_of(replayed, Part::count), replayed.count, live.count);
}

void Comparing::one_sided(Difference::Kind kind, const ScrapedFamily& family,
                          const ScrapedSeries& series) {
    // One difference a series, not one a bucket.
    const bool counts = family.type == ScrapedType::histogram;
    const double value = counts ? series.count : series.value;
    const bool missing = kind == Difference::Kind::missing;
    number(id_of(series, counts ? Part::count : Part::value),
           missing ? std::optional(value) : std::nullopt,
           missing ? std::nullopt : std::optional(value));
}

void Comparing::type(const ScrapedFamily& replayed, const ScrapedFamily& live) {
    const bool said = live.type != ScrapedType::untyped || histogram();
    if (live.type == replayed.type || !said || live.series.empty()) return;
    if (is_ignored({})) return;
    done.differences.push_back(
        {Difference::Kind::type, {replayed.name, {}, Part::value, 0}, {}, {}});
}

void Comparing::family(const ScrapedFamily& replayed, const ScrapedFamily* live) {
    family_ = &replayed;
    static const ScrapedFamily none;
    const ScrapedFamily& other = live ? *live : none;
    const auto before = done.differences.size();
    type(replayed, other);
    const bool comparable = done.differences.size() == before;
    done.known += static_cast<std::int64_t>(other.series.size());
    auto mine = replayed.series.begin();
    auto theirs = other.series.begin();
    while (mine != replayed.series.end() || theirs != other.series.end()) {
        const bool only_mine = theirs == other.series.end() ||
                               (mine != replayed.series.end() && mine->labels < theirs->labels);
        const bool only_theirs = mine == replayed.series.end() ||
                                 (theirs != other.series.end() && theirs->labels < mine->labels);
        const ScrapedSeries& series = only_theirs ? *theirs : *mine;
        if (is_ignored(series)) {
            ++done.ignored;
        } else {
            ++done.series;
            if (only_mine)
                one_sided(Difference::Kind::missing, replayed, series);
            else if (only_theirs)
                one_sided(Difference::Kind::surplus, other, series);
            else if (comparable)
                both(*mine, *theirs);
        }
        if (!only_theirs) ++mine;
        if (!only_mine) ++theirs;
    }
}

}  // namespace

std::string_view to_text(Difference::Kind kind) {
    switch (kind) {
        case Difference::Kind::value: return "value";
        case Difference::Kind::missing: return "missing";
        case Difference::Kind::surplus: return "surplus";
        case Difference::Kind::type: return "type";
    }
    return "?";
}

Comparison compare(const Scrape& replayed, const Scrape& live, const ComparisonOptions& options) {
    Comparing comparing(options);
    for (const ScrapedFamily& family : replayed.families)
        comparing.family(family, live.family(family.name));
    Comparison done = std::move(comparing.done);
    for (const ScrapedFamily& family : live.families)
        if (!replayed.family(family.name) && !is_about_page(family.name))
            done.foreign.push_back(family.name);
    return done;
}

}  // namespace fenceline::replay
