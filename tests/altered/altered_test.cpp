// Another transition table, linked in place of ours (tests/CMakeLists.txt says which rows differ),
// judges what the real program recorded: exactly the operations that met those rows end otherwise,
// each with its row.
//
// Everything that decides in this process decides by the altered table, so journals come from the
// program.

#include <set>

#include <doctest/doctest.h>

#include "journal/open.hpp"
#include "replay/decision_check.hpp"
#include "tests/support/program.hpp"
#include "tests/support/temp_dir.hpp"

using namespace fenceline;
using namespace fenceline::replay;
using fenceline::testing::run_program;
using fenceline::testing::TempDir;

namespace {

Judged judged_of(const std::string& path) {
    const auto reader = open_reader(path);
    REQUIRE(reader);
    auto judged = check_decisions(**reader, {.most_divergences = 1'000'000});
    REQUIRE(judged);
    return *judged;
}

std::string lease(int worker) {
    return R"("lease":{"worker":)" + std::to_string(worker) +
           R"(,"owner":"cp-a","epoch":5,"image":"i"})";
}

std::string adopt(int worker) {
    return R"({"op":"adopt","worker":)" + std::to_string(worker) +
           R"(,"state":"hot","owner":"cp-a","epoch":5,"org":"acme","image":"i","at":1000})" + "\n";
}

}  // namespace

TEST_SUITE("altered/table") {
    TEST_CASE("exactly the operations of the altered rows diverge and each names its row") {
        TempDir dir;
        const auto path = dir / "pool.db";
        REQUIRE(run_program({"init", path}).code == 0);
        const std::string input =
            adopt(1) + adopt(2) + adopt(3) +         // #1 to #3
            R"({"op":"park",)" + lease(1) + "}\n" +  // #4: another target
            R"({"op":"heartbeat",)" + lease(2) + R"(,"at":30000000000})" + "\n" +  // #5
            R"({"op":"drain",)" + lease(2) + "}\n" +                               // #6
            R"({"op":"heartbeat",)" + lease(2) + R"(,"at":60000000000})" + "\n" +  // #7: no row
            R"({"op":"cp_heartbeat","as":"cp-a"})" + "\n" +                        // #8
            R"({"op":"retire_orphan_from_snapshot","snapshot":{"worker":3,"state":"hot",)"
            R"("owner":"cp-a","epoch":5,"image":"i","version":3}})" +
            "\n" +                                   // #9: one fence less
            R"({"op":"park",)" + lease(1) + "}\n" +  // #10: parked already
            R"({"op":"retire_drained",)" + lease(2) + R"(,"reason":"normal"})" + "\n";  // #11
        const auto ran =
            run_program({"exec", path, "--as", "cp-a", "--clock", "input"}, {.input = input});
        REQUIRE_MESSAGE(ran.code == 0, ran.err);

        const auto judged = judged_of(path);
        CHECK(judged.events == 11);
        CHECK(judged.decided == 11);
        REQUIRE(judged.diverged == 3);

        const auto& park = judged.divergences[0];
        CHECK(park.position == Position{4});
        CHECK(park.recorded.to == State::hot_idle);
        CHECK(park.today.to == State::idle);
        REQUIRE(park.row);
        CHECK(park.row->from == State::hot);
        CHECK(park.row->operation == Operation::park);
        CHECK(park.row->to == State::idle);

        const auto& heartbeat = judged.divergences[1];
        CHECK(heartbeat.position == Position{7});
        CHECK(heartbeat.recorded.outcome == Outcome::transitioned);
        CHECK(heartbeat.today.outcome == Outcome::fence_miss_state);
        CHECK(heartbeat.today.failed_check == Check::legal_state);
        CHECK(heartbeat.today.from == State::draining);
        CHECK_FALSE(heartbeat.row);

        const auto& orphan = judged.divergences[2];
        CHECK(orphan.position == Position{9});
        CHECK(orphan.recorded.outcome == Outcome::fence_miss_cp_revived);
        CHECK(orphan.today.outcome == Outcome::transitioned);
        CHECK(orphan.today.to == State::retired);
        REQUIRE(orphan.row);
        CHECK(orphan.row->operation == Operation::retire_orphan_from_snapshot);
        CHECK(orphan.row->fences == "exists, owner, epoch, observed_state, version");
    }

    TEST_CASE("in an incident every operation of the altered rows diverges and no other") {
        TempDir dir;
        const auto path = dir / "incident.db";
        REQUIRE(run_program({"simulate", path, "--scenario", "orphan-race", "--workers", "40",
                             "--duration", "15m", "--seed", "5"})
                    .code == 0);
        const auto judged = judged_of(path);
        std::int64_t expected = 0;
        for (const auto& [what, count] : judged.coverage.met()) {
            const auto [state, operation, outcome] = what;
            const bool altered = (state == State::hot && operation == Operation::park &&
                                  outcome == Outcome::transitioned) ||
                                 (state == State::draining && operation == Operation::heartbeat &&
                                  outcome == Outcome::transitioned) ||
                                 outcome == Outcome::fence_miss_cp_revived;
            CAPTURE(to_text(operation));
            // Coverage counts heartbeats, of which one event may tally several.
            if (altered && operation != Operation::heartbeat) expected += count;
        }
        CHECK(expected > 0);
        std::int64_t found = 0, revived = 0;
        for (const auto& d : judged.divergences) {
            if (d.operation == Operation::heartbeat) {
                CHECK(d.today.from == State::draining);
                continue;
            }
            ++found;
            const bool is_park = d.operation == Operation::park;
            revived += int{d.recorded.outcome == Outcome::fence_miss_cp_revived};
            CHECK((is_park || d.recorded.outcome == Outcome::fence_miss_cp_revived));
            REQUIRE(d.row);
            CHECK(d.row->operation == d.operation);
        }
        CHECK(found == expected);
        CHECK(revived > 0);
    }
}
