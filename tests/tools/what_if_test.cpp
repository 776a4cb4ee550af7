// `fenceline replay --with` as its users type it.

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/support/program.hpp"
#include "tests/support/temp_dir.hpp"

using fenceline::testing::run_program;
using fenceline::testing::TempDir;
using Json = nlohmann::json;

namespace {

bool says(const std::string& text, std::string_view what) {
    return text.find(what) != std::string::npos;
}

// Two idle workers and two claims of one org; the second worker is drained.
const std::vector<std::string> life{
    R"({"op":"adopt","worker":1,"state":"idle","owner":"cp-a","image":"i","at":1000000000})",
    R"({"op":"adopt","worker":2,"state":"idle","owner":"cp-a","image":"i","at":2000000000})",
    R"({"op":"claim_idle","org":"acme","image":"i","at":3000000000})",
    R"({"op":"claim_idle","org":"acme","image":"i","at":4000000000})",
    R"({"op":"drain","lease":{"worker":2,"owner":"cp-a","epoch":1,"image":"i"},"at":5000000000})",
    R"({"op":"retire_drained","lease":{"worker":2,"owner":"cp-a","epoch":1,"image":"i"},)"
    R"("reason":"normal","at":6000000000})"};

std::string small_journal(const TempDir& dir) {
    const auto path = dir / "pool.db";
    REQUIRE(run_program({"init", path}).code == 0);
    std::string input;
    for (const auto& line : life) input += line + "\n";
    const auto ran = run_program({"exec", path, "--as", "cp-a", "--run", "r", "--clock", "input"},
                                 {.input = input});
    REQUIRE_MESSAGE(ran.code == 0, ran.err);
    return path;
}

}  // namespace

