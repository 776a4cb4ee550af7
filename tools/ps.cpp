// `fenceline ps`: the workers, now or at a time.

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "journal/answer_builder.hpp"
#include "journal/open.hpp"
#include "replay/replayer.hpp"
#include "tools/commands.hpp"
#include "tools/json.hpp"
#include "tools/output.hpp"
#include "tools/progress.hpp"
#include "tools/source.hpp"

namespace fenceline::tools {

namespace {

struct PsOptions {
    std::string path, at;
    std::vector<std::string> states, orgs, images, owners;
    bool all = false;
};

bool any_of(const std::vector<std::string>& wanted, std::string_view value) {
    return wanted.empty() || std::ranges::find(wanted, value) != wanted.end();
}

// By id. Ended workers only when they are asked for.
std::vector<WorkerView> rows_of(const World& world, const PsOptions& options) {
    std::vector<WorkerView> rows;
    for (const Worker& worker : world.workers()) {
        const bool shown = options.all || !options.states.empty() || is_active(worker.state);
        if (!shown || !any_of(options.states, to_text(worker.state)) ||
            !any_of(options.orgs, world.texts.text(worker.org)) ||
            !any_of(options.images, world.texts.text(worker.image)) ||
            !any_of(options.owners, world.texts.text(worker.owner)))
            continue;
        rows.push_back(view_of(worker, world.texts));
    }
    std::ranges::sort(rows, {}, &WorkerView::worker);
    return rows;
}

// A record's last change may be some nanoseconds after the journal's last event: of changes in one
// instant each is later than the one before.
std::string ago(Time now, Time then) {
    return then.given() ? human_duration(std::max<std::int64_t>((now - then).ns, 0)) : "never";
}

std::string table_of(const std::vector<WorkerView>& rows, const replay::Replayed& past,
                     const Context& context) {
    using enum Table::Align;
    Table table({{"WORKER", right},
                 {"STATE"},
                 {"IMAGE"},
                 {"ORG"},
                 {"OWNER"},
                 {"EPOCH", right},
                 {"POD"},
                 {"CHANGED", right},
                 {"HEARTBEAT", right},
                 {"VERSION", right}});
    const Time now = past.head.at;
    for (const auto& row : rows)
        table.row({std::to_string(row.worker.value), std::string(to_text(row.state)), row.image,
                   row.org, row.owner, std::to_string(row.epoch.value), row.pod,
                   ago(now, row.updated_at), ago(now, row.last_heartbeat_at),
                   std::to_string(row.version.value)});
    const auto as_of = past.head.at.given() ? ", " + to_rfc3339(past.head.at) : "";
    return table.text(context) + fmt::format("{} {} as of #{}{}; spans are until then\n",
                                             rows.size(), rows.size() == 1 ? "worker" : "workers",
                                             past.head.position.value, as_of);
}

int ps(const PsOptions& options, const Context& context) {
    for (const auto& text : options.states) {
        if (const auto state = from_text<State>(text); state && *state != State::none) continue;
        return wrong_usage(
            "ps", "unknown state \"" + text + "\"" + suggestion(text, label_texts<State>()));
    }
    const auto reader = open_reader(options.path);
    if (!reader) return report(options.path, reader.error());
    const auto to = position_of(**reader, options.at);
    if (!to) return report_source(options.path, to.error());
    ProgressBar bar(context, "folding");
    const auto past = replay::replay(**reader, {.to = *to, .progress = bar.callback()});
    if (!past) return report(options.path, past.error());
    const auto rows = rows_of(past->fold.world, options);
    if (!context.json) {
        write_out(table_of(rows, *past, context));
        return exit_done;
    }
    std::string out;
    for (const auto& row : rows) out += line_of(json_of(row));
    write_out(out);
    return exit_done;
}

}  // namespace

void add_ps(CommandLine& line) {
    auto options = std::make_shared<PsOptions>();
    line.command("ps", "the workers, now or at a time")
        .argument("JOURNAL", options->path, "path of the journal")
        .option("--at", "WHEN", options->at, "as of then (now)")
        .option("--state", "STATE", options->states, "only in this state; may be an ended one")
        .option("--org", "ORG", options->orgs, "only of this org; empty: neutral ones")
        .option("--image", "IMAGE", options->images, "only of this image")
        .option("--owner", "CP", options->owners, "only owned by it")
        .flag("--all", options->all, "ended workers too")
        .note("With --json: one worker a line, as `exec` takes it back as a snapshot.")
        .example("fenceline ps pool.db --state hot --org acme")
        .example("fenceline ps pool.db --at -15m --json")
        .run([options](Context& context) { return ps(*options, context); });
}

}  // namespace fenceline::tools
