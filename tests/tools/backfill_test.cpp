// An incident in a real Prometheus: it answers what the journal says, at every step.

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include <doctest/doctest.h>

#include "events/time.hpp"
#include "tests/support/program.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/tools/json_match.hpp"
#include "tests/tools/prometheus_server.hpp"

using namespace fenceline;
using namespace fenceline::testing;

namespace {

constexpr const char* promtool = "/usr/bin/promtool";

bool referee_is_there() {
    return access(promtool, X_OK) == 0 && prometheus_is_there();
}

// Series text -> value, as of a time.
std::map<std::string, double> all(PrometheusServer& server, std::int64_t at) {
    const auto answer = Json::parse(
        server.get("/api/v1/query?query=%7Bjob%3D%22duckgres%22%7D&time=" + std::to_string(at)));
    REQUIRE(answer["status"] == "success");
    std::map<std::string, double> out;
    for (const auto& sample : answer["data"]["result"]) {
        std::map<std::string, std::string> labels = sample["metric"];
        labels.erase("job");
        std::string text;
        for (const auto& [name, value] : labels) text += name + "=" + value + "\n";
        out[text] = std::stod(sample["value"][1].get<std::string>());
    }
    return out;
}

// The page of `metrics --at` as the server would name its series. `le` is as the page wrote it.
std::map<std::string, double> page_at(const std::string& path, std::int64_t at) {
    const Ran ran = run_program({"metrics", path, "--at", "@" + std::to_string(at)});
    REQUIRE(ran.code == 0);
    std::map<std::string, double> out;
    for (const auto& line : ran.lines()) {
        if (line.starts_with("#") || line.starts_with("fenceline_")) continue;
        const auto end = line.rfind(' ');
        const auto brace = line.find('{');
        const auto name = line.substr(0, std::min(brace, end));
        std::map<std::string, std::string> labels{{"__name__", name}};
        const auto text = brace == std::string::npos ? "" : line.substr(brace, end - brace);
        static const std::regex pair("([a-z_]+)=\"([^\"]*)\"");
        for (std::sregex_iterator it(text.begin(), text.end(), pair), last; it != last; ++it)
            labels[(*it)[1]] = (*it)[2];
        std::string key;
        for (const auto& [label, value] : labels) key += label + "=" + value + "\n";
        out[key] = std::stod(line.substr(end + 1));
    }
    return out;
}

std::int64_t samples_in_blocks(const std::string& data) {
    std::int64_t sum = 0;
    for (const auto& block : std::filesystem::directory_iterator(data)) {
        std::ifstream meta(block.path() / "meta.json");
        if (meta) sum += Json::parse(meta)["stats"]["numSamples"].get<std::int64_t>();
    }
    return sum;
}

void make_blocks(const TempDir& dir) {
    const Ran ran = run(promtool,
                        {"tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=24h",
                         dir / "pool.om", dir / "data"},
                        {});
    INFO(ran.err);
    REQUIRE(ran.code == 0);
}

std::int64_t told_samples(const Ran& ran) {
    REQUIRE(ran.err.starts_with("export: "));
    return std::stoll(ran.err.substr(8));
}

}  // namespace

