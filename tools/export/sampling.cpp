#include "tools/export/sampling.hpp"

#include "tools/recorder.hpp"

namespace fenceline::tools {

namespace {

// A time that --from or --to names; nothing for a position, whose time is its event's.
Result<std::optional<Time>> time_of(Reader& reader, const std::string& text) {
    if (text.empty()) return std::nullopt;
    const auto asked = parse_when(text);
    if (!asked) return tl::unexpected<Error>(asked.error());
    const auto head = reader.head();
    if (!head) return tl::unexpected<Error>(head.error());
    if (asked->kind != When::Kind::position) return asked->in(head->at);
    return std::nullopt;
}

}  // namespace

Result<replay::SampleTable> sampled(const ExportTask& task) {
    const auto& options = task.options;
    const auto step = parse_duration(options.step);
    if (!step)
        return fail(ErrorCode::invalid_request, "--step: " + step.error().text, step.error().hint);
    if (!valid_namespace(options.name_space))
        return fail(ErrorCode::invalid_request,
                    "--namespace \"" + options.name_space + "\" cannot begin a metric's name",
                    "letters, digits, _ and :, not beginning with a digit");
    auto from = time_of(task.reader, options.from);
    if (!from) return tl::unexpected<Error>(from.error());
    if (!options.from.empty() && !*from && task.window.after < task.window.to) {
        const auto first = task.reader.event(Position{task.window.after.value + 1});
        if (!first) return tl::unexpected<Error>(first.error());
        *from = first->at - Duration{1};  // so that its first rise is seen
    }
    const auto until = time_of(task.reader, options.to);
    if (!until) return tl::unexpected<Error>(until.error());
    replay::RecordedBy who;
    auto table = for_recorder(options.recorder, who, [&](const replay::RecordedBy& by) {
        return replay::sample(task.reader,
                              {.step = *step,
                               .from = *from,
                               .to = task.window.to,
                               .until = *until,
                               .view = {.name_space = options.name_space,
                                        .labels = *from_text<LabelMode>(options.labels)},
                               .recorded_by = by,
                               .progress = task.progress});
    });
    if (!table && table.error().code == ErrorCode::not_found)
        return fail(ErrorCode::invalid_request, table.error().text);
    return table;
}

}  // namespace fenceline::tools
