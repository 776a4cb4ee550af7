// What many simulations came to, added up and in words.

#include <algorithm>

#include "tests/simulation/simulation.hpp"

namespace fenceline::testing {

void SimulationCounts::add(const SimulationCounts& other) {
    seeds += other.seeds;
    planes += other.planes;
    steps += other.steps;
    events += other.events;
    troubles += other.troubles;
    outages += other.outages;
    clock_troubles += other.clock_troubles;
    leaders_moved += other.leaders_moved;
    rounds += other.rounds;
    most_rounds = std::max(most_rounds, other.most_rounds);
    plane.turns += other.plane.turns;
    plane.starts += other.plane.starts;
    plane.deaths += other.plane.deaths;
    plane.reopened += other.plane.reopened;
    plane.rollouts += other.plane.rollouts;
    plane.unanswered += other.plane.unanswered;
    judge.commands += other.judge.commands;
    judge.replayed += other.judge.replayed;
    judge.in_memory += other.judge.in_memory;
    judge.unknown += other.judge.unknown;
    judge.refused_by_storage += other.judge.refused_by_storage;
    judge.landed += other.judge.landed;
    judge.sweeps += other.judge.sweeps;
    judge.swept_workers += other.judge.swept_workers;
    judge.expired_planes += other.judge.expired_planes;
    judge.queries += other.judge.queries;
    for (const auto& [outcome, times] : other.judge.outcomes) judge.outcomes[outcome] += times;
}

std::string SimulationCounts::words() const {
    std::string out;
    const auto say = [&](std::int64_t n, const char* what) {
        out += (out.empty() ? "" : ", ") + std::to_string(n) + " " + what;
    };
    say(seeds, "seeds");
    say(planes, "planes");
    say(steps, "steps");
    say(judge.commands, "commands");
    say(events, "events");
    say(troubles, "troubles");
    say(clock_troubles, "of clocks");
    say(leaders_moved, "moves of leadership");
    say(plane.starts, "starts");
    say(plane.deaths, "deaths");
    say(outages, "outages");
    say(plane.rollouts, "rollouts");
    say(plane.reopened, "reopenings");
    say(plane.unanswered, "answers lost");
    say(judge.replayed, "answered again");
    say(judge.in_memory, "heartbeats kept in memory");
    say(judge.refused_by_storage, "refused by the storage");
    say(judge.unknown, "unknown");
    say(judge.landed, "commits there that nobody was told of");
    say(judge.sweeps, "sweeps");
    say(judge.expired_planes, "planes expired");
    say(judge.swept_workers, "workers swept");
    say(judge.queries, "looks at everything");
    say(most_rounds, "rounds at most until all was in order");
    out += "; outcomes:";
    for (const auto& [outcome, times] : judge.outcomes)
        out += " " + outcome + " " + std::to_string(times);
    return out;
}

}  // namespace fenceline::testing
