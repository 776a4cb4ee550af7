// `fenceline export --format jsonl` and `csv`: events with every field.

#include <fmt/format.h>

#include "replay/export/event_lines.hpp"
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

}  // namespace fenceline::tools
