// `fenceline simulate`: a deterministic control plane that drives the real store.

#include <chrono>
#include <memory>

#include <fmt/format.h>

#include "journal/open.hpp"
#include "replay/verify.hpp"
#include "tools/commands.hpp"
#include "tools/json.hpp"
#include "tools/output.hpp"
#include "tools/progress.hpp"
#include "tools/simulator/census.hpp"
#include "tools/simulator/scenario.hpp"
#include "tools/simulator/simulation.hpp"
#include "tools/when.hpp"

namespace fenceline::tools {

namespace {

struct SimulateOptions {
    SimulationSettings settings;
    std::string path, duration = "30m", start;
    std::int64_t seed = 1;
};

using Wall = std::chrono::steady_clock;

Json census_json(const SimulateOptions& options, const Census& census, double wall_seconds) {
    Json outcomes = Json::object(), operations = Json::array();
    for (const auto& [outcome, count] : census.outcomes) outcomes[to_text(outcome)] = count;
    for (const auto& [what, count] : census.operations)
        operations.push_back({{"operation", to_text(what.first)},
                              {"outcome", to_text(what.second)},
                              {"count", count}});
    return {{"journal", options.path},
            {"scenario", options.settings.scenario},
            {"seed", options.seed},
            {"from", json_of(census.first_at)},
            {"to", json_of(census.head.at)},
            {"events", census.head.position.value},
            {"workers", census.workers.size()},
            {"recorders", census.head.recorders},
            {"anchor", to_text(replay::Anchor{census.head.position, census.head.chain})},
            {"outcomes", std::move(outcomes)},
            {"operations", std::move(operations)},
            {"wall_seconds", wall_seconds}};
}

std::string census_text(const SimulateOptions& options, const Census& census, double wall_seconds,
                        const Context& context) {
    Table table({{"outcome"}, {"events", Table::Align::right}});
    for (const auto& [outcome, count] : census.outcomes)
        table.row({std::string(to_text(outcome)), std::to_string(count)});
    return fmt::format("{}: {}\n{} to {}\n{} events of {} workers by {} runs, in {:.1f} s\n\n",
                       options.settings.scenario, find_scenario(options.settings.scenario)->summary,
                       to_rfc3339(census.first_at), to_rfc3339(census.head.at),
                       census.head.position.value, census.workers.size(), census.head.recorders,
                       wall_seconds) +
           table.text(context);
}

// Nothing is made before every argument is known to be good.
Result<void> complete(SimulateOptions& options) {
    auto& settings = options.settings;
    const auto duration = parse_duration(options.duration);
    if (!duration) return tl::unexpected<Error>(duration.error());
    settings.duration = *duration;
    if (!options.start.empty()) {
        const auto start = parse_rfc3339(options.start);
        if (!start) return tl::unexpected<Error>(start.error());
        settings.start = *start;
    }
    settings.seed = static_cast<std::uint64_t>(options.seed);
    settings.open_journal = [path = options.path,
                             id = Random(settings.seed, "journal").next()](Clock& clock) {
        return open_journal({.path = path, .create = true, .id = hexadecimal(id), .clock = &clock});
    };
    return check_settings(settings);
}

// Only looks: a journal that is refused is left as it is.
Result<void> check_no_events(const std::string& path) {
    const auto reader = open_reader(path);
    if (!reader && reader.error().code == ErrorCode::not_found) return {};
    if (!reader) return tl::unexpected<Error>(reader.error());
    const auto head = (*reader)->head();
    if (!head) return tl::unexpected<Error>(head.error());
    if (!head->position.given()) return {};
    return fail(ErrorCode::already_exists,
                "it has events already, and a simulation begins before the first",
                "name a journal that is not there yet");
}

int simulate(SimulateOptions& options, const Context& context) {
    if (auto good = complete(options); !good)
        return wrong_usage("simulate", good.error().text, good.error().hint);
    if (auto empty = check_no_events(options.path); !empty)
        return report(options.path, empty.error());
    ProgressBar bar(context, "simulating");
    if (auto tell = bar.callback())
        options.settings.progress = [tell, end = options.settings.duration](Duration done) {
            tell(Position{done.ns / seconds(1).ns}, Position{end.ns / seconds(1).ns});
        };
    const auto began = Wall::now();
    if (auto done = Simulation(options.settings).run(); !done)
        return report(options.path, done.error());
    const double wall_seconds = std::chrono::duration<double>(Wall::now() - began).count();
    const auto reader = open_reader(options.path);
    if (!reader) return report(options.path, reader.error());
    const auto census = take_census(**reader);
    if (!census) return report(options.path, census.error());
    write_out(context.json ? line_of(census_json(options, *census, wall_seconds))
                           : census_text(options, *census, wall_seconds, context));
    return exit_done;
}

std::string scenario_notes() {
    std::string notes = "Scenarios:";
    for (const auto& scenario : scenarios())
        notes += fmt::format("\n  {:<20} {}", scenario.name, scenario.summary);
    return notes;
}

}  // namespace

void add_simulate(CommandLine& line) {
    auto options = std::make_shared<SimulateOptions>();
    auto& settings = options->settings;
    std::vector<std::string> names;
    for (const auto& scenario : scenarios()) names.emplace_back(scenario.name);
    line.command("simulate", "live through an incident: a control plane that drives the real store")
        .argument("JOURNAL", options->path, "path of the new journal")
        .choice("--scenario", names, settings.scenario, "what goes wrong (steady)")
        .option("--workers", "N", settings.workers, "most workers that the pool may have (200)")
        .option("--orgs", "N", settings.orgs, "orgs that ask for sessions (12)")
        .option("--images", "N", settings.images, "images that are in use (2)")
        .option("--replicas", "N", settings.replicas, "control-plane replicas (3)")
        .option("--duration", "SPAN", options->duration, "simulated time, as 30m or 2h (30m)")
        .option("--seed", "N", options->seed, "another seed, another course of events (1)")
        .option("--start", "TIME", options->start,
                "when it begins, RFC 3339 (2026-05-24T10:00:00Z)")
        .note(scenario_notes())
        .note("The same arguments give the same journal, byte for byte of its events.")
        .example("fenceline simulate pool.db")
        .example("fenceline simulate race.db --scenario orphan-race --workers 60 --seed 7 --json")
        .run([options](Context& context) { return simulate(*options, context); });
}

}  // namespace fenceline::tools
