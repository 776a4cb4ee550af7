// `fenceline replay`: folds to a moment and says what it came to.

#include <chrono>
#include <memory>

#include <fmt/format.h>

#include "journal/digest.hpp"
#include "journal/open.hpp"
#include "replay/replayer.hpp"
#include "replay/verify.hpp"
#include "tools/commands.hpp"
#include "tools/json.hpp"
#include "tools/output.hpp"
#include "tools/progress.hpp"
#include "tools/source.hpp"

namespace fenceline::tools {

namespace {

struct ReplayCommand {
    std::string path, to;
    bool from_start = false;
};

// What a replay came to. No clock of ours is in it: the same journal gives the same text.
struct Summary {
    replay::Anchor anchor;
    Time at;
    Position began_at;
    std::string digest;
    std::size_t state_bytes = 0;
    std::int64_t workers = 0, active = 0;
    std::size_t control_planes = 0;
};

Summary summary_of(const replay::Replayed& past) {
    const auto bytes = past.fold.save();
    return {.anchor = {past.head.position, past.head.chain},
            .at = past.head.at,
            .began_at = past.began_at,
            .digest = digest_hex(bytes),
            .state_bytes = bytes.size(),
            .workers = static_cast<std::int64_t>(past.fold.world.size()),
            .active = past.fold.world.active(),
            .control_planes = past.fold.world.control_planes().size()};
}

std::string text_of(const Summary& done) {
    return fmt::format(
        "position        #{}\n"
        "at              {}\n"
        "folded from     {}\n"
        "workers         {}, {} of them active\n"
        "control planes  {}\n"
        "state digest    {}  ({} bytes)\n",
        done.anchor.position.value, done.at.given() ? to_rfc3339(done.at) : "-",
        done.began_at.given() ? fmt::format("the checkpoint at #{}", done.began_at.value)
                              : "the first event",
        done.workers, done.active, done.control_planes, done.digest, done.state_bytes);
}

int replay_command(const ReplayCommand& options, const Context& context) {
    const auto reader = open_reader(options.path);
    if (!reader) return report(options.path, reader.error());
    const auto to = position_of(**reader, options.to);
    if (!to) return report_source(options.path, to.error());
    ProgressBar bar(context, "folding");
    const auto past = replay::replay(
        **reader, {.to = *to, .from_first_event = options.from_start, .progress = bar.callback()});
    if (!past) return report(options.path, past.error());
    const auto done = summary_of(*past);
    if (context.json)
        write_out(line_of({{"position", done.anchor.position.value},
                           {"at", json_of(done.at)},
                           {"began_at", done.began_at.value},
                           {"workers", done.workers},
                           {"active", done.active},
                           {"control_planes", done.control_planes},
                           {"digest", done.digest},
                           {"state_bytes", done.state_bytes}}));
    else
        write_out(text_of(done));
    return exit_done;
}

}  // namespace

void add_replay(CommandLine& line) {
    auto options = std::make_shared<ReplayCommand>();
    line.command("replay", "fold to a moment, and what the state comes to")
        .argument("JOURNAL", options->path, "path of the journal")
        .option("--to", "WHEN", options->to, "through the last event at or before (now)")
        .flag("--from-start", options->from_start, "fold every event, ignore the checkpoints")
        .note(
            "The digest is BLAKE2b-256 over the folded state: two replays of one journal to one\n"
            "position have the same, in any process, on any machine.")
        .example("fenceline replay pool.db --to '#1234' --from-start --json")
        .run([options](Context& context) { return replay_command(*options, context); });
}

}  // namespace fenceline::tools
