// `fenceline export` of events: jsonl and csv with every field, and a trace.

#include <fmt/format.h>

#include "replay/export/event_lines.hpp"
#include "replay/export/trace.hpp"
#include "tools/export/options.hpp"

namespace fenceline::tools {

namespace {

using WriteEvents = Result<std::int64_t> (*)(Reader&, const replay::EventRange&,
                                             const replay::Write&);

Result<std::string> export_events(const ExportTask& task, WriteEvents write_events) {
    const auto events = write_events(
        task.reader, {.after = task.window.after, .to = task.window.to, .progress = task.progress},
        task.write);
    if (!events) return tl::unexpected<Error>(events.error());
    return fmt::format("{} events", *events);
}

}  // namespace

Result<std::string> export_jsonl(const ExportTask& task) {
    return export_events(task, replay::write_event_lines);
}

Result<std::string> export_csv(const ExportTask& task) {
    return export_events(task, replay::write_event_csv);
}

Result<std::string> export_perfetto(const ExportTask& task) {
    const auto events = replay::write_trace(
        task.reader, {.after = task.window.after, .to = task.window.to, .progress = task.progress},
        task.write);
    if (!events) return tl::unexpected<Error>(events.error());
    return fmt::format("{} trace events", *events);
}

}  // namespace fenceline::tools
