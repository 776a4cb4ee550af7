// `fenceline replay` as its users type it: decided again, step by step, until an event.

#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "journal/memory/memory_journal.hpp"
#include "replay/decision_check.hpp"
#include "tests/support/program.hpp"
#include "tests/support/temp_dir.hpp"
#include "tools/simulator/simulation.hpp"

using fenceline::Journal;
using fenceline::make_memory_journal;
using fenceline::MemoryStorage;
using fenceline::Result;
using fenceline::seconds;
using fenceline::replay::Skip;
using fenceline::testing::Ran;
using fenceline::testing::run_program;
using fenceline::testing::TempDir;
using fenceline::tools::Simulation;
using fenceline::tools::SimulationSettings;
using Json = nlohmann::json;

namespace {

bool says(const std::string& text, std::string_view what) {
    return text.find(what) != std::string::npos;
}

// Adopted, parked, a stale drain turned away, drained, a control plane heard of.
const std::vector<std::string> life{
    R"({"op":"adopt","worker":61,"state":"hot","owner":"cp-a","epoch":5,)"
    R"("org":"acme","image":"i","at":1000000000})",
    R"({"op":"park","lease":{"worker":61,"owner":"cp-a","epoch":5,"image":"i"},"at":2000000000})",
    R"({"op":"drain","as":"cp-b","lease":{"worker":61,"owner":"cp-a","epoch":4,"image":"i"},)"
    R"("at":3000000000})",
    R"({"op":"drain","lease":{"worker":61,"owner":"cp-a","epoch":5,"image":"i"},"at":4000000000})",
    R"({"op":"cp_heartbeat","as":"cp-b","at":5000000000})"};

// A journal of the first so many of these events.
std::string journal_of(const std::string& path, std::size_t events) {
    REQUIRE(run_program({"init", path}).code == 0);
    std::string input;
    for (std::size_t i = 0; i < events; ++i) input += life[i] + "\n";
    const auto ran = run_program({"exec", path, "--as", "cp-a", "--run", "r", "--clock", "input"},
                                 {.input = input});
    REQUIRE_MESSAGE(ran.code == 0, ran.err);
    return path;
}
std::string small_journal(const TempDir& dir) {
    return journal_of(dir / "pool.db", life.size());
}

// What a command prints, without how long the calls took: that is the machine's.
std::string shown(std::vector<std::string> arguments) {
    const auto ran = run_program(arguments);
    CHECK(ran.code == 0);
    if (arguments.front() == "stats") {
        auto stats = Json::parse(ran.out);
        stats.erase("durations");
        return stats.dump();
    }
    std::string out;
    for (const auto& line : ran.lines())
        if (!says(line, "transition_duration")) out += line + "\n";
    return out;
}

}  // namespace

