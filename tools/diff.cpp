// `fenceline diff`: the metrics that a journal implies against those that something exposes.

#include <algorithm>
#include <fstream>
#include <memory>

#include <fmt/format.h>

#include "journal/open.hpp"
#include "replay/contract.hpp"
#include "tools/commands.hpp"
#include "tools/diff_journals.hpp"
#include "tools/diff_rules.hpp"
#include "tools/diff_sources.hpp"
#include "tools/diff_view.hpp"
#include "tools/progress.hpp"
#include "tools/recorder.hpp"
#include "tools/source.hpp"

namespace fenceline::tools {

namespace {

struct DiffOptions {
    std::string path, at, from, recorder, junit, selector, timeout;
    std::vector<std::string> against, tolerances, ignored;
    std::string labels = "exact";
    std::string name_space = "duckgres";
};

// Events that JSON names for one difference.
constexpr std::size_t most_events = 100;

// One run of the command, step by step; each step gives an exit code when it is the last.
class Diff {
  public:
    Diff(const DiffOptions& options, const Context& context)
        : options_(options), context_(context) {}

    int run();

  private:
    using Stop = std::optional<int>;  // none: go on
    Stop understand();
    Stop open();
    Stop fetch();
    Stop check(const LivePage& live);
    Stop expect();
    Stop compare();
    Stop find_causes();
    Stop add_causes(std::size_t page, std::span<const replay::SampleId> samples);
    int answer();
    int input_error(const std::string& what, const Error& error) const;
    Result<replay::Expected> expected_of(const Scrape& page, replay::ExpectedOptions asked);
    void note_origin(const LivePage& live, const replay::Expected& expected);
    // The page whose gauges count: the newest that shows any.
    [[nodiscard]] std::size_t gauges_from() const;

