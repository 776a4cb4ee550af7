#include "metrics/exposition.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "events/utf8.hpp"
#include "metrics/exposition_line.hpp"

namespace fenceline {

namespace {

// What is wrong, and where.
struct Complaint {
    std::size_t line;
    std::string text;
};

bool is_whole_number(double value) {
    return value >= 0 && std::isfinite(value) && value == std::floor(value);
}

std::optional<ScrapedType> type_of(std::string_view text) {
    if (text == "counter") return ScrapedType::counter;
    if (text == "gauge") return ScrapedType::gauge;
    if (text == "histogram") return ScrapedType::histogram;
    if (text == "summary") return ScrapedType::summary;
    if (text == "untyped") return ScrapedType::untyped;
    return std::nullopt;
}

// Which number of its series a sample is, by what its name adds to the family's.
enum class Part { value, bucket, sum, count, foreign };

Part part_of(const ScrapedFamily& family, std::string_view name) {
    if (!name.starts_with(family.name)) return Part::foreign;
    const std::string_view suffix = name.substr(family.name.size());
    const bool histogram = family.type == ScrapedType::histogram;
    const bool summary = family.type == ScrapedType::summary;
    if (suffix.empty()) {
        if (summary) return Part::bucket;
        return histogram ? Part::foreign : Part::value;
    }
    if (histogram && suffix == "_bucket") return Part::bucket;
    if ((histogram || summary) && suffix == "_sum") return Part::sum;
    if ((histogram || summary) && suffix == "_count") return Part::count;
    return Part::foreign;
}

// A family while its lines are being read.
class OpenFamily {
  public:
    explicit OpenFamily(std::string name) { made_.name = std::move(name); }

    [[nodiscard]] const std::string& name() const { return made_.name; }
    [[nodiscard]] bool has_samples() const { return !series_.empty(); }
    [[nodiscard]] Part part_of(std::string_view name) const {
        return fenceline::part_of(made_, name);
    }
    // Every name that its samples may have: none of them may come again.
    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> out{made_.name};
        const bool histogram = made_.type == ScrapedType::histogram;
        if (histogram) out.push_back(made_.name + "_bucket");
        if (histogram || made_.type == ScrapedType::summary) {
            out.push_back(made_.name + "_sum");
            out.push_back(made_.name + "_count");
        }
        return out;
    }

    [[nodiscard]] LineResult<void> add(HeadLine head);
    [[nodiscard]] LineResult<void> add(SampleLine sample, Part part, std::size_t line);
    [[nodiscard]] tl::expected<ScrapedFamily, Complaint> close();

  private:
    struct OpenSeries {
        ScrapedSeries made;
        bool has_value = false, has_sum = false, has_count = false;
    };
    [[nodiscard]] LineResult<void> add_bucket(SampleLine sample, std::size_t line);
    OpenSeries& series(ScrapedLabels labels, std::size_t line);
    [[nodiscard]] LineResult<void> check(OpenSeries& series) const;

