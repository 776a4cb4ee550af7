// `diff` against control planes that work meanwhile: true ones are the same, one that miscounts
// by one is caught and the events are named.

#include <set>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/support/program.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/tools/control_plane.hpp"

using namespace fenceline::testing;

namespace {

using nlohmann::json;

constexpr int rounds = 8;

void check_same(const std::vector<std::string>& arguments) {
    const auto ran = run_program(arguments);
    INFO(ran.out << ran.err);
    CHECK(ran.code == 0);
    CHECK(ran.out.find("same: ") != std::string::npos);
}

// What diff says of a control plane that tells this lie.
json told_of(const std::string& path, const std::string& lie) {
    ControlPlane plane({.journal = path, .instance = "cp-a", .lie = lie});
    plane.work(150);
    // The first page, which a stale gauge stays at: nothing is wrong with it yet.
    const auto first = run_program({"diff", path, "--against", plane.url()});
    CHECK(first.code == (lie == "stale" ? 0 : 1));
    plane.work(150);
    const auto ran = run_program({"diff", path, "--against", plane.url(), "--json"});
    INFO(ran.out << ran.err);
    CHECK(ran.code == 1);
    CHECK(plane.end() == 0);
    auto told = json::parse(ran.out);
    CHECK(told["same"] == false);
    return told;
}

// The journal, read in another way, has exactly the events that are named for a counter.
void check_events_of_counter(const std::string& path, const json& difference) {
    const auto log = run_program({"log", path, "--json"});
    std::set<long long> expected, named;
    double sum = 0;
    for (const auto& line : log.lines()) {
        const auto event = json::parse(line);
        if (event["operation"] != difference["labels"]["operation"]) continue;
        if (event["outcome"] != difference["labels"]["outcome"]) continue;
        if (event["image"] != difference["labels"]["image"]) continue;
        expected.insert(event["position"].get<long long>());
        sum += event["count"].get<double>();
    }
    CHECK_FALSE(expected.empty());
    for (const auto& position : difference["events"]) named.insert(position.get<long long>());
    CHECK(named == expected);
    CHECK(difference["events_found"] == expected.size());
    CHECK(difference["replayed"] == sum);
}

}  // namespace

TEST_SUITE("tools/diff_live") {
    TEST_CASE("a control plane is the same in each round while it works") {
        const TempDir dir;
        const auto path = dir / "pool.db";
        ControlPlane plane({.journal = path, .instance = "cp-a"});
        plane.work(100);
        plane.keep_working();
        const auto before = plane.position();
        for (int i = 0; i < rounds; ++i) check_same({"diff", path, "--against", plane.url()});
        CHECK(plane.position() > before);
        CHECK(plane.end() == 0);
    }
    TEST_CASE("two replicas on one journal are the same when summed while both work") {
        const TempDir dir;
        const auto path = dir / "pool.db";
        ControlPlane leader({.journal = path, .instance = "cp-a", .seed = 1});
        ControlPlane other({.journal = path, .instance = "cp-b", .seed = 2, .leads = false});
        leader.work(60);
        other.work(60);
        leader.keep_working();
        other.keep_working();
        for (int i = 0; i < rounds; ++i)
            check_same({"diff", path, "--against", leader.url(), "--against", other.url()});
        CHECK(leader.end() == 0);
        CHECK(other.end() == 0);
    }
    TEST_CASE("one replica of two that miscounts by one is caught in the sum") {
        const TempDir dir;
        const auto path = dir / "pool.db";
        ControlPlane leader({.journal = path, .instance = "cp-a", .seed = 1});
        ControlPlane liar(
            {.journal = path, .instance = "cp-b", .lie = "counter", .seed = 2, .leads = false});
        leader.work(100);
        liar.work(100);
        const auto ran = run_program(
            {"diff", path, "--against", leader.url(), "--against", liar.url(), "--json"});
        INFO(ran.out << ran.err);
        CHECK(ran.code == 1);
        const auto told = json::parse(ran.out);
        REQUIRE(told["differences"].size() == 1);
        const auto& one = told["differences"][0];
        CHECK(one["live"].get<double>() - one["replayed"].get<double>() == 1);
        check_events_of_counter(path, one);
    }
    TEST_CASE("a counter off by one is caught with all its events named") {
        const TempDir dir;
        const auto path = dir / "pool.db";
        const auto told = told_of(path, "counter");
        REQUIRE(told["differences"].size() == 1);
        const auto& one = told["differences"][0];
        CHECK(one["live"].get<double>() - one["replayed"].get<double>() == 1);
        check_events_of_counter(path, one);
    }
    TEST_CASE("a series that is missing is caught with all its events named") {
        const TempDir dir;
        const auto path = dir / "pool.db";
        const auto told = told_of(path, "missing");
        REQUIRE(told["differences"].size() == 1);
        const auto& one = told["differences"][0];
        CHECK(one["live"].is_null());
        check_events_of_counter(path, one);
    }
    TEST_CASE("an observation in the next bucket is caught with the bucket's events named") {
        const TempDir dir;
        const auto path = dir / "pool.db";
        const auto told = told_of(path, "bucket");
        REQUIRE(told["differences"].size() == 1);
        const auto& one = told["differences"][0];
        CHECK(one["replayed"].get<double>() - one["live"].get<double>() == 1);
        CHECK(one["events"].size() > 0);
    }
    TEST_CASE("a gauge that went stale is caught with the workers' events named") {
        const TempDir dir;
        const auto path = dir / "pool.db";
        const auto told = told_of(path, "stale");
        REQUIRE(told["differences"].size() > 0);
        std::size_t events = 0;
        for (const auto& one : told["differences"]) {
            CHECK(one["sample"].get<std::string>().starts_with("duckgres_worker_lifecycle_count{"));
            events += one["events"].size();
        }
        CHECK(events > 0);
    }
}
