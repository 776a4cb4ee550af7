// The store against the oracle: random operations, every answer, every event, every number.
//
//   --seed 17     runs that one episode (and the rest of its case) again
//   --scale 0.1   a tenth of the operations; the table of what was met is then not judged
//   --long        tens of millions of operations

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "journal/open.hpp"
#include "tests/model/episode.hpp"
#include "tests/support/extent.hpp"
#include "tests/support/temp_dir.hpp"

using namespace fenceline;
using namespace fenceline::testing;

namespace {

struct Total {
    Coverage met;
    std::int64_t episodes = 0, commands = 0, events = 0, kept = 0, sweeps = 0, reopened = 0;
    std::int64_t failed_commits = 0;
    std::string failure;

    void add(const EpisodeResult& result) {
        ++episodes;
        met.add(result.met);
        commands += result.commands;
        events += result.events;
        kept += result.kept_in_memory;
        sweeps += result.sweeps;
        reopened += result.reopened;
        failed_commits += result.failed_commits;
        if (failure.empty()) failure = result.failure;
    }
    [[nodiscard]] std::string words() const {
        return std::to_string(episodes) + " episodes, " + std::to_string(commands) +
               " operations, " + std::to_string(events) + " events, " + std::to_string(kept) +
               " heartbeats kept in memory, " + std::to_string(sweeps) + " sweeps, " +
               std::to_string(reopened) + " reopenings, " + std::to_string(failed_commits) +
               " failed commits";
    }
};

// Episodes from seed `first` on until one fails.
Total run(std::uint64_t first, std::int64_t episodes, EpisodeOptions options) {
    const Extent extent;
    Total total;
    if (extent.seed) {
        first = *extent.seed;
        episodes = 1;
    }
    for (std::int64_t i = 0; i < episodes && total.failure.empty(); ++i) {
        options.seed = first + static_cast<std::uint64_t>(i);
        total.add(run_episode(options, memory_shelf()));
    }
    MESSAGE(total.words());
    return total;
}

}  // namespace

TEST_SUITE("model/store") {
    TEST_CASE("random operations end as the contract says and reach all of it") {
        const Extent extent;
        Total total = run(1, extent.runs(200), {.commands = 6'000});
        REQUIRE_MESSAGE(total.failure.empty(), total.failure);
        if (std::getenv("FENCELINE_TABLE")) MESSAGE(total.met.table());
        if (!extent.judged()) return;
        for (const auto& cell : total.met.short_of(20)) FAIL_CHECK("met too seldom: " << cell);
        CHECK(total.sweeps > 100);
        CHECK(total.reopened > 100);
        CHECK(total.failed_commits > 100);
    }

    TEST_CASE("long lives end as the contract says") {
        const Extent extent;
        const auto total = run(1'000'001, 2, {.commands = extent.runs(60'000)});
        CHECK_MESSAGE(total.failure.empty(), total.failure);
    }

    TEST_CASE("one operation at a time ends as the contract says") {
        const Extent extent;
        const auto total = run(2'000'001, extent.runs(20), {.commands = 5'000, .most_in_batch = 1});
        CHECK_MESSAGE(total.failure.empty(), total.failure);
    }

    TEST_CASE("heartbeats kept in memory change nothing but when they are recorded") {
        const Extent extent;
        const auto total = run(3'000'001, extent.runs(40),
                               {.commands = 5'000, .heartbeat_resolution_ns = 10'000'000'000});
        CHECK_MESSAGE(total.failure.empty(), total.failure);
        if (extent.judged()) CHECK(total.kept > 1'000);
    }

    TEST_CASE("random operations over SQLite end as the contract says") {
        const Extent extent;
        for (const std::int64_t resolution : {0, 1}) {
            TempDir dir;
            const JournalOptions options{
                .path = dir / "pool.db", .create = true, .wal_reserve_bytes = 1 << 20};
            const Shelf shelf{[&] {
                                  auto opened = open_journal(options);
                                  REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().text));
                                  return std::move(*opened);
                              },
                              nullptr};
            const auto result =
                run_episode({.seed = extent.seed.value_or(4'000'001),
                             .commands = extent.runs(resolution == 0 ? 30'000 : 2'000),
                             .heartbeat_resolution_ns = resolution * 10'000'000'000,
                             .most_in_batch = 128},
                            shelf);
            CHECK_MESSAGE(result.failure.empty(), result.failure);
        }
    }
}

TEST_SUITE("model/itself") {
    // Every seed passes as it is and fails with one answer altered, at that answer or soon after.
    TEST_CASE("a planted fault is found") {
        const std::vector<std::pair<Plant, std::string>> plants{
            {Plant::outcome, "outcome"},
            {Plant::worker, "worker"},
            {Plant::to_state, "to"},
            {Plant::refusal_winner, "winner"},
            {Plant::lease_epoch, "lease's epoch"},
            {Plant::cleanup, "cleanup"},
            {Plant::replayed, "replayed"},
            {Plant::event_origin, "origin"},
            {Plant::event_missing, "event"},
            {Plant::list, "expected"},
            {Plant::record, "epoch"},
            {Plant::record_later, "updated_at"},
            {Plant::counter, "worker_lifecycle_transitions_total"},
            {Plant::gauge, "worker_lifecycle_count"},
            {Plant::fold, "drain"},
        };
        const EpisodeOptions sound{.seed = 77, .commands = 6'000, .plant_at = 1'500};
        const auto without = run_episode(sound, memory_shelf());
        REQUIRE_MESSAGE(without.failure.empty(), without.failure);
        for (const auto& [plant, word] : plants) {
            EpisodeOptions faulty = sound;
            faulty.plant = plant;
            const auto result = run_episode(faulty, memory_shelf());
            CAPTURE(word);
            CAPTURE(result.failure);
            CHECK(result.failure.find(word) != std::string::npos);
            CHECK(result.commands >= sound.plant_at);
        }
    }

    TEST_CASE("the same seed gives the same run") {
        const EpisodeOptions options{.seed = 5, .commands = 2'000};
        const auto a = run_episode(options, memory_shelf());
        const auto b = run_episode(options, memory_shelf());
        CHECK(a.commands == b.commands);
        CHECK(a.events == b.events);
        CHECK(a.met.table() == b.met.table());
    }

    TEST_CASE("a cell that nobody met is named") {
        Coverage nothing;
        const auto missing = nothing.short_of(1);
        CHECK(missing.size() > 300);
        CHECK(std::ranges::find(missing, "publish_idle, fence_miss_state, neutral: 0") !=
              missing.end());
    }
}