    const DiffOptions& options_;
    const Context& context_;
    replay::ComparisonOptions rules_;
    MetricView view_;
    Duration timeout_ = limits::fetch_timeout;
    std::unique_ptr<Reader> reader_;
    std::vector<LivePage> live_;
    PageDiff diff_;
};

int Diff::input_error(const std::string& what, const Error& error) const {
    print_error(what, error.text, error.hint);
    return exit_refused;
}

Diff::Stop Diff::understand() {
    if (options_.against.empty())
        return wrong_usage("diff", "--against is needed",
                           "a /metrics URL, a saved page, - , prometheus:URL, or another journal");
    if (!valid_namespace(options_.name_space))
        return wrong_usage(
            "diff", "--namespace \"" + options_.name_space + "\" cannot begin a metric's name");
    view_ = {.name_space = options_.name_space, .labels = *from_text<LabelMode>(options_.labels)};
    for (const auto& text : options_.tolerances) {
        auto rule = parse_tolerance(text, options_.name_space);
        if (!rule) return wrong_usage("diff", rule.error().text, rule.error().hint);
        rules_.tolerances.push_back(std::move(*rule));
    }
    for (const auto& text : options_.ignored) {
        auto rule = parse_ignored(text, options_.name_space);
        if (!rule) return wrong_usage("diff", rule.error().text, rule.error().hint);
        rules_.ignored.push_back(std::move(*rule));
    }
    if (!options_.timeout.empty()) {
        const auto timeout = parse_duration(options_.timeout);
        if (!timeout || timeout->ns == 0)
            return wrong_usage("diff",
                               "--timeout \"" + options_.timeout + "\" is not a span of time",
                               "30s, 500ms");
        timeout_ = *timeout;
    }
    if (std::ranges::count(options_.against, "-") > 1)
        return wrong_usage("diff", "standard input can be read once");
    return {};
}

Diff::Stop Diff::open() {
    auto reader = open_reader(options_.path);
    if (!reader) return report(options_.path, reader.error());
    reader_ = std::move(*reader);
    const auto head = reader_->head();
    if (!head) return report(options_.path, head.error());
    if (head->position.given()) return {};
    print_error(options_.path, "the journal is empty: there is nothing to compare");
    return exit_refused;
}

// Pages come first, the journal's end is asked for afterwards: a live page is never ahead of it.
Diff::Stop Diff::fetch() {
    SourceOptions source{options_.name_space, options_.selector, std::nullopt, timeout_};
    for (const auto& against : options_.against) {
        if (is_prometheus(against) && !options_.at.empty()) {
            const auto when = parse_when(options_.at);
            if (!when) return wrong_usage("diff", when.error().text, when.error().hint);
            const auto to = position_of(*reader_, options_.at);
            if (!to) return report_source(options_.path, to.error());
            if (when->kind == When::Kind::position) {
                const auto event = reader_->event(*to);
                if (!event) return report(options_.path, event.error());
                source.at = event->at;
            } else {
                const auto head = reader_->head();
                if (!head) return report(options_.path, head.error());
                source.at = when->in(head->at);
            }
        }
        auto pages = live_pages(against, source);
        if (!pages) return input_error(against, pages.error());
        for (LivePage& page : *pages) {
            if (const auto stop = check(page)) return stop;
            live_.push_back(std::move(page));
        }
    }
    return {};
}

// A page of something else would be all differences, or none.
Diff::Stop Diff::check(const LivePage& live) {
    std::string elsewhere;
    for (const auto& known : replay::known_families()) {
        const auto* family = live.page.family(full_name(known, options_.name_space));
        if (family && !family->series.empty()) return {};
        for (const auto& other : live.page.families)
            if (other.name.ends_with("_" + std::string(known.name)))
                elsewhere = other.name.substr(0, other.name.size() - known.name.size() - 1);
    }
    return input_error(live.source,
                       {.code = ErrorCode::invalid_request,
                        .text = "the page has none of the store's metrics in the namespace \"" +
                                options_.name_space + "\"",
                        .hint = elsewhere.empty() ? "fenceline metrics shows their names"
                                                  : "--namespace " + elsewhere});
}

void Diff::note_origin(const LivePage& live, const replay::Expected& expected) {
    const auto pending = live.page.value("fenceline_pending_failures", {});
    if (pending && *pending > 0)
        diff_.notes.push_back(
            fmt::format("{}: {} failed operations are counted there and not in the journal yet",
                        live.source, replay::number_text(*pending)));
    if (!expected.recorder_is_known)
        diff_.notes.push_back(live.source + ": the journal has nothing recorded by " +
                              recorder_text(expected.recorded_by));
    if (expected.leads_by_its_word && !expected.view.leads)
        diff_.notes.push_back(live.source +
                              ": it shows no gauges of the pool and the journal does not say "
                              "whether it leads: compared as one that does not");
    const auto failures = live.page.value("fenceline_collect_failures_total", {});
    if (failures && *failures > 0)
        diff_.notes.push_back(fmt::format("{}: {} of its scrapes could not read the store",
                                          live.source, replay::number_text(*failures)));
}

// Who recorded nothing has counted nothing: an answer too, once no reading of --recorder is known.
Result<replay::Expected> Diff::expected_of(const Scrape& page, replay::ExpectedOptions asked) {
    std::optional<replay::Expected> nobody;
    const auto ask = [&](const replay::RecordedBy&) -> Result<replay::Expected> {
        auto expected = replay::expected_page(*reader_, page, asked);
        if (!expected || expected->recorder_is_known) return expected;
        if (!nobody) nobody = std::move(*expected);
        return fail(ErrorCode::not_found, "nothing was recorded by " + options_.recorder);
    };
    auto found = for_recorder(options_.recorder, asked.recorded_by, ask);
    if (!found && found.error().code == ErrorCode::not_found && nobody) return std::move(*nobody);
    return found;
}

Diff::Stop Diff::expect() {
    replay::ExpectedOptions asked{.view = view_};
    const auto to = position_of(*reader_, options_.at);
    if (!to) return report_source(options_.path, to.error());
    asked.position = *to;
    if (!options_.from.empty()) {
        const auto window = window_of(*reader_, options_.from, options_.at);
        if (!window) return report_source(options_.path, window.error());
        asked.counting_from = window->after;
        if (window->after >= *to)
            return wrong_usage("diff", "--from is after the moment that is compared");
    }
    ProgressBar bar(context_, "folding");
    asked.progress = bar.callback();
    for (const LivePage& live : live_) {
        auto expected = expected_of(live.page, asked);
        if (!expected && (expected.error().code == ErrorCode::not_found ||
                          expected.error().code == ErrorCode::invalid_request))
            return input_error(live.source, expected.error());
        if (!expected) return report(options_.path, expected.error());
        const bool placed =
            !options_.at.empty() || !options_.from.empty() || !options_.recorder.empty();
        if (expected->says_origin && placed && !is_prometheus(options_.against.front()))
            return wrong_usage(
                "diff",
                live.source + " says itself at which position it was made and what it counts",
                "--at, --from and --recorder are for pages that do not");
        note_origin(live, *expected);
        diff_.pages.push_back({live.source, std::move(*expected)});
    }
    return {};
}

std::size_t Diff::gauges_from() const {
    std::size_t best = 0;
    bool found = false;
    for (std::size_t i = 0; i < live_.size(); ++i) {
        const bool leads = diff_.pages[i].expected.view.leads;
        const auto& position = diff_.pages[i].expected.position;
        if (!leads) continue;
        if (!found || position > diff_.pages[best].expected.position) best = i;
        found = true;
    }
    return best;
}

Diff::Stop Diff::compare() {
    if (live_.size() == 1) {
        diff_.found = replay::compare(diff_.pages[0].expected.page, live_[0].page, rules_);
        return {};
    }
    std::vector<Scrape> replayed, live;
    for (const auto& page : diff_.pages) replayed.push_back(page.expected.page);
    for (const auto& page : live_) live.push_back(page.page);
    const Scrape& contract = replayed.front();
    diff_.found = replay::compare(replay::sum_of(replayed, gauges_from(), contract),
                                  replay::sum_of(live, gauges_from(), contract), rules_);
    return {};
}

Diff::Stop Diff::add_causes(std::size_t page, std::span<const replay::SampleId> samples) {
    const replay::Expected& expected = diff_.pages[page].expected;
    ProgressBar bar(context_, "finding events");
    auto found = replay::causes_of(*reader_, samples,
                                   {.to = expected.position,
                                    .after = expected.counting_from,
                                    .recorded_by = expected.recorded_by,
                                    .view = expected.view,
                                    .most = most_events,
                                    .progress = bar.callback()});
    if (!found) return report(options_.path, found.error());
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const auto* known = replay::known_family(samples[i].family, options_.name_space);
        const bool gauge = known && known->type == MetricType::gauge;
        if (gauge && page != gauges_from()) continue;
        replay::Causes& into = diff_.causes[i];
        const replay::Causes& from = found->of[i];
        into.events.insert(into.events.end(), from.events.begin(), from.events.end());
        into.found += from.found;
        into.last_departure = std::max(into.last_departure, from.last_departure);
    }
    return {};
}

Diff::Stop Diff::find_causes() {
    const auto& differences = diff_.found.differences;
    diff_.causes.resize(differences.size());
    if (differences.empty()) return {};
    std::vector<replay::SampleId> samples;
    for (const auto& difference : differences) samples.push_back(difference.sample);
    for (std::size_t page = 0; page < diff_.pages.size(); ++page)
        if (const auto stop = add_causes(page, samples)) return stop;
    for (replay::Causes& causes : diff_.causes) {
        std::ranges::stable_sort(causes.events, {}, &replay::Cause::position);
        if (causes.events.size() > most_events)
            causes.events.erase(causes.events.begin(),
                                causes.events.end() - static_cast<std::ptrdiff_t>(most_events));
    }
    return {};
}

int Diff::answer() {
    diff_.journal = options_.path;
    if (!options_.junit.empty()) {
        std::ofstream out(options_.junit, std::ios::binary);
        out << junit_of(diff_, options_.name_space) << std::flush;
        if (!out) return wrong_usage("diff", "--junit " + options_.junit + " cannot be written");
    }
    write_out(context_.json ? line_of(json_of(diff_)) : text_of(diff_, context_));
    return diff_.found.same() ? exit_done : exit_differs;
}

int Diff::run() {
    if (const auto stop = understand()) return *stop;
    if (options_.against.size() == 1 && is_journal(options_.against.front()))
        return diff_journals(options_.path, options_.against.front(), options_.at, context_);
    for (const auto& against : options_.against)
        if (is_journal(against))
            return wrong_usage("diff", against + " is a journal, and can only be compared alone");
    for (const auto step :
         {&Diff::open, &Diff::fetch, &Diff::expect, &Diff::compare, &Diff::find_causes})
        if (const auto stop = (this->*step)()) return *stop;
    return answer();
}

}  // namespace