    ScrapedFamily made_;
    bool has_help_ = false, has_type_ = false;
    std::map<ScrapedLabels, OpenSeries> series_;
};

tl::unexpected<std::string> wrong(std::string what) {
    return tl::unexpected<std::string>(std::move(what));
}

LineResult<void> OpenFamily::add(HeadLine head) {
    const bool is_help = head.kind == HeadLine::Kind::help;
    bool& seen = is_help ? has_help_ : has_type_;
    if (seen) return wrong(std::string(is_help ? "HELP" : "TYPE") + " comes twice for " + name());
    if (has_samples()) return wrong("HELP and TYPE come before the samples of " + name());
    seen = true;
    if (is_help) {
        made_.help = std::move(head.text);
        return {};
    }
    const auto type = type_of(head.text);
    if (!type) return wrong("\"" + head.text + "\" is not a type");
    made_.type = *type;
    return {};
}

OpenFamily::OpenSeries& OpenFamily::series(ScrapedLabels labels, std::size_t line) {
    const auto [found, fresh] = series_.try_emplace(std::move(labels));
    if (fresh) {
        found->second.made.labels = found->first;
        found->second.made.line = line;
    }
    return found->second;
}

LineResult<void> OpenFamily::add_bucket(SampleLine sample, std::size_t line) {
    const char* label = made_.type == ScrapedType::histogram ? "le" : "quantile";
    const auto found = std::ranges::find(sample.labels, label, &ScrapedLabels::value_type::first);
    if (found == sample.labels.end()) return wrong(name() + " has a line without " + label);
    const auto bound = parse_number(found->second);
    if (!bound || std::isnan(*bound))
        return wrong(std::string(label) + "=\"" + found->second + "\" is not a number");
    sample.labels.erase(found);
    series(std::move(sample.labels), line).made.buckets.emplace_back(*bound, sample.value);
    return {};
}

LineResult<void> OpenFamily::add(SampleLine sample, Part part, std::size_t line) {
    if (part == Part::bucket) return add_bucket(std::move(sample), line);
    OpenSeries& into = series(std::move(sample.labels), line);
    bool& seen = part == Part::sum     ? into.has_sum
                 : part == Part::count ? into.has_count
                                       : into.has_value;
    if (seen) return wrong("this series of " + sample.name + " came before");
    seen = true;
    if (part == Part::sum) {
        into.made.sum = sample.value;
    } else if (part == Part::count) {
        into.made.count = sample.value;
    } else {
        into.made.value = sample.value;
        if (made_.type == ScrapedType::counter && !(sample.value >= 0))
            return wrong(sample.name + " is a counter and cannot be below 0");
    }
    return {};
}

LineResult<void> OpenFamily::check(OpenSeries& series) const {
    if (made_.type != ScrapedType::histogram && made_.type != ScrapedType::summary) return {};
    if (!series.has_sum) return wrong("a series of " + name() + " has no _sum");
    if (!series.has_count) return wrong("a series of " + name() + " has no _count");
    auto& buckets = series.made.buckets;
    std::ranges::sort(buckets);
    const auto twice = std::ranges::adjacent_find(buckets, {}, &std::pair<double, double>::first);
    if (twice != buckets.end()) return wrong("a series of " + name() + " has a bound twice");
    if (made_.type == ScrapedType::summary) return {};
    if (buckets.empty() || !std::isinf(buckets.back().first))
        return wrong("a series of " + name() + " has no bucket +Inf");
    for (const auto& [bound, samples] : buckets)
        if (!is_whole_number(samples))
            return wrong("a bucket of " + name() + " is not a number of samples");
    if (!std::ranges::is_sorted(buckets, {}, &std::pair<double, double>::second))
        return wrong("the buckets of a series of " + name() + " fall");
    if (buckets.back().second != series.made.count)
        return wrong("bucket +Inf and _count of " + name() + " differ");
    return {};
}

tl::expected<ScrapedFamily, Complaint> OpenFamily::close() {
    for (auto& [labels, series] : series_) {
        if (auto sound = check(series); !sound)
            return tl::unexpected(Complaint{series.made.line, std::move(sound.error())});
        made_.series.push_back(std::move(series.made));
    }
    return std::move(made_);
}

// The families of a page, one after another.
class Reading {
  public:
    [[nodiscard]] LineResult<void> take(std::string_view line, std::size_t number);
    [[nodiscard]] tl::expected<Scrape, Complaint> end(std::size_t lines);
    // Set when take() failed for a line before the one it was given.
    std::optional<Complaint> earlier;

  private:
    [[nodiscard]] LineResult<void> begin(std::string name);
    [[nodiscard]] LineResult<void> close();

