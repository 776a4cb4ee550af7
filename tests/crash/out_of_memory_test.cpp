// Memory runs out at each allocation of a store, of its own and of SQLite's, once or for ever.
// Whatever was answered is true afterwards, and with memory again the store goes on.
//
//   --seed 17     another sample
//   --scale 5     five times as many of the allocations
//   --long        each allocation

#include <algorithm>
#include <array>
#include <new>
#include <random>
#include <thread>

#include <doctest/doctest.h>

#include "tests/crash/memory_run.hpp"
#include "tests/support/extent.hpp"
#include "tests/support/journal_script.hpp"
#include "tests/support/opened.hpp"

namespace fenceline::testing {

namespace {

using Lasts = Shortage::Lasts;

struct Tally {
    int runs = 0, met = 0, unknown = 0, stopped = 0, wrong = 0;
    std::string first_wrong;
};

// Whether the allocation was reached: there are no more when it was not.
bool run_once(const MemoryScript& script, const Shortage& shortage, Tally& tally) {
    static std::string wrong;
    wrong.clear();
    const auto before = memory_in_use();
    bool met = false;
    {
        MemoryRun run(script);
        run.to_the_end(shortage);
        wrong = run.judge();
        met = run.met();
        tally.unknown += run.unknown();
        tally.stopped += run.stopped() ? 1 : 0;
    }
    if (wrong.empty() && !(memory_in_use() == before)) wrong = "it leaks";
    ++tally.runs;
    tally.met += met ? 1 : 0;
    if (!wrong.empty()) {
        ++tally.wrong;
        if (tally.first_wrong.empty())
            tally.first_wrong =
                std::string(script.name) + ", allocation " + std::to_string(shortage.nth) +
                (shortage.of == Memory::of_sqlite ? " of SQLite" : "") +
                (shortage.lasts == Lasts::once ? ": " : " and all after it: ") + wrong;
    }
    return met;
}

int allocations_of(const MemoryScript& script, Memory of) {
    MemoryRun run(script);
    run.to_the_end({.of = of, .nth = 100'000'000});
    CHECK(run.judge() == "");
    CHECK_FALSE(run.stopped());
    return run.allocations();
}

void at_some(const MemoryScript& script, Memory of, Lasts lasts, Tally& tally) {
    static std::mt19937_64 random(Extent().seed_or(1));
    const auto allocations = static_cast<unsigned>(allocations_of(script, of));
    for (std::int64_t i = 0; i < Extent().scaled(10); ++i)
        run_once(script,
                 {.of = of, .nth = 1 + static_cast<int>(random() % allocations), .lasts = lasts},
                 tally);
}

void at_each(const MemoryScript& script, Memory of, Lasts lasts, Tally& tally) {
    (void)allocations_of(script, of);  // what is made once and kept is no leak
    for (int nth = 1; run_once(script, {.of = of, .nth = nth, .lasts = lasts}, tally); ++nth) {
    }
}

void runs_out(Memory of) {
    const bool each = Extent().long_form;
    Tally all;
    for (const auto& script : memory_scripts())
        for (const Lasts lasts : {Lasts::once, Lasts::for_ever}) {
            Tally tally;
            each ? at_each(script, of, lasts, tally) : at_some(script, of, lasts, tally);
            CHECK_MESSAGE(tally.wrong == 0, tally.first_wrong);
            all.runs += tally.runs;
            all.met += tally.met;
            all.unknown += tally.unknown;
            all.stopped += tally.stopped;
        }
    MESSAGE(all.runs << " runs, " << all.met << " of them out of memory, " << all.unknown
                     << " operations answered as unknown, " << all.stopped
                     << " stores had to be reopened");
    CHECK(all.met * 10 > all.runs * 8);
}

}  // namespace

TEST_SUITE_BEGIN("crash/out_of_memory");

TEST_CASE("memory that SQLite does not get makes no answer untrue") {
    runs_out(Memory::of_sqlite);
}

TEST_CASE("memory that the store does not get makes no answer untrue") {
    runs_out(Memory::of_program);
}

// Each has its own shortage, which may come while it writes for the others.
TEST_CASE("callers beside one that has no memory are all answered") {
    constexpr int callers = 4, calls = 60;
    const TempDir dir;
    const std::string path = dir / "pool.db";
    auto store = value_of(LifecycleStore::open({.path = path, .create = true, .instance = "cp"}));
    std::array<std::vector<std::string>, callers> done;
    const auto seed = Extent().seed_or(1);
    const auto call = [&](std::uint64_t caller) {
        std::mt19937_64 random(seed * callers + caller);
        for (int i = 0; i < calls; ++i) {
            const auto id = std::to_string(caller) + "-" + std::to_string(i);
            Shortage shortage{.nth = 1 + static_cast<int>(random() % 150)};
            const Scarce scarce(shortage);
            try {
                auto answer = store->spawn({.image = "img"}, {.request_id = id});
                if (answer) done[caller].push_back(id);
            } catch (const std::bad_alloc&) {
                // Nothing was done.
            }
        }
    };
    for (int round = 0; round < 8; ++round) {
        std::vector<std::thread> threads;
        for (std::uint64_t caller = 0; caller < callers; ++caller)
            threads.emplace_back(call, caller);
        for (auto& thread : threads) thread.join();
        if (store->status().poisoned) REQUIRE(store->reopen().has_value());
        REQUIRE(store->spawn({.image = "img"}).has_value());
    }
    REQUIRE(store->close().has_value());
    const auto events = hear(*reader_of(path)).events;
    std::size_t answered = 0;
    for (const auto& ids : done)
        for (const auto& id : ids) {
            ++answered;
            CHECK_MESSAGE(std::ranges::count(events, id, &Event::request_id) == 1, id);
        }
    MESSAGE(answered << " of " << 8 * callers * calls << " answered");
    CHECK(answered > 0);
    CHECK(verified(path).sound());
}

TEST_SUITE_END();

}  // namespace fenceline::testing
