// `fenceline export --format incident`: a window as a journal of its own, to share.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "journal/excerpt.hpp"
#include "journal/open.hpp"
#include "tools/export/options.hpp"
#include "tools/output.hpp"
#include "tools/progress.hpp"
#include "tools/report_window.hpp"

namespace fenceline::tools {

namespace {

std::string told_of(const Window& asked, const Excerpt& made, const Redact& redact) {
    const auto first = made.base.position.value + 1, last = made.head.position.value;
    auto out = fmt::format("#{} to #{} in {} commits", first, last, made.commits);
    if (first != asked.after.value + 1 || last != asked.to.value)
        out += ", widened to whole commits";
    if (made.base.position.given())
        out += fmt::format(", after the state at #{}", made.base.position.value);
    if (redact.any())
        out += fmt::format("; {} are pseudonyms, and so are request ids", to_text(redact));
    return out;
}

// The first option that an incident has no use for, when one was given another value than its own.
std::string_view other_formats_option(const ExportOptions& options) {
    const ExportOptions usual;
    if (options.step != usual.step) return "--step";
    if (options.label != usual.label) return "--label";
    if (options.recorder != usual.recorder) return "--recorder";
    if (options.labels != usual.labels) return "--labels";
    if (options.name_space != usual.name_space) return "--namespace";
    if (options.rules != usual.rules) return "--rules";
    if (options.metric != usual.metric) return "--metric";
    return {};
}

}  // namespace

int export_incident(const ExportOptions& options, const Context& context) {
    if (options.out.empty())
        return wrong_usage("export", "an incident is a file of its own: -o FILE is needed");
    if (const auto other = other_formats_option(options); !other.empty())
        return wrong_usage("export",
                           fmt::format("{} belongs to other formats than incident", other));
    const auto names = fmt::format("{}", fmt::join(options.redact, ","));
    // As of a variable that is not set: the names would be there for all to read.
    if (names.empty() && !options.redact.empty())
        return wrong_usage("export", "--redact names nothing",
                           "org, pod and owner can be made unreadable");
    const auto redact = parse_redact(names);
    if (!redact)
        return wrong_usage("export", "--redact: " + redact.error().text, redact.error().hint);
    const auto reader = open_reader(options.path);
    if (!reader) return report(options.path, reader.error());
    const auto window = report_window(**reader, options.from, options.to);
    if (!window) return report_source(options.path, window.error());
    ProgressBar bar(context, "exporting");
    const auto made = write_excerpt(**reader, {.path = options.out,
                                               .after = window->after,
                                               .to = window->to,
                                               .redact = *redact,
                                               .progress = bar.callback()});
    if (!made) {
        const bool about_output = made.error().code == ErrorCode::already_exists ||
                                  made.error().code == ErrorCode::no_space ||
                                  made.error().code == ErrorCode::read_only;
        return report(about_output ? options.out : options.path, made.error());
    }
    fmt::print(stderr, "export: {}\n", told_of(*window, *made, *redact));
    return exit_done;
}

}  // namespace fenceline::tools
