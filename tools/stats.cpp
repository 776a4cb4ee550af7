// `fenceline stats`: counts by state, binding and image; transitions; quantiles of the histograms.

#include <algorithm>
#include <array>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "journal/open.hpp"
#include "projections/metrics.hpp"
#include "replay/quantiles.hpp"
#include "replay/replayer.hpp"
#include "tools/commands.hpp"
#include "tools/json.hpp"
#include "tools/output.hpp"
#include "tools/progress.hpp"
#include "tools/source.hpp"

namespace fenceline::tools {

namespace {

struct StatsOptions {
    std::string path, from, to, at;
};

struct Workers {
    std::map<State, std::int64_t> by_state;
    std::map<Binding, std::int64_t> by_binding;  // active ones
    std::map<std::string, std::int64_t> by_image;
    std::int64_t active = 0;
};

Workers workers_of(const World& world) {
    Workers out;
    for (const Worker& worker : world.workers()) {
        ++out.by_state[worker.state];
        if (!is_active(worker.state)) continue;
        ++out.active;
        ++out.by_binding[worker.binding()];
        ++out.by_image[std::string(world.texts.text(worker.image))];
    }
    return out;
}

using Transition = std::pair<Operation, Outcome>;

std::map<Transition, std::int64_t> transitions_of(const Tallies& tallies) {
    std::map<Transition, std::int64_t> out;
    for (const auto& row : tallies.transitions.rows())
        out[{row.operation, row.outcome}] += row.count;
    return out;
}

// A histogram's series, ready to be shown. A quantile that is missing lies above the last bound.
struct Spans {
    std::string metric;
    std::string of;  // its labels' values
    std::int64_t count = 0;
    double mean_ns = 0;
    std::array<std::optional<double>, 3> quantiles;
    std::int64_t last_bound_ns = 0;
};
constexpr std::array asked_quantiles{0.5, 0.9, 0.99};
constexpr std::array quantile_names{"p50", "p90", "p99"};

std::vector<Spans> spans_of(const MetricSnapshot& metrics) {
    std::vector<Spans> out;
    for (const auto& family : metrics.families) {
        if (family.type != MetricType::histogram) continue;
        for (const auto& series : family.series) {
            if (series.buckets.empty() || series.buckets.back() == 0) continue;
            Spans spans{.metric = family.name,
                        .count = series.buckets.back(),
                        .last_bound_ns = family.bounds_ns.back()};
            for (const auto& [name, value] : series.labels) spans.of += value;
            spans.mean_ns = static_cast<double>(series.sum_ns) / static_cast<double>(spans.count);
            for (std::size_t i = 0; i < asked_quantiles.size(); ++i)
                spans.quantiles[i] =
                    replay::quantile(family.bounds_ns, series.buckets, asked_quantiles[i]);
            out.push_back(std::move(spans));
        }
    }
    return out;
}

Json stats_json(const replay::Replayed& past, const Window& window,
                const std::vector<Spans>& spans) {
    const auto workers = workers_of(past.fold.world);
    Json by_state = Json::object(), by_binding = Json::object(), by_image = Json::object();
    for (const auto& [state, count] : workers.by_state) by_state[to_text(state)] = count;
    for (const auto& [binding, count] : workers.by_binding) by_binding[to_text(binding)] = count;
    for (const auto& [image, count] : workers.by_image) by_image[image] = count;
    Json transitions = Json::array(), durations = Json::array();
    for (const auto& [what, count] : transitions_of(past.tallies))
        transitions.push_back({{"operation", to_text(what.first)},
                               {"outcome", to_text(what.second)},
                               {"count", count}});
    for (const auto& each : spans) {
        Json row{{"metric", each.metric},
                 {"of", each.of},
                 {"count", each.count},
                 {"mean", each.mean_ns / 1e9}};
        for (std::size_t i = 0; i < quantile_names.size(); ++i)
            row[quantile_names[i]] =
                each.quantiles[i] ? Json(*each.quantiles[i] / 1e9) : Json(nullptr);
        row["last_bound"] = static_cast<double>(each.last_bound_ns) / 1e9;
        durations.push_back(std::move(row));
    }
    return {{"position", past.head.position.value},
            {"at", json_of(past.head.at)},
            {"window", {{"after", window.count_after.value}, {"to", window.to.value}}},
            {"workers",
             {{"active", workers.active},
              {"by_state", std::move(by_state)},
              {"by_binding", std::move(by_binding)},
              {"by_image", std::move(by_image)}}},
            {"transitions", std::move(transitions)},
            {"durations", std::move(durations)}};
}

std::string workers_text(const World& world, const Context& context) {
    using enum Table::Align;
    const auto workers = workers_of(world);
    Table table({{"WORKERS"}, {""}, {"COUNT", right}});
    for (const auto& [state, count] : workers.by_state)
        table.row({"state", std::string(to_text(state)), std::to_string(count)});
    for (const auto& [binding, count] : workers.by_binding)
        table.row({"active", std::string(to_text(binding)), std::to_string(count)});
    for (const auto& [image, count] : workers.by_image)
        table.row({"active of image", image.empty() ? "(none)" : image, std::to_string(count)});
    return table.text(context);
}

std::string transitions_text(const Tallies& tallies, const Context& context) {
    using enum Table::Align;
    Table table({{"OPERATION"}, {"OUTCOME"}, {"COUNT", right}});
    for (const auto& [what, count] : transitions_of(tallies))
        table.row({std::string(to_text(what.first)), std::string(to_text(what.second)),
                   std::to_string(count)});
    return table.text(context);
}

std::string spans_text(const std::vector<Spans>& spans, const Context& context) {
    using enum Table::Align;
    Table table({{"DURATION"},
                 {"OF"},
                 {"COUNT", right},
                 {"MEAN", right},
                 {"P50", right},
                 {"P90", right},
                 {"P99", right}});
    const auto text = [](double ns) { return human_duration(static_cast<std::int64_t>(ns)); };
    for (const auto& each : spans) {
        std::vector<std::string> row{each.metric, each.of, std::to_string(each.count),
                                     text(each.mean_ns)};
        for (const auto& q : each.quantiles)
            row.push_back(q ? text(*q) : "> " + human_duration(each.last_bound_ns));
        table.row(std::move(row));
    }
    return table.text(context);
}

std::string ends_text(const replay::Replayed& past, const Window& window) {
    const auto rest =
        window.counts_nothing()
            ? std::string("no events")
            : fmt::format("#{} to #{}", window.count_after.value + 1, window.to.value);
    return fmt::format("\nworkers as of #{}, the rest over {}\n", past.head.position.value, rest);
}

int stats(const StatsOptions& options, const Context& context) {
    if (!options.at.empty() && !options.to.empty())
        return wrong_usage("stats", "--at and --to both say where it ends; give one of them");
    const auto reader = open_reader(options.path);
    if (!reader) return report(options.path, reader.error());
    const auto& to = options.at.empty() ? options.to : options.at;
    const auto window = window_of(**reader, options.from, to);
    if (!window) return report_source(options.path, window.error());
    if (window->counts_nothing()) tell_no_events(options.path, options.from, to);
    ProgressBar bar(context, "folding");
    const auto past = replay::replay(
        **reader,
        {.to = window->to, .tally_after = window->count_after, .progress = bar.callback()});
    if (!past) return report(options.path, past.error());
    const auto spans =
        spans_of(snapshot(past->fold.pool, past->tallies, past->fold.world.texts, {}));
    if (context.json) {
        write_out(line_of(stats_json(*past, *window, spans)));
        return exit_done;
    }
    write_out(workers_text(past->fold.world, context) + "\n" +
              transitions_text(past->tallies, context) + "\n" + spans_text(spans, context) +
              ends_text(*past, *window));
    return exit_done;
}

}  // namespace

void add_stats(CommandLine& line) {
    auto options = std::make_shared<StatsOptions>();
    line.command("stats", "counts of workers, transitions, and quantiles of the histograms")
        .argument("JOURNAL", options->path, "path of the journal")
        .option("--from", "WHEN", options->from, "count from the first event at or after")
        .option("--to", "WHEN", options->to, "count through the last event at or before (now)")
        .option("--at", "WHEN", options->at, "as of then: --to by the name it has elsewhere")
        .note("Quantiles are linear within a bucket; one above the last bound is shown as such.")
        .example("fenceline stats pool.db --from -1h")
        .run([options](Context& context) { return stats(*options, context); });
}

}  // namespace fenceline::tools
