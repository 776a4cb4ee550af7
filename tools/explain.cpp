// `fenceline explain`: from one number of the metrics to the events that made it.

#include <algorithm>
#include <array>
#include <memory>
#include <set>

#include <fmt/format.h>

#include "journal/open.hpp"
#include "metrics/exposition_line.hpp"
#include "replay/causes.hpp"
#include "replay/contract.hpp"
#include "tools/commands.hpp"
#include "tools/diff_rules.hpp"
#include "tools/event_view.hpp"
#include "tools/output.hpp"
#include "tools/progress.hpp"
#include "tools/recorder.hpp"
#include "tools/source.hpp"

namespace fenceline::tools {

namespace {

struct ExplainOptions {
    std::string path, sample, at, from, to, recorder;
    std::string labels = "exact";
    std::string name_space = "duckgres";
    std::int64_t limit = 1'000;
};

using Part = replay::SampleId::Part;

auto wrong(std::string why, std::string hint = {}) {
    return fail(ErrorCode::invalid_request, std::move(why), std::move(hint));
}

// A histogram named whole stands for its count.
Part part_named(std::string& name, const std::string& name_space) {
    constexpr std::array parts{std::pair{"_bucket", Part::bucket}, std::pair{"_sum", Part::sum},
                               std::pair{"_count", Part::count}};
    if (const auto* known = replay::known_family(name, name_space))
        return known->type == MetricType::histogram ? Part::count : Part::value;
    for (const auto& [suffix, part] : parts) {
        if (!name.ends_with(suffix)) continue;
        const auto family = name.substr(0, name.size() - std::string_view(suffix).size());
        const auto* known = replay::known_family(family, name_space);
        if (!known || known->type != MetricType::histogram) continue;
        name = family;
        return part;
    }
    return Part::value;
}

Result<void> take_bound(replay::SampleId& sample) {
    const auto le = std::ranges::find(sample.labels, "le", &ScrapedLabels::value_type::first);
    if (sample.part != Part::bucket || le == sample.labels.end())
        return sample.part == Part::bucket
                   ? Result<void>(wrong("a bucket is named by its le", "..._bucket{le=\"0.5\"}"))
                   : Result<void>{};
    const auto bound = parse_number(le->second);
    if (!bound) return wrong("le=\"" + le->second + "\" is not a number");
    sample.bound = *bound;
    sample.labels.erase(le);
    return {};
}

// What was written, as a sample of one of the thirteen metrics; not yet whether there is one.
Result<replay::SampleId> sample_of(const ExplainOptions& options) {
    const auto written = parse_sample(options.sample + " 0");
    if (!written) return wrong("\"" + options.sample + "\" is no sample: " + written.error());
    std::string name = written->name;
    replay::SampleId sample{.labels = written->labels,
                            .part = part_named(name, options.name_space)};
    auto family = metric_named(name, options.name_space);
    if (!family) return tl::unexpected<Error>(std::move(family.error()));
    sample.family = std::move(*family);
    FENCELINE_TRY(take_bound(sample));
    const auto& labels = replay::known_family(sample.family, options.name_space)->labels;
    const std::vector<std::string> known(labels.begin(), labels.end());
    for (const auto& [label, value] : sample.labels) {
        if (std::ranges::find(known, label) != known.end()) continue;
        const auto meant = nearest_word(label, known);
        return wrong(sample.family + " has no label \"" + label + "\"" +
                         (meant ? "; did you mean \"" + *meant + "\"?" : ""),
                     known.empty() ? "it has none at all"
                                   : fmt::format("its labels are {}", fmt::join(known, ", ")));
    }
    return sample;
}

bool has_labels(const ScrapedLabels& labels, const ScrapedLabels& wanted) {
    return std::ranges::all_of(wanted, [&](const auto& label) {
        return std::ranges::find(labels, label) != labels.end();
    });
}

// The value, or nothing when no series has these labels (or no such bucket).
struct Reading {
    std::int64_t series = 0;
    double value = 0;
};

Result<Reading> read(const Scrape& page, const replay::SampleId& sample) {
    Reading out;
    const auto* family = page.family(sample.family);
    for (const auto& series : family->series) {
        if (!has_labels(series.labels, sample.labels)) continue;
        ++out.series;
        if (sample.part == Part::value) out.value += series.value;
        if (sample.part == Part::sum) out.value += series.sum;
        if (sample.part == Part::count) out.value += series.count;
        if (sample.part != Part::bucket) continue;
        const auto bucket =
            std::ranges::find(series.buckets, sample.bound, &std::pair<double, double>::first);
        if (bucket == series.buckets.end()) {
            std::vector<std::string> bounds;
            for (const auto& each : series.buckets)
                bounds.push_back(replay::number_text(each.first));
            return wrong("there is no bucket le=\"" + replay::number_text(sample.bound) + "\"",
                         fmt::format("its bounds are {}", fmt::join(bounds, ", ")));
        }
        out.value += bucket->second;
    }
    if (out.series > 0) return out;
    // The first label whose value no series has is what was mistyped.
    for (const auto& [label, value] : sample.labels) {
        std::set<std::string> values;
        for (const auto& series : family->series)
            for (const auto& [name, each] : series.labels)
                if (name == label) values.insert(each);
        if (values.contains(value)) continue;
        const auto meant = nearest_word(value, {values.begin(), values.end()});
        return wrong("no series of " + sample.family + " has " + label + "=\"" + value + "\"" +
                         (meant ? "; did you mean \"" + *meant + "\"?" : ""),
                     values.size() > 20 || values.empty()
                         ? ""
                         : fmt::format("there are {}", fmt::join(values, ", ")));
    }
    return wrong("no series of " + sample.family + " has all these labels");
}

struct Explained {
    replay::SampleId sample;
    Reading reading;
    Window window;
    Time at;
    replay::FoundCauses causes;
    std::vector<Event> events;  // one for each cause

