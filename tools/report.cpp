// `fenceline report`: a self-contained HTML page of an incident window.

#include <filesystem>
#include <fstream>
#include <memory>

#include <fmt/format.h>

#include "journal/open.hpp"
#include "replay/report/model.hpp"
#include "replay/report/page.hpp"
#include "tools/commands.hpp"
#include "tools/json.hpp"
#include "tools/metric_view.hpp"
#include "tools/output.hpp"
#include "tools/progress.hpp"
#include "tools/report_window.hpp"
#include "tools/source.hpp"

namespace fenceline::tools {

namespace {

struct ReportOptions {
    std::string path, from, to, output, title;
    bool force = false;
};

std::string default_output(const std::string& journal) {
    const auto stem = std::filesystem::path(journal).stem().string();
    return (stem.empty() ? "journal" : stem) + "-report.html";
}

// Written beside and moved into place, so that nobody ever opens half a page.
Result<void> write_file(const std::string& path, const std::string& text) {
    const std::string beside = path + ".part";
    std::error_code failed;
    {
        std::ofstream out(beside, std::ios::binary | std::ios::trunc);
        out << text;
        out.flush();
        if (!out) {
            std::filesystem::remove(beside, failed);
            return fail(ErrorCode::io, "cannot be written", "choose another place with -o");
        }
    }
    std::filesystem::rename(beside, path, failed);
    if (!failed) return {};
    const std::string why = failed.message();
    std::filesystem::remove(beside, failed);
    return fail(ErrorCode::io, "cannot be written: " + why, "choose another place with -o");
}

Json finding_json(const replay::incident::Finding& finding) {
    return {{"rule", finding.rule},
            {"alarm", finding.severity == replay::incident::Severity::alarm},
            {"first", finding.first.value},
            {"last", finding.last.value},
            {"from", json_of(finding.from)},
            {"to", json_of(finding.to)},
            {"count", finding.count},
            {"words", finding.words.plain()}};
}

void print_result(const replay::report::Model& model, const std::string& output, std::size_t bytes,
                  const Context& context) {
    if (context.json) {
        Json findings = Json::array();
        for (const auto& finding : model.findings) findings.push_back(finding_json(finding));
        write_out(line_of({{"file", output},
                           {"bytes", bytes},
                           {"window", {{"first", model.first.value}, {"last", model.last.value}}},
                           {"events", model.events.size()},
                           {"workers", model.lanes.size()},
                           {"findings", std::move(findings)}}));
        return;
    }
    for (const auto& finding : model.findings)
        write_out(fmt::format("{}  {}\n", to_rfc3339(finding.from).substr(0, 19) + "Z",
                              printable(finding.words.plain())));
    if (model.findings.empty()) write_out("nothing out of the ordinary was found\n");
    write_out(fmt::format("\n{}: {} events, #{} to #{}, {} workers, {:.1f} MB\n", printable(output),
                          model.events.size(), model.first.value, model.last.value,
                          model.lanes.size(), static_cast<double>(bytes) / 1e6));
}

int run_report(const ReportOptions& options, const Context& context) {
    const std::string output =
        options.output.empty() ? default_output(options.path) : options.output;
    std::error_code ignored;
    if (!options.force && std::filesystem::exists(output, ignored))
        return wrong_usage(output, "is there already",
                           "--force replaces it, -o names another file");
    const auto reader = open_reader(options.path);
    if (!reader) return report(options.path, reader.error());
    const auto window = report_window(**reader, options.from, options.to);
    if (!window) return report_source(options.path, window.error());
    ProgressBar bar(context, "folding");
    const auto model = replay::report::model_of(
        **reader, {.after = window->after, .to = window->to, .progress = bar.callback()});
    if (!model) return report_source(options.path, model.error());
    const auto journal = std::filesystem::path(options.path).filename().string();
    const auto html = replay::report::page_of(
        *model, {.title = options.title.empty() ? "Incident in " + journal : options.title,
                 .journal = journal,
                 .version = program_version()});
    if (const auto written = write_file(output, html); !written)
        return report(output, written.error());
    print_result(*model, output, html.size(), context);
    return exit_done;
}

}  // namespace

void add_report(CommandLine& line) {
    auto options = std::make_shared<ReportOptions>();
    line.command("report", "a self-contained HTML page of an incident window")
        .argument("JOURNAL", options->path, "path of the journal")
        .option("--from", "WHEN", options->from, "from the first event at or after")
        .option("--to", "WHEN", options->to, "through the last event at or before (now)")
        .option("-o,--output", "FILE", options->output, "where to (JOURNAL's name -report.html)")
        .option("--title", "TEXT", options->title, "the page's headline")
        .flag("--force", options->force, "replace a file that is there")
        .note(
            "The page says what happened in words with positions, and shows workers by state over\n"
            "time, one lane a worker with the attempts that fences turned away, and every\n"
            "operation by outcome. It needs no network and can be mailed, kept and printed.")
        .example("fenceline report pool.db --from -15m")
        .example("fenceline report pool.db --from '#1200' --to '#9000' -o race.html --force")
        .run([options](Context& context) { return run_report(*options, context); });
}

}  // namespace fenceline::tools
