// `fenceline export`: a journal, or a window of it, for other tools.

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "journal/open.hpp"
#include "tools/commands.hpp"
#include "tools/export/options.hpp"
#include "tools/export/output_file.hpp"
#include "tools/json.hpp"
#include "tools/output.hpp"
#include "tools/progress.hpp"

namespace fenceline::tools {

namespace {

struct Format {
    std::string_view name;
    Result<std::string> (*run)(const ExportTask&);
};
constexpr std::array formats{
    Format{"jsonl", export_jsonl},
    Format{"csv", export_csv},
    Format{"perfetto", export_perfetto},
    Format{"openmetrics", export_openmetrics},
    Format{"promtool-test", export_rule_test},
};
// Not one of these: it writes a journal, not a stream.
constexpr std::string_view incident_format = "incident";

std::vector<std::string> format_names() {
    std::vector<std::string> out;
    for (const Format& format : formats) out.emplace_back(format.name);
    out.emplace_back(incident_format);
    return out;
}

int report_export(const ExportOptions& options, const Error& error) {
    if (error.code == ErrorCode::invalid_request)
        return wrong_usage("export", error.text, error.hint);
    return report(options.path, error);
}

int run_export(const ExportOptions& options, const Context& context) {
    if (options.format.empty())
        return wrong_usage("export", "--format is needed",
                           fmt::format("one of {}", fmt::join(format_names(), ", ")));
    if (options.format == incident_format) return export_incident(options, context);
    if (!options.redact.empty())
        return wrong_usage("export", "--redact belongs to --format incident");
    const auto format = std::ranges::find(formats, options.format, &Format::name);
    const auto reader = open_reader(options.path);
    if (!reader) return report(options.path, reader.error());
    const auto window = window_of(**reader, options.from, options.to);
    if (!window) return report_source(options.path, window.error());
    auto out = OutputFile::open(options.out);
    if (!out) return report(options.out, out.error());
    ProgressBar bar(context, "exporting");
    const auto told =
        format->run({.options = options,
                     .reader = **reader,
                     .window = *window,
                     .progress = bar.callback(),
                     .write = [&](std::string_view text) { return out->write(text); }});
    if (!told) return report_export(options, told.error());
    if (const auto closed = out->close(); !closed) return report(options.out, closed.error());
    // What was written may be stdout's, so what is told about it never is.
    fmt::print(stderr, "export: {}\n", printable(*told));
    return exit_done;
}

}  // namespace

void add_export(CommandLine& line) {
    auto options = std::make_shared<ExportOptions>();
    line.command("export", "a journal, or a window of it, for other tools")
        .argument("JOURNAL", options->path, "path of the journal")
        .choice("--format", format_names(), options->format, "what to write")
        .option("-o,--output", "FILE", options->out, "a new file (stdout)")
        .option("--from", "WHEN", options->from, "from the first event at or after")
        .option("--to", "WHEN", options->to, "through the last event at or before")
        .option("--step", "SPAN", options->step, "metrics: time between samples (15s)")
        .option("--label", "NAME=VALUE", options->label,
                "metrics: a label on every series; may be repeated")
        .option("--recorder", "INSTANCE[/RUN]", options->recorder,
                "metrics: one process's view (everybody's)")
        .choice("--labels", {"exact", "seed"}, options->labels,
                "metrics: outcomes as decided, or as older dashboards know them (exact)")
        .option("--namespace", "NAME", options->name_space,
                "metrics: first part of the metrics' names (duckgres)")
        .option("--rules", "FILE", options->rules,
                "promtool-test: a rule file to test, as seen from the test; may be repeated")
        .option("--metric", "NAME", options->metric,
                "promtool-test: only this metric (all); may be repeated")
        .option("--redact", "NAMES", options->redact,
                "incident: org, pod, owner, with commas: pseudonyms instead of these")
        .note(
            "An incident is a small journal of the window, with the state before it: all commands\n"
            "read it, verify proves it, and a store can go on with it. The window is widened to\n"
            "whole commits, which keep their hashes, so that an anchor of the journal holds for "
            "it\n"
            "too. With --redact the hashes are made anew; names in images and reasons are "
            "replaced\n"
            "as well, and request ids always are.")
        .example(
            "fenceline export pool.db --format incident --from -15m --redact org,owner -o inc.db")
        .example("fenceline export pool.db --format openmetrics --label job=duckgres -o pool.om")
        .example("promtool tsdb create-blocks-from openmetrics pool.om data")
        .example("fenceline export pool.db --format promtool-test --rules alerts.yml -o test.yml")
        .run([options](Context& context) { return run_export(*options, context); });
}

}  // namespace fenceline::tools
