// The gate that compares two results of the benchmark.

#include <fstream>

#include <doctest/doctest.h>

#include "tests/support/program.hpp"
#include "tests/support/temp_dir.hpp"

using namespace fenceline::testing;

namespace {

const std::string before =
    R"({"figures":[{"name":"durable","unit":"op/s","value":100,"bare_sqlite":200,"ratio":0.5},)"
    R"({"name":"memory","unit":"ns/op","value":300}]})";

// Compares `before` with this and gives the exit code.
int compared(const std::string& after) {
    TempDir dir;
    std::ofstream(dir / "a.json") << before;
    std::ofstream(dir / "b.json") << after;
    return run(std::string(FENCELINE_SOURCE_DIR) + "/tools/bench-compare",
               {dir / "a.json", dir / "b.json"}, {})
        .code;
}

}  // namespace

TEST_SUITE("tools/bench_compare") {
    TEST_CASE("equal results are the same") {
        CHECK(compared(before) == 0);
    }

    TEST_CASE("a slower machine is no regression where the ratio holds") {
        CHECK(compared(R"({"figures":[{"name":"durable","unit":"op/s","value":50,"ratio":0.5},)"
                       R"({"name":"memory","unit":"ns/op","value":310}]})") == 0);
    }

    TEST_CASE("a ratio that falls or a time that grows or a figure that is gone is a regression") {
        CHECK(compared(R"({"figures":[{"name":"durable","unit":"op/s","value":100,"ratio":0.4},)"
                       R"({"name":"memory","unit":"ns/op","value":300}]})") == 1);
        CHECK(compared(R"({"figures":[{"name":"durable","unit":"op/s","value":100,"ratio":0.5},)"
                       R"({"name":"memory","unit":"ns/op","value":360}]})") == 1);
        CHECK(compared(R"({"figures":[{"name":"memory","unit":"ns/op","value":300}]})") == 1);
    }

    TEST_CASE("what is no result is refused") {
        CHECK(compared("{}") == 1);
        CHECK(compared("") == 1);
    }
}
