// `fenceline metrics`: the exposition text, now or at a time.

#include <memory>

#include "journal/open.hpp"
#include "projections/metrics.hpp"
#include "tools/commands.hpp"
#include "tools/metric_view.hpp"
#include "tools/output.hpp"
#include "tools/progress.hpp"
#include "tools/recorder.hpp"
#include "tools/source.hpp"

namespace fenceline::tools {

namespace {

struct MetricsOptions {
    std::string path, at, recorder;
    std::string labels = "exact";
    std::string name_space = "duckgres";
};

// One process exposes the pool's gauges unless its latest word was that it does not lead.
bool leads(const replay::Replayed& past, const replay::RecordedBy& who) {
    TextId instance;
    if (who.anybody() || !past.fold.world.texts.find(who.instance, instance)) return true;
    return past.fold.pool.leads(instance, true);
}

int metrics(const MetricsOptions& options, const Context& context) {
    if (!valid_namespace(options.name_space))
        return wrong_usage(
            "metrics", "--namespace \"" + options.name_space + "\" cannot begin a metric's name",
            "letters, digits, _ and :, not beginning with a digit");
    const auto reader = open_reader(options.path);
    if (!reader) return report(options.path, reader.error());
    const auto to = position_of(**reader, options.at);
    if (!to) return report_source(options.path, to.error());
    ProgressBar bar(context, "folding");
    replay::RecordedBy who;
    const auto past = for_recorder(options.recorder, who, [&](const replay::RecordedBy& by) {
        return replay::replay(**reader, {.to = *to, .recorded_by = by, .progress = bar.callback()});
    });
    if (!past) {
        if (past.error().code == ErrorCode::not_found)
            return wrong_usage("metrics", past.error().text);
        return report(options.path, past.error());
    }
    const auto page = snapshot(past->fold.pool, past->tallies, past->fold.world.texts,
                               {.name_space = options.name_space,
                                .labels = *from_text<LabelMode>(options.labels),
                                .leads = leads(*past, who)});
    const auto info = info_of(*past, who);
    if (context.json)
        write_out(line_of({{"position", info.position.value},
                           {"counting_from", info.counting_from.value},
                           {"at", json_of(past->head.at)},
                           {"instance", info.instance},
                           {"run", info.run},
                           {"families", json_of(page)}}));
    else
        write_out(expose_text(page, info));
    return exit_done;
}

}  // namespace

void add_metrics(CommandLine& line) {
    auto options = std::make_shared<MetricsOptions>();
    line.command("metrics", "the metrics in the Prometheus text format, now or at a time")
        .argument("JOURNAL", options->path, "path of the journal")
        .option("--at", "WHEN", options->at, "as of then (now)")
        .option("--recorder", "INSTANCE[/RUN]", options->recorder,
                "one process's view (everybody's)")
        .choice("--labels", {"exact", "seed"}, options->labels,
                "outcomes as decided, or as older dashboards know them (exact)")
        .option("--namespace", "NAME", options->name_space,
                "first part of the metrics' names (duckgres)")
        .example("fenceline metrics pool.db --at '#1234'")
        .example("fenceline metrics pool.db --recorder cp-a:boot-1 --labels seed")
        .run([options](Context& context) { return metrics(*options, context); });
}

}  // namespace fenceline::tools