    Scrape made_;
    std::optional<OpenFamily> open_;
    std::set<std::string, std::less<>> names_;
};

LineResult<void> Reading::close() {
    if (!open_) return {};
    for (std::string& name : open_->names())
        if (!names_.insert(name).second) return wrong(name + " came before");
    auto family = open_->close();
    open_.reset();
    if (!family) {
        earlier = std::move(family.error());
        return wrong(earlier->text);
    }
    made_.families.push_back(std::move(*family));
    return {};
}

LineResult<void> Reading::begin(std::string name) {
    if (auto closed = close(); !closed) return closed;
    if (names_.contains(name)) return wrong(name + " came before: its lines are not together");
    open_.emplace(std::move(name));
    return {};
}

LineResult<void> Reading::take(std::string_view line, std::size_t number) {
    const std::size_t text = line.find_first_not_of(" \t");
    if (text == std::string_view::npos) return {};
    if (line[text] == '#') {
        auto head = parse_head(line);
        if (!head) return wrong(std::move(head.error()));
        if (!*head) return {};
        if (!open_ || open_->name() != (*head)->name)
            if (auto begun = begin((*head)->name); !begun) return begun;
        return open_->add(std::move(**head));
    }
    auto sample = parse_sample(line);
    if (!sample) return wrong(std::move(sample.error()));
    if (open_ && open_->name() == sample->name && open_->part_of(sample->name) == Part::foreign)
        return wrong(sample->name + " is a histogram and has no sample of its own");
    if (!open_ || open_->part_of(sample->name) == Part::foreign)
        if (auto begun = begin(sample->name); !begun) return begun;
    const Part part = open_->part_of(sample->name);
    return open_->add(std::move(*sample), part, number);
}

tl::expected<Scrape, Complaint> Reading::end(std::size_t lines) {
    if (open_ && !open_->has_samples())
        return tl::unexpected(Complaint{lines, "the page breaks off after the head of a family"});
    if (auto closed = close(); !closed)
        return tl::unexpected(earlier ? *earlier : Complaint{lines, closed.error()});
    if (made_.families.empty()) return tl::unexpected(Complaint{lines, "there is no sample"});
    std::ranges::sort(made_.families, {}, &ScrapedFamily::name);
    return std::move(made_);
}

tl::unexpected<Error> complain(const Complaint& complaint) {
    return fail(ErrorCode::corrupt,
                "line " + std::to_string(complaint.line) + ": " + complaint.text,
                "the page must be in the Prometheus text format, and whole");
}

}  // namespace

Result<Scrape> parse_exposition(std::string_view text) {
    if (text.size() > limits::exposition_bytes)
        return complain(
            {1, "the page is longer than " + std::to_string(limits::exposition_bytes) + " bytes"});
    Reading reading;
    std::size_t number = 1;
    for (; !text.empty(); ++number) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos)
            return complain({number, "the page breaks off within a line"});
        const std::string_view line = text.substr(0, end);
        if (!is_valid_utf8(line)) return complain({number, "the line is not UTF-8"});
        if (auto taken = reading.take(line, number); !taken)
            return complain(reading.earlier.value_or(Complaint{number, taken.error()}));
        text.remove_prefix(end + 1);
    }
    auto scrape = reading.end(number > 1 ? number - 1 : 1);
    if (!scrape) return complain(scrape.error());
    return std::move(*scrape);
}

const ScrapedFamily* Scrape::family(std::string_view name) const {
    const auto found = std::ranges::lower_bound(families, name, {}, &ScrapedFamily::name);
    return found != families.end() && found->name == name ? &*found : nullptr;
}

const ScrapedSeries* Scrape::series(std::string_view name, const ScrapedLabels& labels) const {
    const ScrapedFamily* in = family(name);
    if (!in) return nullptr;
    const auto found = std::ranges::lower_bound(in->series, labels, {}, &ScrapedSeries::labels);
    return found != in->series.end() && found->labels == labels ? &*found : nullptr;
}

std::optional<double> Scrape::value(std::string_view name, const ScrapedLabels& labels) const {
    const ScrapedSeries* found = series(name, labels);
    return found ? std::optional(found->value) : std::nullopt;
}

std::optional<ScrapeOrigin> origin_of(const Scrape& scrape) {
    const auto position = scrape.value("fenceline_journal_position", {});
    const auto from = scrape.value("fenceline_counting_from_position", {});
    if (!position || !from || !is_whole_number(*position) || !is_whole_number(*from) ||
        *position > 0x1p53 || *from > 0x1p53)
        return std::nullopt;
    ScrapeOrigin out{Position{static_cast<std::int64_t>(*position)},
                     Position{static_cast<std::int64_t>(*from)},
                     {},
                     {}};
    const ScrapedFamily* recorder = scrape.family("fenceline_recorder_info");
    if (!recorder || recorder->series.size() != 1) return out;
    for (const auto& [name, value] : recorder->series.front().labels) {
        if (name == "instance") out.instance = value;
        if (name == "run") out.run = value;
    }
    return out;
}

}  // namespace fenceline
