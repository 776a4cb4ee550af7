// `fenceline anchor`: the head, to keep where nobody who may write the journal can.

#include <memory>

#include "journal/chain.hpp"
#include "journal/open.hpp"
#include "replay/verify.hpp"
#include "tools/commands.hpp"
#include "tools/json.hpp"
#include "tools/output.hpp"

namespace fenceline::tools {

namespace {

int anchor(const std::string& path, const Context& context) {
    const auto reader = open_reader(path);
    if (!reader) return report(path, reader.error());
    const auto head = (*reader)->head();
    if (!head) return report(path, head.error());
    const auto text = to_text(replay::Anchor{head->position, head->chain});
    write_out(context.json ? line_of({{"position", head->position.value},
                                      {"chain", to_hex(head->chain)},
                                      {"at", json_of(head->at)},
                                      {"anchor", text}})
                           : text + "\n");
    return exit_done;
}

}  // namespace

void add_anchor(CommandLine& line) {
    auto path = std::make_shared<std::string>();
    line.command("anchor", "the head: position and chain hash, to keep elsewhere")
        .argument("JOURNAL", *path, "path of the journal")
        .example("fenceline anchor pool.db | tee /elsewhere/pool.anchor")
        .example("fenceline verify pool.db --anchor \"$(cat /elsewhere/pool.anchor)\"")
        .run([path](Context& context) { return anchor(*path, context); });
}

}  // namespace fenceline::tools
