#pragma once

// One seeded run of the store against the oracle, step by step.
//
//   EpisodeResult result = run_episode({.seed = 7, .commands = 5'000}, memory_shelf());
//   CHECK_MESSAGE(result.failure.empty(), result.failure);   // says the seed and the command
//
// After every batch: each answer, each event in the journal, each cleanup. Now and then: all
// records, lists, gauges and counters, a janitor sweep, a journal that fails, a store that is
// closed and opened again. At the end: the fold from the first event against every checkpoint.
//
// Threading: one episode, one thread.

#include <functional>
#include <memory>
#include <string>

#include "journal/journal.hpp"
#include "journal/memory/memory_journal.hpp"
#include "tests/model/coverage.hpp"

namespace fenceline::testing {

// Where the episode's journal is kept.
struct Shelf {
    std::function<std::unique_ptr<Journal>()> open;
    std::shared_ptr<MemoryStorage> storage;  // set where failures can be injected
};
[[nodiscard]] Shelf memory_shelf();

// A fault in what the episode expects: an episode that does not stumble over it proves nothing.
enum class Plant {
    none,
    outcome,
    worker,
    to_state,
    refusal_winner,
    lease_epoch,
    cleanup,
    replayed,
    event_origin,
    event_missing,
    list,
    record,
    record_later,  // a record that nobody looks at when it goes wrong
    counter,
    gauge,
    fold,
};

struct EpisodeOptions {
    std::uint64_t seed = 1;
    std::int64_t commands = 5'000;
    std::int64_t heartbeat_resolution_ns = 0;
    std::int64_t most_in_batch = 24;
    Plant plant = Plant::none;
    std::int64_t plant_at = 0;  // the first command that it may hit
};

struct EpisodeResult {
    std::string failure;  // empty: the store did as the contract says
    Coverage met;
    std::int64_t commands = 0, events = 0;
    std::int64_t kept_in_memory = 0, sweeps = 0, reopened = 0, failed_commits = 0, folds = 0;
};

[[nodiscard]] EpisodeResult run_episode(const EpisodeOptions& options, const Shelf& shelf);

}  // namespace fenceline::testing