void add_diff(CommandLine& line) {
    auto options = std::make_shared<DiffOptions>();
    line.command("diff", "the metrics that a journal implies, against what something exposes")
        .argument("JOURNAL", options->path, "path of the journal")
        .option("--against", "SOURCE", options->against,
                "URL, FILE, -, prometheus:URL, or a journal; replicas are summed")
        .option("--at", "WHEN", options->at, "for pages that know no positions (the end)")
        .option("--from", "WHEN", options->from, "likewise: counters count from then")
        .option("--recorder", "INSTANCE[/RUN]", options->recorder, "likewise: one process's view")
        .option("--tolerance", "METRIC=N|N%", options->tolerances,
                "how far numbers may be apart; may be repeated")
        .option("--ignore", "METRIC|label=VALUE", options->ignored,
                "series that are not compared; may be repeated")
        .choice("--labels", {"exact", "seed"}, options->labels,
                "outcomes as decided, or as older dashboards know them (exact)")
        .option("--namespace", "NAME", options->name_space,
                "first part of the metrics' names (duckgres)")
        .option("--selector", "MATCHERS", options->selector,
                "which series of a Prometheus server: job=\"store\"")
        .option("--timeout", "SPAN", options->timeout, "for a whole answer over HTTP (10s)")
        .option("--junit", "FILE", options->junit, "also writes a report for CI")
        .note(
            "A page of this store says at which position it was made and what it counts; the\n"
            "replay stops exactly there, so the process may work on. Exit code 0 same, 1\n"
            "different, 4 when there is nothing that could be compared.")
        .example("fenceline diff pool.db --against http://127.0.0.1:9464/metrics")
        .example("fenceline diff pool.db --against cp-a.prom --against cp-b.prom --junit diff.xml")
        .example("fenceline diff pool.db --against prometheus:http://127.0.0.1:9090 --at -5m")
        .example("fenceline diff pool.db --against copy.db")
        .run([options](Context& context) { return Diff(*options, context).run(); });
}

}  // namespace fenceline::tools