TEST_SUITE("tools/what_if") {
    TEST_CASE("a window that holds nothing is an error and not an answer") {
        TempDir dir;
        const auto path = small_journal(dir);
        const std::vector<std::string> nothing[] = {{"--from", "#999"},
                                                    {"--from", "2030-01-01T00:00:00Z"},
                                                    {"--to", "1960-01-01T00:00:00Z"},
                                                    {"--from", "#4", "--to", "#2"}};
        for (const std::string mode : {"--check", "--with"})
            for (const auto& window : nothing) {
                std::vector<std::string> asked{"replay", path, mode};
                if (mode == "--with") asked.push_back("max_org_workers=1");
                asked.insert(asked.end(), window.begin(), window.end());
                CAPTURE(asked);
                const auto ran = run_program(asked);
                CHECK(ran.code == 2);
                CHECK(ran.out.empty());
            }
        CHECK(run_program({"replay", path, "--with", ""}).code == 2);
    }

    TEST_CASE("a policy is answered with the workers that would have fared otherwise") {
        TempDir dir;
        const auto path = small_journal(dir);
        const auto ran = run_program({"replay", path, "--with", "max_org_workers=1"});
        CHECK(ran.code == 0);
        CHECK(ran.err.empty());
        CHECK(ran.out ==
              "WORKER  OTHERWISE  RECORDED                                                   "
              "ENDED AT                        UNDER THE POLICY  ENDED AT  BECAUSE\n"
              "     2  lives      retired by retire_drained #6, claimed #4 by cp-a for acme  "
              "1970-01-01T00:00:06.000000000Z  idle                        the claim #4 ends as "
              "org_cap\n"
              "\n"
              "under max_org_workers=1, events #1 to #6, if callers had behaved as they are "
              "recorded:\n"
              "1 worker would have fared otherwise; lives: 1\n"
              "2 operations would not have been asked\n"
              "\n"
              "                     RECORDED  POLICY\n"
              "claims served               2       1\n"
              "claims refused              0       1\n"
              "spawned                     0       0\n"
              "spawns refused              0       0\n"
              "most active at once         2       2\n"
              "idle at the end             0       1\n"
              "reserved at the end         1       1\n"
              "retired at the end          1       0\n");
    }

    TEST_CASE("the same as JSON") {
        TempDir dir;
        const auto path = small_journal(dir);
        const auto ran = run_program({"replay", path, "--with", "max_org_workers=1", "--with",
                                      "hot_idle_ttl=1h30m", "--json"});
        CHECK(ran.code == 0);
        const auto out = Json::parse(ran.out);
        CHECK(out["policy"] == "hot_idle_ttl=1h30m,max_org_workers=1");
        CHECK(out["after"] == 0);
        CHECK(out["to"] == 6);
        CHECK(out["limits"]["hot_idle_ttl"]["value_ns"] == 5'400'000'000'000);
        CHECK(out["limits"]["hot_idle_ttl"]["replaced"] == true);
        CHECK(out["limits"]["hot_idle_ttl"]["youngest_ns"].is_null());
        CHECK(out["limits"]["orphan_grace"]["named"] == false);
        CHECK(out["recorded"]["claims_served"] == 2);
        CHECK(out["under_policy"]["at_end"]["idle"] == 1);
        CHECK(out["otherwise"]["lives"] == 1);
        CHECK(out["otherwise"]["dies"] == 0);
        CHECK(out["more_workers"] == 0);
        REQUIRE(out["workers"].size() == 1);
        const auto& worker = out["workers"][0];
        CHECK(worker["worker"] == 2);
        CHECK(worker["otherwise"] == "lives");
        CHECK(worker["recorded"]["ended_by"]["position"] == 6);
        CHECK(worker["recorded"]["ended_by"]["reason"] == "normal");
        CHECK(worker["recorded_claim"]["position"] == 4);
        CHECK(worker["policy"]["state"] == "idle");
        CHECK(worker["policy"]["ended_by"].is_null());
        CHECK(worker["policy_claim"].is_null());
        CHECK(worker["because"]["why"] == "claim_refused");
        CHECK(worker["because"]["outcome"] == "org_cap");
    }

    TEST_CASE("a window is told from the state before it") {
        TempDir dir;
        const auto path = small_journal(dir);
        const auto ran = run_program({"replay", path, "--with", "max_org_workers=1", "--from", "#4",
                                      "--to", "#5", "--json"});
        CHECK(ran.code == 0);
        const auto out = Json::parse(ran.out);
        CHECK(out["events"] == 2);
        CHECK(out["recorded"]["claims_served"] == 1);
        CHECK(out["workers"][0]["recorded"]["state"] == "draining");
        const auto nothing =
            run_program({"replay", path, "--with", "max_org_workers=1", "--from", "#5"});
        CHECK(nothing.code == 0);
        CHECK(says(nothing.out, "no worker would have fared otherwise\n"));
    }

    TEST_CASE("what the policy does not know is refused with what was meant") {
        TempDir dir;
        const auto path = small_journal(dir);
        const std::pair<std::vector<std::string>, std::string> wrong[] = {
            {{"--with", "hot_idle_tll=5m"}, "did you mean \"hot_idle_ttl\"?"},
            {{"--with", "hot_idle_ttl=5"}, "\"5\" is not a duration for hot_idle_ttl"},
            {{"--with", "max_org_workers=-1"}, "not a whole number for max_org_workers"},
            {{"--with", "max_org_workers"}, "is not KEY=VALUE"},
            {{"--with", "hot_idle_ttl=90000d"}, "longer than 100 years"},
            {{"--with", "warm_target=1", "--with", "warm_target=1"}, "is there twice"},
            {{"--with", "warm_target=1", "--check"}, "exclude each other"},
            {{"--with", "warm_target=1", "--step"}, "exclude each other"},
            {{"--with", "warm_target=1", "--coverage"}, "--coverage belongs to --check"},
            {{"--with", "warm_target=1", "--from-start"}, "--from-start folds"},
            {{"--with", "warm_target=1", "--from", "#5", "--to", "#3"}, "no event lies between"},
            {{"--with", "warm_target=1", path}, "several journals only with --check"},
        };
        for (const auto& [options, why] : wrong) {
            CAPTURE(why);
            std::vector<std::string> line{"replay", path};
            line.insert(line.end(), options.begin(), options.end());
            const auto ran = run_program(line);
            CHECK(ran.code == 2);
            CHECK(ran.out.empty());
            CHECK(says(ran.err, "fenceline: "));
            CHECK_MESSAGE(says(ran.err, why), ran.err);
        }
        const auto none = run_program({"replay", dir / "none.db", "--with", "warm_target=1"});
        CHECK(none.code == 3);
    }

    TEST_CASE("texts of a journal do no harm on the way out") {
        TempDir dir;
        const auto path = dir / "pool.db";
        REQUIRE(run_program({"init", path}).code == 0);
        const std::string input =
            R"({"op":"adopt","worker":1,"state":"hot","owner":"cp-a","image":"i",)"
            R"("org":"\u001b[2Jacme\n"})"
            "\n"
            R"({"op":"adopt","worker":2,"state":"idle","owner":"cp-a","image":"i"})"
            "\n"
            R"({"op":"claim_idle","org":"\u001b[2Jacme\n","image":"i"})"
            "\n";
        REQUIRE(run_program({"exec", path, "--as", "cp\u202e-a"}, {.input = input}).code == 0);
        const auto ran = run_program({"replay", path, "--with", "max_org_workers=1"});
        CHECK(ran.code == 0);
        const auto harmless = [&](std::string_view bad) { return !says(ran.out, bad); };
        CHECK(harmless("\x1b"));
        CHECK(harmless("\u202e"));
        CHECK(says(ran.out, "claimed #3 by cp\\u202e-a for \\x1b[2Jacme\\n"));
    }
}
