// `fenceline init`: makes an empty journal.

#include <memory>

#include <fmt/format.h>

#include "journal/open.hpp"
#include "tools/commands.hpp"
#include "tools/json.hpp"
#include "tools/output.hpp"

namespace fenceline::tools {

namespace {

int init(const std::string& path, const Context& context) {
    const auto journal = create_journal({.path = path});
    if (!journal) return report(path, journal.error());
    write_out(context.json ? line_of({{"journal", path}, {"position", 0}})
                           : fmt::format("made an empty journal at {}\n", printable(path)));
    return exit_done;
}

}  // namespace

void add_init(CommandLine& line) {
    auto path = std::make_shared<std::string>();
    line.command("init", "make an empty journal; refuses an existing one")
        .argument("JOURNAL", *path, "path of the new journal")
        .example("fenceline init pool.db")
        .run([path](Context& context) { return init(*path, context); });
}

}  // namespace fenceline::tools
