// A trace held to what its viewers ask of it.

#include <map>
#include <set>

#include <doctest/doctest.h>

#include "tests/support/program.hpp"
#include "tests/support/random_journal.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/tools/json_match.hpp"

using namespace fenceline;
using namespace fenceline::testing;

namespace {

using Track = std::pair<std::int64_t, std::int64_t>;

// What a trace holds, judged while it is read.
struct Judged {
    std::map<Track, std::vector<std::string>> open;  // names of open slices
    std::map<Track, std::string> threads;
    std::map<std::int64_t, std::string> processes;
    std::map<std::int64_t, std::pair<std::int64_t, Track>> arrows;  // begun: when and where
    std::int64_t slices = 0, instants = 0, whole_arrows = 0, counters = 0;
    std::int64_t now = 0;

    void slice(const Json& event, Track track) {
        auto& stack = open[track];
        const std::string name = event["name"];
        if (event["ph"] == "B") {
            CHECK(stack.empty());  // one state at a time
            stack.push_back(name);
            ++slices;
            return;
        }
        REQUIRE_FALSE(stack.empty());
        CHECK(stack.back() == name);
        stack.pop_back();
    }
    void arrow(const Json& event, Track track) {
        const std::int64_t id = event["id"];
        CHECK(open[track].size() == 1);  // an arrow binds to the slice around it
        if (event["ph"] == "s") {
            CHECK(arrows.emplace(id, std::pair(now, track)).second);
            return;
        }
        REQUIRE(arrows.contains(id));
        CHECK(event["bp"] == "e");
        CHECK(arrows[id].first == now);
        CHECK(arrows[id].second != track);
        arrows.erase(id);
        ++whole_arrows;
    }
    void take(const Json& event) {
        const std::string phase = event["ph"];
        const Track track{event["pid"], event["tid"]};
        REQUIRE(event["ts"].is_number_integer());
        if (phase == "M") {
            const std::string name = event["args"]["name"];
            if (event["name"] == "process_name")
                CHECK(processes.emplace(track.first, name).second);
            else
                CHECK(threads.emplace(track, name).second);
            return;
        }
        CHECK(event["ts"].get<std::int64_t>() >= now);
        now = event["ts"];
        CHECK(processes.contains(track.first));
        CHECK(threads.contains(track));
        if (phase == "B" || phase == "E") return slice(event, track);
        if (phase == "s" || phase == "f") return arrow(event, track);
        if (phase == "C") {
            ++counters;
            for (const auto& [state, count] : event["args"].items()) CHECK(count >= 0);
            return;
        }
        REQUIRE(phase == "i");
        CHECK(event["s"] == "t");
        CHECK(event["args"]["position"] > 0);
        ++instants;
    }
    void end() const {
        for (const auto& [track, stack] : open) CHECK(stack.empty());
        CHECK(arrows.empty());
    }
};

Judged judge(const std::vector<std::string>& arguments) {
    const Ran ran = run_program(arguments);
    INFO(ran.err);
    REQUIRE(ran.code == 0);
    const Json trace = Json::parse(ran.out);
    Judged judged;
    for (const Json& event : trace["traceEvents"]) judged.take(event);
    judged.end();
    return judged;
}

}  // namespace

TEST_SUITE("tools/trace") {
    TEST_CASE("a worker that is taken over goes on under its new owner with an arrow") {
        const TempDir dir;
        const auto path = dir / "pool.db";
        const std::string lease = "\"lease\":{\"worker\":61,\"owner\":\"cp-a\",\"epoch\":5}";
        REQUIRE(run_program({"init", path}).code == 0);
        REQUIRE(run_program({"exec", path, "--as", "cp-a"},
                            {.input = "{\"op\":\"cp_heartbeat\"}\n"
                                      "{\"op\":\"adopt\",\"worker\":61,\"state\":\"hot\","
                                      "\"owner\":\"cp-a\",\"epoch\":5,\"org\":\"acme\","
                                      "\"image\":\"i\"}\n"
                                      "{\"op\":\"take_over\",\"worker\":61,\"epoch\":5,"
                                      "\"org\":\"acme\",\"as\":\"cp-b\"}\n"
                                      "{\"op\":\"drain\"," +
                                      lease + "}\n"})
                    .code == 0);
        const auto judged = judge({"export", path, "--format", "perfetto"});
        CHECK(judged.slices == 3);  // cp-a, and the worker twice
        CHECK(judged.whole_arrows == 1);
        CHECK(judged.instants == 1);
        std::set<std::string> names;
        for (const auto& [pid, name] : judged.processes) names.insert(name);
        CHECK(names == std::set<std::string>{"no owner", "cp-a", "cp-b"});
        // A window from the middle begins with what was there.
        const auto window = judge({"export", path, "--format", "perfetto", "--from", "#4"});
        CHECK(window.slices == 2);
        CHECK(window.instants == 1);
    }

    TEST_CASE("whatever happened no slices of a track overlap and all numbers resolve") {
        const TempDir dir;
        for (const std::uint64_t seed : {1, 2, 3}) {
            CAPTURE(seed);
            const auto path = dir / (std::to_string(seed) + ".db");
            write_random_journal(path, seed, 300);
            const auto judged = judge({"export", path, "--format", "perfetto"});
            CHECK(judged.slices > 20);
            CHECK(judged.instants > 20);
            CHECK(judged.counters > 20);
            (void)judge({"export", path, "--format", "perfetto", "--from", "#200", "--to", "#400"});
        }
    }
}
