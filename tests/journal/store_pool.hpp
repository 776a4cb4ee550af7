#pragma once

// A store over a journal in memory, and what its page says.
//
//   Pool pool;
//   const auto lease = pool.hot();
//   pool.storage->fail_next_append(ErrorCode::io, Effect::unknown);
//
// Threading: as the store.

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "journal/fold_sink.hpp"
#include "journal/lifecycle_store.hpp"
#include "journal/memory/memory_journal.hpp"
#include "projections/metrics.hpp"
#include "tests/support/event_tail.hpp"
#include "tests/support/fake_clock.hpp"

namespace fenceline::testing {

// A store over storage that outlives it, as a file outlives a process.
struct Pool {
    std::shared_ptr<MemoryStorage> storage = std::make_shared<MemoryStorage>();
    FakeClock clock;
    std::vector<Cleanup> cleanups;
    std::unique_ptr<LifecycleStore> store;

    explicit Pool(StoreOptions options = {}) { open(options); }

    void open(StoreOptions options = {}) {
        store.reset();
        store = another(options);
    }
    std::unique_ptr<LifecycleStore> another(StoreOptions options = {}) {
        if (options.instance.empty()) options.instance = "cp-a";
        options.clock = &clock;
        options.cleanup = [this](const Cleanup& cleanup) { cleanups.push_back(cleanup); };
        auto opened = LifecycleStore::open(options, make_memory_journal(storage));
        REQUIRE(opened);
        return std::move(*opened);
    }

    Answer ok(Result<Answer> answer) {
        REQUIRE_MESSAGE(answer, (answer ? "" : answer.error().text));
        return *answer;
    }
    WorkerLease hot(const std::string& image = "i") {
        auto spawned = ok(store->spawn({.image = image}));
        ok(store->publish_idle(*spawned.lease));
        auto claimed = ok(store->claim_idle({.org = "acme", .image = image}));
        ok(store->begin_activation(*claimed.lease));
        clock.advance(milliseconds(100));
        ok(store->complete_activation(*claimed.lease));
        return *claimed.lease;
    }
    WorkerSnapshot see(WorkerId id) {
        auto seen = store->observe(id);
        REQUIRE(seen);
        REQUIRE(seen->has_value());
        return **seen;
    }
    // Every event and every seal, as a stranger would fold them.
    Fold folded() {
        auto journal = make_memory_journal(storage);
        Fold fold;
        FoldSink sink(fold);
        auto head = journal->head();
        REQUIRE(head);
        REQUIRE(journal->read({}, head->position, sink));
        return fold;
    }
    std::vector<Event> events() {
        EventTail tail(make_memory_journal(storage));
        return tail.more();
    }
    Position head() { return make_memory_journal(storage)->head()->position; }
};

inline const MetricFamily& family(const MetricSnapshot& snapshot, std::string_view name) {
    const auto it = std::ranges::find(snapshot.families, name, &MetricFamily::name);
    REQUIRE(it != snapshot.families.end());
    return *it;
}

inline std::int64_t counted(const MetricSnapshot& snapshot, std::string_view name,
                            std::vector<std::pair<std::string, std::string>> labels) {
    std::int64_t sum = 0;
    for (const auto& series : family(snapshot, name).series)
        if (std::ranges::all_of(labels, [&](const auto& label) {
                return std::ranges::count(series.labels, label) > 0;
            }))
            sum += series.buckets.empty() ? series.value : series.buckets.back();
    return sum;
}

inline constexpr auto transitions = "duckgres_worker_lifecycle_transitions_total";
inline constexpr auto durations = "duckgres_worker_lifecycle_transition_duration_seconds";

inline MetricSnapshot metrics_of(LifecycleStore& store) {
    StoreStatus status;
    auto made = store.metrics({}, status);
    REQUIRE(made);
    CHECK(status.incomplete == "");
    return *made;
}

}  // namespace fenceline::testing
