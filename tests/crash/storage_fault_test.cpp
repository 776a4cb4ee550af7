// The storage under a whole store fails at each of its calls: reads, writes, syncs, truncations,
// openings, removals, locks and the shared index, once or for ever. Whatever was answered is true
// afterwards.
//
//   --seed 17     another sample
//   --scale 5     five times as many of the calls
//   --long        each call

#include <algorithm>
#include <map>
#include <random>
#include <utility>

#include <doctest/doctest.h>

#include "tests/crash/faulted_run.hpp"
#include "tests/support/extent.hpp"
#include "tests/support/guarantees.hpp"

namespace fenceline::testing {

namespace {

using Leaves = Fault::Leaves;
using Lasts = Fault::Lasts;

struct Kind {
    const char* name;
    Fault fault;
};

// clang-format off
const Kind kinds[] = {
    {"read error", {.what = Call::read, .code = SQLITE_IOERR_READ}},
    {"read errors", {.what = Call::read, .code = SQLITE_IOERR_READ, .lasts = Lasts::for_ever}},
    {"short write", {.what = Call::write, .code = SQLITE_IOERR_WRITE}},
    {"write error", {.what = Call::write, .code = SQLITE_IOERR_WRITE, .leaves = Leaves::nothing}},
    {"write errors", {.what = Call::write, .code = SQLITE_IOERR_WRITE, .lasts = Lasts::for_ever}},
    {"full disk for a moment", {.what = Call::write, .code = SQLITE_FULL}},
    {"full disk", {.what = Call::write, .code = SQLITE_FULL, .lasts = Lasts::for_ever}},
    {"sync error; kept", {.what = Call::sync, .code = SQLITE_IOERR_FSYNC}},
    {"sync error; dropped", {.what = Call::sync, .code = SQLITE_IOERR_FSYNC,
                             .leaves = Leaves::nothing}},
    {"sync errors; kept", {.what = Call::sync, .code = SQLITE_IOERR_FSYNC,
                           .lasts = Lasts::for_ever}},
    {"sync errors; dropped", {.what = Call::sync, .code = SQLITE_IOERR_FSYNC,
                              .lasts = Lasts::for_ever, .leaves = Leaves::nothing}},
    {"truncation error", {.what = Call::truncate, .code = SQLITE_IOERR_TRUNCATE}},
    {"truncation errors", {.what = Call::truncate, .code = SQLITE_IOERR_TRUNCATE,
                           .lasts = Lasts::for_ever}},
    {"open error", {.what = Call::open, .code = SQLITE_CANTOPEN}},
    {"open errors", {.what = Call::open, .code = SQLITE_CANTOPEN, .lasts = Lasts::for_ever}},
    {"removal error", {.what = Call::remove, .code = SQLITE_IOERR_DELETE}},
    {"removal errors", {.what = Call::remove, .code = SQLITE_IOERR_DELETE,
                        .lasts = Lasts::for_ever}},
    {"lock error", {.what = Call::lock, .code = SQLITE_IOERR_LOCK}},
    {"lock errors", {.what = Call::lock, .code = SQLITE_IOERR_LOCK, .lasts = Lasts::for_ever}},
    {"no room for the index", {.what = Call::shm_map, .code = SQLITE_IOERR_SHMSIZE}},
    {"never room for the index", {.what = Call::shm_map, .code = SQLITE_IOERR_SHMSIZE,
                                  .lasts = Lasts::for_ever}},
    {"index lock error", {.what = Call::shm_lock, .code = SQLITE_IOERR_SHMLOCK}},
    {"index lock errors", {.what = Call::shm_lock, .code = SQLITE_IOERR_SHMLOCK,
                           .lasts = Lasts::for_ever}},
};
// clang-format on

struct Tally {
    int runs = 0, fired = 0, unknown = 0, wrong = 0;
    std::string first_wrong;
};

// Whether the fault was reached: there are no more such calls when it was not.
bool run_once(const Script& script, const Kind& kind, int nth, End end, Tally& tally,
              Planted planted = Planted::none) {
    FaultedRun run(script, planted);
    Fault fault = kind.fault;
    fault.nth = nth;
    fault.sixteenths = nth * 5 % 16;
    run.to_the_end(fault, end);
    const auto wrong = run.judge();
    ++tally.runs;
    tally.fired += run.fired();
    tally.unknown += run.unknown();
    if (!wrong.empty()) {
        ++tally.wrong;
        if (tally.first_wrong.empty())
            tally.first_wrong = std::string(script.name) + ", " + kind.name + " " +
                                std::to_string(nth) + (end == End::killed ? ", killed: " : ": ") +
                                wrong;
    }
    return run.fired();
}

int calls_of(const Script& script, Call what) {
    FaultedRun run(script);
    run.to_the_end({.what = what, .nth = 1'000'000}, End::goes_on);
    CHECK(run.judge() == "");
    return run.calls();
}

void at_each_call(const Script& script, const Kind& kind, Tally& tally) {
    for (const End end : {End::goes_on, End::killed})
        for (int nth = 1; run_once(script, kind, nth, end, tally); ++nth) {
        }
}

void at_some_calls(const Script& script, const Kind& kind, Tally& tally) {
    static std::mt19937_64 random(Extent().seed_or(1));
    static std::map<std::pair<std::string, Call>, int> known;
    auto& calls = known[{script.name, kind.fault.what}];
    if (calls == 0) calls = calls_of(script, kind.fault.what);
    if (calls == 0) return;
    for (std::int64_t i = 0; i < Extent().scaled(2); ++i) {
        const auto nth = 1 + static_cast<int>(random() % static_cast<unsigned>(calls));
        run_once(script, kind, nth, i % 2 == 0 ? End::goes_on : End::killed, tally);
    }
}

}  // namespace

TEST_SUITE_BEGIN("crash/storage_fault");

TEST_CASE("storage that fails at any call makes no answer untrue") {
    const bool each = Extent().long_form;
    Tally all;
    for (const auto& script : scripts())
        for (const auto& kind : kinds) {
            Tally tally;
            each ? at_each_call(script, kind, tally) : at_some_calls(script, kind, tally);
            CHECK_MESSAGE(tally.wrong == 0, tally.first_wrong);
            all.runs += tally.runs;
            all.fired += tally.fired;
            all.unknown += tally.unknown;
        }
    MESSAGE(all.runs << " runs, " << all.fired << " of them with a fault, " << all.unknown
                     << " operations answered as unknown");
    CHECK(all.fired * 10 > all.runs * 8);
    CHECK(all.unknown > 50);
    CHECK(is_guaranteed("a seeded sample, " + figure(all.fired) + " faults"));
}

// The last of them fails where nobody asks any more: in the housekeeping before the store is
// closed.
TEST_CASE("each sync that fails while history is sealed is heard") {
    const auto sealing = std::ranges::find(scripts(), std::string("sealing"), &Script::name);
    REQUIRE(sealing != scripts().end());
    Tally tally;
    const Kind kept{"sync error", {.what = Call::sync, .code = SQLITE_IOERR_FSYNC}};
    for (int nth = 1; run_once(*sealing, kept, nth, End::goes_on, tally); ++nth) {
    }
    CHECK_MESSAGE(tally.wrong == 0, tally.first_wrong);
    CHECK(tally.fired > 13);
}

// The controls: what a store must never say is seen.
TEST_CASE("a failed commit that is answered as done is seen") {
    Tally tally;
    const Kind dropped{"sync error",
                       {.what = Call::sync, .code = SQLITE_IOERR_FSYNC, .leaves = Leaves::nothing}};
    for (int nth = 1;
         run_once(scripts()[1], dropped, nth, End::killed, tally, Planted::answers_failures);
         ++nth) {
    }
    MESSAGE(tally.wrong << " of " << tally.fired << " runs seen: " << tally.first_wrong);
    CHECK(tally.wrong >= 3);
}

TEST_CASE("an unknown commit that is answered as refused is seen") {
    Tally tally;
    const Kind kept{"sync error", {.what = Call::sync, .code = SQLITE_IOERR_FSYNC}};
    for (int nth = 1;
         run_once(scripts()[1], kept, nth, End::killed, tally, Planted::refuses_unknown); ++nth) {
    }
    MESSAGE(tally.wrong << " of " << tally.fired << " runs seen: " << tally.first_wrong);
    CHECK(tally.wrong >= 3);
}

TEST_SUITE_END();

}  // namespace fenceline::testing
