// `fenceline seal`: packs history into segments now, while stores go on writing.

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "journal/open.hpp"
#include "tools/commands.hpp"
#include "tools/json.hpp"
#include "tools/output.hpp"
#include "tools/progress.hpp"

namespace fenceline::tools {

namespace {

struct SealOptions {
    std::string path;
    std::int64_t keep_rows = 0;
};

// Step after step: each holds the write lock for one segment at most.
Result<Position> seal_up_to(Journal& journal, Position last, const Context& context) {
    ProgressBar bar(context, "sealing");
    const auto progress = bar.callback();
    for (;;) {
        const auto step = journal.seal({.last = last});
        if (!step) return tl::unexpected<Error>(step.error());
        if (progress) progress(step->sealed, last);
        if (!step->more) return step->sealed;
    }
}

int seal(const SealOptions& options, const Context& context) {
    if (options.keep_rows < 0)
        return wrong_usage("seal", "--keep-rows takes 0 or more", "fenceline seal --help");
    const auto journal = open_journal({.path = options.path});
    if (!journal) return report(options.path, journal.error());
    const auto head = (*journal)->head();
    if (!head) return report(options.path, head.error());
    const Position last{std::max<std::int64_t>(head->position.value - options.keep_rows, 0)};
    const auto sealed = seal_up_to(**journal, last, context);
    if (!sealed) return report(options.path, sealed.error());
    const auto rows = head->position.value - sealed->value;
    write_out(context.json ? line_of({{"sealed", sealed->value}, {"rows", rows}})
                           : fmt::format("{}: events up to #{} are in segments, {} are rows\n",
                                         printable(options.path), sealed->value, rows));
    return exit_done;
}

}  // namespace

void add_seal(CommandLine& line) {
    auto options = std::make_shared<SealOptions>();
    line.command("seal", "pack history into segments, while others write")
        .argument("JOURNAL", options->path, "path of the journal")
        .option("--keep-rows", "N", options->keep_rows, "leave the newest N events as rows")
        .note(
            "Running stores seal what lies far behind by themselves. All commands read segments\n"
            "and rows alike; the SQLite shell shows rows alone. The file keeps its size, and what\n"
            "became free in it is used for what is appended next.")
        .example("fenceline seal pool.db")
        .example("fenceline seal pool.db --keep-rows 100000")
        .run([options](Context& context) { return seal(*options, context); });
}

}  // namespace fenceline::tools