TEST_SUITE("tools/backfill") {
    TEST_CASE("a server filled with an incident answers what the journal says at every step") {
        if (!referee_is_there()) return;
        const TempDir dir;
        const auto path = dir / "pool.db";
        REQUIRE(run_program({"simulate", path, "--scenario", "rollout", "--seed", "11",
                             "--duration", "2m", "--workers", "10"})
                    .code == 0);
        const Ran ran = run_program({"export", path, "--format", "openmetrics", "--label",
                                     "job=duckgres", "-o", dir / "pool.om"});
        INFO(ran.err);
        REQUIRE(ran.code == 0);
        make_blocks(dir);
        CHECK(samples_in_blocks(dir / "data") == told_samples(ran));

        const auto first = ran.err.find("from ") + 5;
        const auto begin = parse_rfc3339(ran.err.substr(first, 30));
        REQUIRE(begin.has_value());
        PrometheusServer server(dir, "global: {}\n");
        std::size_t histograms = 0, compared = 0;
        std::map<std::string, double> ever;
        for (std::int64_t step = 0; step <= 8; ++step) {
            const auto at = begin->ns / 1'000'000'000 + step * 15;
            CAPTURE(at);
            auto answered = all(server, at);
            const auto page = page_at(path, at);
            for (const auto& [series, value] : page) {
                CAPTURE(series);
                REQUIRE(answered.contains(series));
                CHECK(answered[series] == value);
                ++compared;
                if (series.find("le=") != std::string::npos) ++histograms;
                answered.erase(series);
            }
            // What the page does not have yet, or no longer, is 0.
            for (const auto& [series, value] : answered) {
                CAPTURE(series);
                CHECK(value == 0);
            }
        }
        CHECK(histograms > 100);
        CHECK(compared > 500);
    }

    TEST_CASE("a window begins with what was counted before it") {
        if (!referee_is_there()) return;
        const TempDir dir;
        const auto path = dir / "pool.db";
        std::string input;
        for (int i = 0; i < 60; ++i)
            input += "{\"op\":\"spawn\",\"image\":\"a\\\"\\\\\\n\",\"at\":" +
                     std::to_string(1'700'000'000 + i) + "000000000}\n";
        REQUIRE(run_program({"init", path}).code == 0);
        REQUIRE(run_program({"exec", path, "--clock", "input"}, {.input = input}).code == 0);
        const Ran ran = run_program({"export", path, "--format", "openmetrics", "--from",
                                     "@1700000030", "--to", "@1700000041", "--step", "5s500ms",
                                     "--namespace", "n", "-o", dir / "pool.om"});
        INFO(ran.err);
        REQUIRE(ran.code == 0);
        make_blocks(dir);
        CHECK(samples_in_blocks(dir / "data") == told_samples(ran));
        std::ostringstream text;
        text << std::ifstream(dir / "pool.om").rdbuf();
        const std::string name =
            "n_worker_lifecycle_transitions_total{operation=\"spawn\",outcome=\"transitioned\","
            "image=\"a\\\"\\\\\\n\",origin=\"unknown\"} ";
        CHECK(text.str().find("# TYPE n_worker_lifecycle_transitions counter\n") !=
              std::string::npos);
        CHECK(text.str().find(name + "28 1700000027\n") != std::string::npos);
        CHECK(text.str().find(name + "33 1700000032.5\n") != std::string::npos);
        CHECK(text.str().find(name + "42 1700000043.5\n") != std::string::npos);
        CHECK(text.str().ends_with("# EOF\n"));
    }

    TEST_CASE("what cannot be exported is wrong usage") {
        const TempDir dir;
        const auto path = dir / "pool.db";
        REQUIRE(run_program({"init", path}).code == 0);
        REQUIRE(
            run_program({"exec", path}, {.input = "{\"op\":\"spawn\",\"image\":\"i\"}\n"}).code ==
            0);
        using Strings = std::vector<std::string>;
        for (const Strings& more :
             {Strings{"--step", "0s"}, Strings{"--step", "1500us"}, Strings{"--step", "x"},
              Strings{"--label", "le=1"}, Strings{"--label", "a"}, Strings{"--label", "a=\xff"},
              Strings{"--label", "__a=b"}, Strings{"--label", "a=1", "--label", "a=2"},
              Strings{"--from", "@1", "--step", "1ms"}, Strings{"--recorder", "nobody"},
              Strings{"--namespace", "1"}, Strings{"--to", "#99"}}) {
            CAPTURE(more.back());
            Strings arguments{"export", path, "--format", "openmetrics", "-o", dir / "out"};
            arguments.insert(arguments.end(), more.begin(), more.end());
            const Ran ran = run_program(arguments);
            INFO(ran.err);
            CHECK(ran.code == 2);
            CHECK(ran.err.starts_with("fenceline: "));
            CHECK_FALSE(std::filesystem::exists(dir / "out"));
            CHECK_FALSE(std::filesystem::exists(dir / "out-unfinished"));
        }
    }
}
