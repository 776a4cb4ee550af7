// For those on call: alert rules held against simulated incidents, and the runbooks' commands run.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>

#include "tests/support/program.hpp"
#include "tests/support/temp_dir.hpp"

using namespace fenceline::testing;

namespace {

namespace fs = std::filesystem;
const fs::path source = FENCELINE_SOURCE_DIR;

std::string text_of(const fs::path& path) {
    std::ostringstream out;
    out << std::ifstream(path).rdbuf();
    return out.str();
}

void simulated(const std::string& path, const std::string& scenario) {
    const auto ran = run_program({"simulate", path, "--scenario", scenario, "--seed", "5"});
    REQUIRE_MESSAGE(ran.code == 0, ran.err);
}

// An incident as a test of the project's own rules, with one expression more at its end.
struct RuleTest {
    explicit RuleTest(const std::string& scenario) {
        simulated(dir / "pool.db", scenario);
        fs::copy(source / "metrics/alerts/fenceline.rules.yml", dir / "rules.yml");
        const auto ran = run_program({"export", dir / "pool.db", "--format", "promtool-test",
                                      "--label", "job=pool", "--label", "instance=cp-a", "--rules",
                                      "rules.yml", "-o", dir / "test.yml"});
        REQUIRE_MESSAGE(ran.code == 0, ran.err);
        text = text_of(dir / "test.yml");
    }
    // Whether promtool finds everything as the file, and `more` at its end, says.
    [[nodiscard]] bool holds(const std::string& more = {}) const {
        std::ofstream(dir / "test.yml") << text << more;
        const auto ran = run("/usr/bin/env", {"promtool", "test", "rules", dir / "test.yml"}, {});
        if (ran.code != 0 && ran.code != 1) FAIL(ran.err);
        return ran.code == 0;
    }
    // An expectation that this alert has fired at some time until the end.
    [[nodiscard]] std::string has_fired(const std::string& alert) const {
        const std::string key = "eval_time: ";
        const auto at = text.find(key);
        REQUIRE(at != std::string::npos);
        const auto end = text.substr(at, text.find('\n', at) - at);
        return "      - expr: max by (alertname) (max_over_time(ALERTS{alertname=\"" + alert +
               "\",alertstate=\"firing\"}[1h]))\n        " + end +
               "\n        exp_samples:\n          - labels: '{alertname=\"" + alert +
               "\"}'\n            value: 1\n";
    }

    TempDir dir;
    std::string text;
};

}  // namespace

TEST_SUITE("tools/operations") {
    TEST_CASE("an incident fires the alert that its runbook is for and no other fits") {
        const std::pair<std::string, std::string> incidents[] = {
            {"epoch-pileup", "FencelineStaleEpochs"},
            {"orphan-race", "FencelineRevivedOwners"},
            {"stuck-activating", "FencelineStuckActivating"},
            {"pod-delete-failures", "FencelineStrandedPods"},
            {"capacity-crunch", "FencelineCapacityMisses"},
            {"cp-partition", "FencelineWorkersOrphaned"},
        };
        for (const auto& [scenario, alert] : incidents) {
            CAPTURE(scenario);
            const RuleTest test(scenario);
            CHECK(test.holds(test.has_fired(alert)));
            CHECK_FALSE(test.holds(test.has_fired("FencelineStoreErrors")));
        }
    }

    TEST_CASE("a value that is not the journal's is found by the test itself") {
        RuleTest test("orphan-race");
        REQUIRE(test.holds());
        const auto last = test.text.rfind("value: ");
        test.text.insert(last + 7, "1");
        CHECK_FALSE(test.holds());
    }

    TEST_CASE("a metric can be chosen and one that is not there is refused") {
        TempDir dir;
        simulated(dir / "pool.db", "steady");
        const auto one = run_program({"export", dir / "pool.db", "--format", "promtool-test",
                                      "--metric", "duckgres_warm_capacity_headroom"});
        CHECK(one.code == 0);
        CHECK(one.out.find("transitions") == std::string::npos);
        CHECK(one.out.find("duckgres_warm_capacity_headroom") != std::string::npos);
        const auto none = run_program(
            {"export", dir / "pool.db", "--format", "promtool-test", "--metric", "headroom"});
        CHECK(none.code == 2);
        CHECK(none.err.find("no metric \"headroom\"") != std::string::npos);
    }

    TEST_CASE("every command of a runbook can be typed") {
        TempDir dir;
        const auto path = dir / "pool.db";
        simulated(path, "pod-delete-failures");
        int typed = 0;
        for (const auto& entry : fs::directory_iterator(source / "metrics/runbooks")) {
            std::istringstream lines(text_of(entry.path()));
            for (std::string line; std::getline(lines, line);) {
                if (!line.starts_with("fenceline ") || line.starts_with("fenceline bench"))
                    continue;
                ++typed;
                const std::pair<std::string, std::string> words[] = {
                    {"$JOURNAL", path},
                    {" WORKER", " 1"},
                    {" CP ", " cp-a:boot-1 "},
                    {"IMAGE", "duckgres-worker:1.4.0"},
                    {"fenceline ", FENCELINE_PROGRAM " "}};
                for (const auto& [word, with] : words)
                    if (const auto at = line.find(word); at != std::string::npos)
                        line.replace(at, word.size(), with);
                // What shows a state at a moment that this incident does not have says so.
                const bool may_differ = line.find(" --until ") != std::string::npos;
                const bool is_report = line.find(" report ") != std::string::npos;
                if (is_report) line.insert(line.find(" --from"), " --force -o " + (dir / "r.html"));
                const auto ran = run("/bin/sh", {"-c", line}, {});
                CAPTURE(entry.path().filename().string());
                CAPTURE(line);
                CAPTURE(ran.err);
                CHECK((ran.code == 0 || (may_differ && ran.code == 1)));
            }
        }
        CHECK(typed > 40);
    }
}
