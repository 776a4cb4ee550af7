// `fenceline backup`: a consistent copy while others write, verified before it is called one.

#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "journal/open.hpp"
#include "replay/verify.hpp"
#include "tools/commands.hpp"
#include "tools/json.hpp"
#include "tools/output.hpp"
#include "tools/progress.hpp"

namespace fenceline::tools {

namespace {

struct BackupOptions {
    std::string path, to;
};

Result<replay::Verification> verified(const std::string& path, const Context& context) {
    auto reader = open_reader(path);
    if (!reader) return tl::unexpected<Error>(std::move(reader.error()));
    ProgressBar bar(context, "verifying the copy");
    return replay::verify(**reader, {.progress = bar.callback()});
}

int backup(const BackupOptions& options, const Context& context) {
    if (const auto copied = backup_journal(options.path, options.to); !copied)
        return report(options.path, copied.error());
    const auto copy = verified(options.to, context);
    if (!copy) return report(options.to, copy.error());
    const replay::Anchor anchor{copy->head.position, copy->head.chain};
    if (context.json)
        write_out(line_of({{"backup", options.to},
                           {"position", copy->head.position.value},
                           {"anchor", to_text(anchor)},
                           {"sound", copy->sound()},
                           {"findings", copy->found}}));
    else if (copy->sound())
        write_out(fmt::format("{}: {} events, sound, anchor {}\n", printable(options.to),
                              copy->events, to_text(anchor)));
    if (copy->sound()) return exit_done;
    print_error(options.to, fmt::format("the copy is not sound: {} findings", copy->found),
                "the journal itself has them too, most likely: fenceline verify tells them");
    return exit_differs;
}

}  // namespace

void add_backup(CommandLine& line) {
    auto options = std::make_shared<BackupOptions>();
    line.command("backup", "a consistent copy while others write, verified")
        .argument("JOURNAL", options->path, "path of the journal")
        .argument("TO", options->to, "path of the copy; nothing may be there")
        .example("fenceline backup pool.db /backups/pool-2026-05-24.db")
        .run([options](Context& context) { return backup(*options, context); });
}

}  // namespace fenceline::tools