    [[nodiscard]] const replay::Causes& made_by() const { return causes.of.front(); }
    // Events that count, but are not in the journal; 0: none.
    [[nodiscard]] Position unnamed_up_to() const {
        return causes.beginning > window.count_after ? causes.beginning : Position{};
    }
};

Result<void> load_events(Reader& reader, Explained& out) {
    for (const auto& cause : out.made_by().events) {
        auto event = reader.event(cause.position);
        if (!event) return tl::unexpected<Error>(std::move(event.error()));
        out.events.push_back(std::move(*event));
    }
    return {};
}

Json explained_json(const Explained& done) {
    const Names names{done.causes.texts, done.causes.recorders};
    Json events = Json::array();
    for (std::size_t i = 0; i < done.events.size(); ++i)
        events.push_back(
            {{"adds", done.made_by().events[i].adds}, {"event", json_of(done.events[i], names)}});
    Json out{{"sample", to_text(done.sample)},
             {"value", done.reading.value},
             {"series", done.reading.series},
             {"position", done.window.to.value},
             {"after", done.window.count_after.value},
             {"at", tools::json_of(done.at)},
             {"unnamed_up_to", done.unnamed_up_to().value},
             {"events_found", done.made_by().found},
             {"events", std::move(events)}};
    if (done.made_by().last_departure.given())
        out["last_departure"] = done.made_by().last_departure.value;
    return out;
}

std::string text_of(const Explained& done, const Context& context) {
    const Names names{done.causes.texts, done.causes.recorders};
    std::string out = fmt::format(
        "{} = {} at #{}{}\n\n", printable(to_text(done.sample)),
        replay::number_text(replay::as_printed(done.reading.value)), done.window.to.value,
        done.window.count_after.given()
            ? fmt::format(", counting from #{}", done.window.count_after.value)
            : "");
    using enum Table::Align;
    Table table({{"POSITION", right},
                 {"AT"},
                 {"OPERATION"},
                 {"OUTCOME"},
                 {"WORKER", right},
                 {"STATE"},
                 {"CALLER"},
                 {"ADDS", right},
                 {"WHY"}});
    for (std::size_t i = 0; i < done.events.size(); ++i) {
        const Event& event = done.events[i];
        table.row({std::to_string(event.position.value), to_rfc3339(event.at),
                   std::string(to_text(event.operation)), std::string(to_text(event.outcome)),
                   event.worker.given() ? std::to_string(event.worker.value) : "",
                   movement_of(event), names.text(event.caller),
                   replay::number_text(replay::as_printed(done.made_by().events[i].adds)),
                   note_of(event, names)});
    }
    if (const auto beginning = done.unnamed_up_to(); beginning.given())
        out += fmt::format("events up to #{} are not in the journal, only what they added up to\n",
                           beginning.value);
    const auto untold = done.made_by().found - static_cast<std::int64_t>(done.events.size());
    if (untold > 0) out += fmt::format("{} events before these; --limit shows more\n", untold);
    if (!table.empty()) return out + table.text(context);
    out += "no event made it";
    if (done.made_by().last_departure.given())
        out += fmt::format("; the last worker left with #{}", done.made_by().last_departure.value);
    return out + "\n";
}

int explain(const ExplainOptions& options, const Context& context) {
    const auto usage = [](const Error& error) {
        return wrong_usage("explain", error.text, error.hint);
    };
    if (!valid_namespace(options.name_space))
        return wrong_usage(
            "explain", "--namespace \"" + options.name_space + "\" cannot begin a metric's name");
    if (!options.at.empty() && !(options.from.empty() && options.to.empty()))
        return wrong_usage("explain", "--at is a moment, --from and --to are a window");
    if (options.limit < 1) return wrong_usage("explain", "--limit is below 1");
    const auto sample = sample_of(options);
    if (!sample) return usage(sample.error());
    const auto reader = open_reader(options.path);
    if (!reader) return report(options.path, reader.error());
    const auto window =
        window_of(**reader, options.from, options.at.empty() ? options.to : options.at);
    if (!window) return report_source(options.path, window.error());
    if (!options.from.empty() && window->after >= window->to)
        return wrong_usage("explain", "no event is in this window",
                           "--from must come before --to, and both within the journal");
    ProgressBar bar(context, "folding");
    replay::ReplayOptions asked{
        .to = window->to, .tally_after = window->count_after, .progress = bar.callback()};
    const auto past =
        for_recorder(options.recorder, asked.recorded_by,
                     [&](const replay::RecordedBy&) { return replay::replay(**reader, asked); });
    if (!past && past.error().code == ErrorCode::not_found) return usage(past.error());
    if (!past) return report(options.path, past.error());
    const MetricView view{.name_space = options.name_space,
                          .labels = *from_text<LabelMode>(options.labels)};
    Explained done{.sample = *sample, .window = *window, .at = past->head.at};
    const auto reading = read(
        replay::page_of(snapshot(past->fold.pool, past->tallies, past->fold.world.texts, view)),
        *sample);
    if (!reading) return usage(reading.error());
    done.reading = *reading;
    auto causes = replay::causes_of(**reader, {&*sample, 1},
                                    {.to = window->to,
                                     .after = window->count_after,
                                     .recorded_by = asked.recorded_by,
                                     .view = view,
                                     .most = static_cast<std::size_t>(options.limit),
                                     .progress = bar.callback()});
    if (!causes) return report(options.path, causes.error());
    done.causes = std::move(*causes);
    if (const auto loaded = load_events(**reader, done); !loaded)
        return report(options.path, loaded.error());
    write_out(context.json ? line_of(explained_json(done)) : text_of(done, context));
    return exit_done;
}

}  // namespace

void add_explain(CommandLine& line) {
    auto options = std::make_shared<ExplainOptions>();
    line.command("explain", "from one number of the metrics to the events that made it")
        .argument("JOURNAL", options->path, "path of the journal")
        .argument("SAMPLE", options->sample, "name{label=\"value\"}; fewer labels: all that fit")
        .option("--at", "WHEN", options->at, "as of then (now)")
        .option("--from", "WHEN", options->from, "counters and histograms: only from then")
        .option("--to", "WHEN", options->to, "up to then")
        .option("--recorder", "INSTANCE[/RUN]", options->recorder,
                "one process's view (everybody's)")
        .choice("--labels", {"exact", "seed"}, options->labels,
                "outcomes as decided, or as older dashboards know them (exact)")
        .option("--namespace", "NAME", options->name_space,
                "first part of the metrics' names (duckgres)")
        .option("--limit", "N", options->limit, "the newest N events (1000)")
        .note(
            "Of a count of workers: each worker counted, by the event that put it there. Of\n"
            "targets and headroom: the event that set them. A duration is named by the event\n"
            "that it timed.")
        .example(
            "fenceline explain pool.db "
            "'duckgres_worker_lifecycle_transitions_total{outcome=\"fence_miss_epoch\"}'")
        .example(
            "fenceline explain pool.db "
            "'duckgres_worker_lifecycle_count{image=\"i\",state=\"hot\"}' --at -15m")
        .run([options](Context& context) { return explain(*options, context); });
}

}  // namespace fenceline::tools