TEST_SUITE("tools/replay_modes") {
    TEST_CASE("every scenario of the simulator ends again as it was recorded") {
        for (const char* scenario :
             {"steady", "rollout", "epoch-pileup", "orphan-race", "stuck-activating",
              "pod-delete-failures", "cp-partition", "capacity-crunch"}) {
            CAPTURE(scenario);
            auto storage = std::make_shared<MemoryStorage>();
            SimulationSettings settings{
                .scenario = scenario, .workers = 60, .duration = seconds(15 * 60), .seed = 11};
            settings.open_journal = [&](fenceline::Clock&) -> Result<std::unique_ptr<Journal>> {
                return make_memory_journal(storage);
            };
            REQUIRE(Simulation(settings).run());
            const auto judged = fenceline::replay::check_decisions(*make_memory_journal(storage));
            REQUIRE(judged);
            CHECK(judged->same());
            CHECK(judged->decided > 1'000);
            CHECK(judged->skipped[static_cast<std::size_t>(Skip::unknown)] == 0);
            CHECK(judged->skipped[static_cast<std::size_t>(Skip::cut)] == 0);
            std::int64_t skipped = 0;
            for (const auto count : judged->skipped) skipped += count;
            CHECK(judged->decided + skipped == judged->events);
        }
    }

    TEST_CASE("a folder of journals is judged as one body") {
        TempDir dir;
        std::filesystem::create_directories(dir / "incidents/old");
        journal_of(dir / "incidents/b.db", 5);
        journal_of(dir / "incidents/old/a.db", 3);
        std::ofstream(dir / "incidents/README.md") << "not a journal\n";
        const auto ran = run_program({"replay", dir / "incidents", "--check", "--json"});
        CHECK(ran.code == 0);
        const auto judged = Json::parse(ran.out);
        CHECK(judged["same"] == true);
        CHECK(judged["events"] == 8);
        CHECK(judged["decided"] == 8);
        REQUIRE(judged["journals"].size() == 2);
        CHECK(judged["journals"][0]["events"] == 5);
        CHECK(judged["journals"][1]["events"] == 3);
        CHECK(judged["coverage"]["rows_never_taken"].size() == 76);
        CHECK(judged["coverage"]["met"].size() == 5);
    }

    TEST_CASE("a check says what was exercised and what never was") {
        TempDir dir;
        const auto path = small_journal(dir);
        const auto ran = run_program({"replay", path, "--check", "--coverage"});
        CHECK(ran.code == 0);
        CHECK(says(ran.out, "5 of 5 events decided again: all end as they were recorded\n"));
        CHECK(says(ran.out, "3 of 79 rows of the table were taken; never:\n  - spawn -> spawning"));
        CHECK(says(ran.out, "\nhot_idle  drain         fence_miss_epoch      1\n"));
    }

    TEST_CASE("a journal that cannot be read does not keep the others from being judged") {
        TempDir dir;
        const auto path = small_journal(dir);
        const auto other = dir / "other.db";
        std::ofstream(other) << "SQLite format 3, or so it says";
        const auto ran = run_program({"replay", dir.path().string(), "--check", "--json"});
        CHECK(ran.code == 3);
        CHECK(says(ran.err, "other.db"));
        const auto judged = Json::parse(ran.out);
        CHECK(judged["unreadable"] == 1);
        CHECK(judged["decided"] == 5);
    }

    TEST_CASE("a folder without a journal is an error and not the same") {
        TempDir dir;
        const auto ran = run_program({"replay", dir.path().string(), "--check"});
        CHECK(ran.code == 3);
        CHECK(ran.out.empty());
        CHECK(says(ran.err, "no journal in this folder"));
    }

    TEST_CASE("steps print each event of the window with what it changed") {
        TempDir dir;
        const auto path = small_journal(dir);
        const auto ran = run_program({"replay", path, "--step", "--from", "#2", "--to", "#4"});
        CHECK(ran.code == 0);
        CHECK_FALSE(says(ran.out, "adopt"));
        CHECK(says(ran.out, "worker 61: state hot -> hot_idle, version #1 -> #2\n"));
        CHECK(says(ran.out, "worker 61: unchanged\n"));
        CHECK(says(ran.out,
                   "worker 61: state hot_idle -> draining, drain_started_at - -> "
                   "1970-01-01T00:00:04.000000000Z, version #2 -> #4\n"));
        const auto json = run_program({"replay", path, "--step", "--json"});
        REQUIRE(json.lines().size() == 5);
        const auto first = Json::parse(json.lines()[0]);
        CHECK(first["before"] == nullptr);
        CHECK(first["after"]["state"] == "hot");
        CHECK(Json::parse(json.lines()[4])["after"]["state"] == "active");
    }

    TEST_CASE("until stops at the first event that matches all that was asked") {
        TempDir dir;
        const auto path = small_journal(dir);
        const auto ran =
            run_program({"replay", path, "--until", "outcome=fence_miss_epoch,worker=61"});
        CHECK(ran.code == 0);
        CHECK(says(ran.out, "epoch: expected 4, found 5 (#2)"));
        CHECK(says(ran.out, "stopped after #3: 1 hot_idle\n"));
        CHECK(says(ran.out, "  owner                  cp-a\n"));
        CHECK(says(ran.out, "--at '#2'"));
        CHECK_FALSE(says(ran.out, "park"));

        const auto json =
            run_program({"replay", path, "--step", "--until", "operation=park", "--json"});
        REQUIRE(json.lines().size() == 2);
        CHECK_FALSE(Json::parse(json.lines()[0]).contains("found"));
        CHECK(Json::parse(json.lines()[1])["found"] == true);
    }

    TEST_CASE("until says so when nothing matches") {
        TempDir dir;
        const auto path = small_journal(dir);
        const auto ran = run_program(
            {"replay", path, "--until", "outcome=fence_miss_epoch", "--from", "#4", "--json"});
        CHECK(ran.code == 1);
        CHECK(Json::parse(ran.out)["found"] == false);
        CHECK(says(ran.err, "no event after #3 up to #5 matches --until"));
    }

    TEST_CASE("what makes no sense together or in itself is wrong usage") {
        TempDir dir;
        const auto path = small_journal(dir);
        const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
            {{"--check", "--step"}, "exclude each other"},
            {{"--coverage"}, "belongs to --check"},
            {{"--from", "#2"}, "a fold begins at the first event"},
            {{path, "--step"}, "several journals only with --check"},
            {{"--check", "--from-start"}, "--from-start"},
            {{"--until", "outcome=fence_mis_epoch"}, "did you mean \"fence_miss_epoch\"?"},
            {{"--until", "outcme=no_idle"}, "did you mean \"outcome\"?"},
            {{"--until", "worker=x"}, "is no number"},
            {{"--until", "worker"}, "is not KEY=VALUE"},
            {{"--until", "worker=61,"}, "is not KEY=VALUE"},
            {{"--check", "--to", "#99"}, "the journal ends at #5"}};
        for (const auto& [options, what] : cases) {
            std::vector<std::string> arguments{"replay", path};
            arguments.insert(arguments.end(), options.begin(), options.end());
            const auto ran = run_program(arguments);
            CAPTURE(what);
            CAPTURE(ran.err);
            CHECK(ran.code == 2);
            CHECK(ran.out.empty());
            CHECK(says(ran.err, what));
        }
    }

    TEST_CASE("two windows that meet count what the whole counts") {
        TempDir dir;
        const auto path = dir / "whole.db";
        REQUIRE(run_program({"simulate", path, "--scenario", "rollout", "--workers", "20",
                             "--duration", "5m", "--seed", "2"})
                    .code == 0);
        const auto log = run_program({"log", path, "--json"}).lines();
        const auto middle = std::ssize(log) / 2;
        const auto at = "#" + std::to_string(middle);
        const auto total = [&](std::vector<std::string> window) {
            std::vector<std::string> arguments{"stats", path, "--json"};
            arguments.insert(arguments.end(), window.begin(), window.end());
            std::int64_t sum = 0;
            const auto stats = Json::parse(run_program(arguments).out);
            for (const auto& row : stats["transitions"]) sum += row["count"].get<std::int64_t>();
            return sum;
        };
        const auto next = "#" + std::to_string(middle + 1);
        CHECK(total({"--to", at}) + total({"--from", next}) == total({}));
        CHECK(total({"--to", at}) > 0);
    }

    TEST_CASE("a past moment is what a journal that ends there shows") {
        TempDir dir;
        const auto whole = journal_of(dir / "whole.db", life.size());
        for (std::size_t events = 1; events < life.size(); ++events) {
            const auto cut = journal_of(dir / ("cut-" + std::to_string(events)), events);
            const auto at = "#" + std::to_string(events);
            const auto second = "1970-01-01T00:00:0" + std::to_string(events) + ".5Z";
            const std::vector<std::vector<std::string>> commands{{"ps", "--all", "--json"},
                                                                 {"show", "61", "--json"},
                                                                 {"stats", "--json"},
                                                                 {"metrics"}};
            for (const auto& command : commands) {
                CAPTURE(command.front());
                CAPTURE(at);
                const auto asked = [&](const std::string& path, const std::string& when) {
                    auto arguments = command;
                    arguments.insert(arguments.begin() + 1, path);
                    if (!when.empty()) arguments.insert(arguments.end(), {"--at", when});
                    return shown(arguments);
                };
                const auto expected = asked(cut, "");
                CHECK(asked(whole, at) == expected);
                CHECK(asked(whole, second) == expected);
                if (events < 4) CHECK(asked(whole, "") != expected);
            }
        }
    }
}
