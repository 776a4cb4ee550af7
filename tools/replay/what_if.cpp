// `fenceline replay --with`: an incident under another policy.

#include <fmt/format.h>

#include "journal/open.hpp"
#include "replay/whatif/what_if.hpp"
#include "tools/json.hpp"
#include "tools/output.hpp"
#include "tools/progress.hpp"
#include "tools/replay/modes.hpp"
#include "tools/replay/policy.hpp"
#include "tools/replay/what_if_view.hpp"
#include "tools/report_window.hpp"
#include "tools/source.hpp"

namespace fenceline::tools {

namespace {

// Several --with add up to one policy.
std::string joined(const std::vector<std::string>& texts) {
    std::string out;
    for (const auto& text : texts) {
        if (!out.empty() && !text.empty()) out += ",";
        out += text;
    }
    return out;
}

}  // namespace

int replay_what_if(const ReplayCommand& options, const Context& context) {
    const auto policy = parse_policy(joined(options.with));
    if (!policy) return report_source(options.path(), policy.error());
    const auto reader = open_reader(options.path());
    if (!reader) return report(options.path(), reader.error());
    const auto window = report_window(**reader, options.from, options.to);
    if (!window) return report_source(options.path(), window.error());
    ProgressBar bar(context, "telling again");
    const auto found = replay::what_if(
        **reader,
        {.policy = *policy, .after = window->after, .to = window->to, .progress = bar.callback()});
    if (!found) return report_source(options.path(), found.error());
    write_out(context.json ? line_of(what_if_json(*policy, *found))
                           : what_if_text(*policy, *found, context));
    return exit_done;
}

}  // namespace fenceline::tools
