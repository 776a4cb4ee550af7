// `fenceline show`: one worker's whole life.

#include <memory>

#include <fmt/format.h>

#include "journal/answer_builder.hpp"
#include "journal/open.hpp"
#include "replay/history.hpp"
#include "tools/commands.hpp"
#include "tools/event_view.hpp"
#include "tools/output.hpp"
#include "tools/progress.hpp"
#include "tools/source.hpp"

namespace fenceline::tools {

namespace {

struct ShowOptions {
    std::string path, at;
    std::int64_t worker = 0;
};

// How long it stayed; a state that was not left counts up to the last event read, but for an end.
std::optional<Duration> length_of(const replay::Stay& stay, Time last) {
    if (stay.until) return *stay.until - stay.since;
    if (is_terminal(stay.state)) return std::nullopt;
    return last - stay.since;
}

Json life_json(const replay::Life& life) {
    const Names names{life.texts, life.recorders};
    Json stays = Json::array(), events = Json::array(), refused = Json::array();
    for (const auto& stay : life.stays) {
        const auto length = length_of(stay, life.head.at);
        stays.push_back(
            {{"state", to_text(stay.state)},
             {"entered_by", stay.entered_by.value},
             {"since", json_of(stay.since)},
             {"until", stay.until ? json_of(*stay.until) : Json(nullptr)},
             {"seconds", length ? Json(static_cast<double>(length->ns) / 1e9) : Json(nullptr)}});
    }
    for (const Event& event : life.events) events.push_back(json_of(event, names));
    for (const Event* event : life.refused()) refused.push_back(event->position.value);
    return {{"worker", life.record ? json_of(view_of(*life.record, life.texts)) : Json(nullptr)},
            {"as_of", {{"position", life.head.position.value}, {"at", json_of(life.head.at)}}},
            {"stays", std::move(stays)},
            {"refused", std::move(refused)},
            {"events", std::move(events)}};
}

std::string events_text(const replay::Life& life, const Context& context) {
    using enum Table::Align;
    const Names names{life.texts, life.recorders};
    Table table({{"POSITION", right},
                 {"AT"},
                 {"OPERATION"},
                 {"OUTCOME"},
                 {"STATE"},
                 {"CALLER"},
                 {"ORIGIN"},
                 {"WHY"}});
    for (const Event& event : life.events)
        table.row({std::to_string(event.position.value), to_rfc3339(event.at),
                   std::string(to_text(event.operation)), std::string(to_text(event.outcome)),
                   movement_of(event), names.text(event.caller), std::string(to_text(event.origin)),
                   note_of(event, names)});
    return table.text(context);
}

std::string stays_text(const replay::Life& life, const Context& context) {
    using enum Table::Align;
    Table table({{"STATE"}, {"ENTERED BY", right}, {"SINCE"}, {"STAYED", right}});
    for (const auto& stay : life.stays) {
        const auto length = length_of(stay, life.head.at);
        std::string stayed = length ? human_duration(length->ns) : "ended";
        if (!stay.until && length) stayed += " so far";
        const bool known = stay.entered_by.given();
        table.row({std::string(to_text(stay.state)),
                   known ? fmt::format("#{}", stay.entered_by.value) : "the base",
                   to_rfc3339(stay.since), (known || !length ? "" : "at least ") + stayed});
    }
    return table.text(context);
}

std::string refused_text(const replay::Life& life, const Context& context) {
    using enum Table::Align;
    const Names names{life.texts, life.recorders};
    Table table({{"POSITION", right}, {"CALLER"}, {"ASKED FOR"}, {"TURNED AWAY BY"}});
    for (const Event* event : life.refused())
        table.row({std::to_string(event->position.value), names.text(event->caller),
                   std::string(to_text(event->operation)), refusal_of(*event, names)});
    return table.text(context);
}

std::string text_of(const replay::Life& life, std::int64_t worker, const Context& context) {
    std::string out;
    if (life.record) {
        const auto row = view_of(*life.record, life.texts);
        out = fmt::format("worker {}: {}, pod {}, image {}, org {}, owner {} at epoch {}\n\n",
                          worker, to_text(row.state), printable(row.pod), printable(row.image),
                          row.org.empty() ? "(neutral)" : printable(row.org),
                          row.owner.empty() ? "(nobody)" : printable(row.owner), row.epoch.value);
    } else {
        out = fmt::format("worker {} never was: only refused operations name it\n\n", worker);
    }
    if (!life.stays.empty()) out += stays_text(life, context) + "\n";
    if (!life.refused().empty()) out += refused_text(life, context) + "\n";
    return out + events_text(life, context);
}

int show(const ShowOptions& options, const Context& context) {
    const auto worker = worker_of(options.worker);
    if (!worker) return wrong_usage("show", worker.error().text);
    const auto reader = open_reader(options.path);
    if (!reader) return report(options.path, reader.error());
    const auto to = position_of(**reader, options.at);
    if (!to) return report_source(options.path, to.error());
    ProgressBar bar(context, "reading");
    const auto life = replay::life_of(**reader, *worker, *to, bar.callback());
    if (!life) {
        if (life.error().code == ErrorCode::not_found)
            return wrong_usage("show", life.error().text);
        return report(options.path, life.error());
    }
    write_out(context.json ? line_of(life_json(*life)) : text_of(*life, options.worker, context));
    return exit_done;
}

}  // namespace

void add_show(CommandLine& line) {
    auto options = std::make_shared<ShowOptions>();
    line.command("show", "one worker's whole life: events, stays, and who was turned away")
        .argument("JOURNAL", options->path, "path of the journal")
        .argument("WORKER", options->worker, "the worker's id")
        .option("--at", "WHEN", options->at, "its life up to then (now)")
        .example("fenceline show pool.db 61")
        .run([options](Context& context) { return show(*options, context); });
}

}  // namespace fenceline::tools
