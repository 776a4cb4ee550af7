// `fenceline replay`: folds to a moment and says what it came to, or one of its other modes.

#include <algorithm>
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
#include "tools/replay/modes.hpp"
#include "tools/source.hpp"

namespace fenceline::tools {

namespace {

constexpr auto modes_note =
    "The digest is BLAKE2b-256 over the folded state: two replays of one journal to one\n"
    "position have the same, in any process, on any machine.\n"
    "\n"
    "--check asks each operation anew of the world right before it. An operation that was\n"
    "refused as senseless, or failed with the journal, was never decided: it is counted as\n"
    "skipped. An expiry of control planes that found nobody left no event.\n"
    "\n"
    "--with is a question: what if the janitor's limits (hot_idle_ttl, stuck_spawning,\n"
    "stuck_activating, orphan_grace) or the caps (max_org_workers, max_global_workers,\n"
    "warm_target; 0: none) had been these? Callers are taken to behave as they are recorded: who\n"
    "got nothing asks for nothing more, and a worker that only the policy gave stands in for the\n"
    "caller's next one within 60 s, else serves one session of 60 s. What a control plane ends by\n"
    "a limit of its own (per_cp_hot_idle_ttl, pool_stuck_activating) stays. Exit 0, whatever\n"
    "the answer.\n"
    "\n"
    "--until knows worker, org, image, owner, origin, operation and outcome; exit 1 when no\n"
    "event matches.";

// What a replay came to. No clock of ours is in it: the same journal gives the same text.
struct Summary {
    replay::Anchor anchor;
    Time at;
    Position began_at, beginning;
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
            .beginning = past.beginning,
            .digest = digest_hex(bytes),
            .state_bytes = bytes.size(),
            .workers = static_cast<std::int64_t>(past.fold.world.size()),
            .active = past.fold.world.active(),
            .control_planes = past.fold.world.control_planes().size()};
}

std::string began_text(const Summary& done) {
    if (done.began_at > done.beginning)
        return fmt::format("the checkpoint at #{}", done.began_at.value);
    if (done.beginning.given()) return fmt::format("the base at #{}", done.beginning.value);
    return "the first event";
}

std::string text_of(const Summary& done) {
    return fmt::format(
        "position        #{}\n"
        "at              {}\n"
        "folded from     {}\n"
        "workers         {}, {} of them active\n"
        "control planes  {}\n"
        "state digest    {}  ({} bytes)\n",
        done.anchor.position.value, done.at.given() ? to_rfc3339(done.at) : "-", began_text(done),
        done.workers, done.active, done.control_planes, done.digest, done.state_bytes);
}

int fold(const ReplayCommand& options, const Context& context) {
    const auto reader = open_reader(options.path());
    if (!reader) return report(options.path(), reader.error());
    const auto to = position_of(**reader, options.to);
    if (!to) return report_source(options.path(), to.error());
    ProgressBar bar(context, "folding");
    const auto past = replay::replay(
        **reader, {.to = *to, .from_first_event = options.from_start, .progress = bar.callback()});
    if (!past) return report(options.path(), past.error());
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

// The first thing wrong with the options together; empty when nothing is.
std::string contradiction(const ReplayCommand& options) {
    const bool steps = options.step || !options.until.empty();
    const int modes = int{options.check} + int{steps} + int{!options.with.empty()};
    if (modes > 1) return "--check, --with, and --step or --until exclude each other";
    if (std::ranges::any_of(options.with, &std::string::empty))
        return "--with names no limit and no cap";
    if (options.coverage && !options.check) return "--coverage belongs to --check";
    if (options.from_start && modes > 0) return "--from-start folds, and does nothing else";
    if (!options.from.empty() && modes == 0)
        return "--from needs --check, --with, --step or --until: a fold begins at the first event";
    if (options.paths.size() > 1 && !options.check) return "several journals only with --check";
    return {};
}

int replay_command(const ReplayCommand& options, const Context& context) {
    if (const auto what = contradiction(options); !what.empty()) return wrong_usage("replay", what);
    if (options.check) return replay_check(options, context);
    if (!options.with.empty()) return replay_what_if(options, context);
    if (options.step || !options.until.empty()) return replay_step(options, context);
    return fold(options, context);
}

}  // namespace

void add_replay(CommandLine& line) {
    auto options = std::make_shared<ReplayCommand>();
    line.command("replay", "fold to a moment, decide again, step through, or ask what if")
        .argument("JOURNAL", options->paths,
                  "path of the journal; with --check several, and folders of them")
        .option("--from", "WHEN", options->from, "from the first event at or after")
        .option("--to", "WHEN", options->to, "through the last event at or before (now)")
        .flag("--from-start", options->from_start, "fold every event, ignore the checkpoints")
        .flag("--check", options->check,
              "decide every operation again with today's table; exit 1 when one ends otherwise")
        .flag("--coverage", options->coverage,
              "with --check: each state, operation and outcome that was met")
        .flag("--step", options->step, "event by event, with what each changed")
        .option("--until", "KEY=VALUE", options->until,
                "go to the first event with it; several, or with commas: all of them")
        .option("--with", "KEY=VALUE", options->with,
                "under these limits and caps: which workers would have fared otherwise; several, "
                "or with commas")
        .note(modes_note)
        .example("fenceline replay pool.db --to '#1234' --from-start --json")
        .example("fenceline replay incidents/ --check")
        .example("fenceline replay pool.db --until outcome=fence_miss_epoch,worker=61")
        .example("fenceline replay pool.db --with stuck_activating=5m,max_org_workers=0 --from -1h")
        .run([options](Context& context) { return replay_command(*options, context); });
}

}  // namespace fenceline::tools
