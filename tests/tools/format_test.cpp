// journal/FORMAT.md against the program: a reader written from that page alone finds the same
// journal, and its worked example is what really happens.

#include <fstream>
#include <sstream>

#include <doctest/doctest.h>

#include "tests/support/program.hpp"
#include "tests/support/raw_sqlite.hpp"
#include "tests/support/temp_dir.hpp"

using namespace fenceline::testing;

namespace {

const std::string source = FENCELINE_SOURCE_DIR;

Ran format_reader(const std::string& path) {
    return run("/usr/bin/env", {"python3", source + "/tests/journal/format_reader.py", path}, {});
}

std::string document() {
    std::ostringstream out;
    out << std::ifstream(source + "/journal/FORMAT.md").rdbuf();
    return out.str();
}

// What stands between two lines of the page.
std::string between(const std::string& text, const std::string& after, const std::string& before) {
    const auto start = text.find(after);
    REQUIRE(start != std::string::npos);
    const auto end = text.find(before, start + after.size());
    REQUIRE(end != std::string::npos);
    return text.substr(start + after.size(), end - start - after.size());
}

}  // namespace

TEST_SUITE("tools/format") {
    TEST_CASE("a reader written from the document finds the same anchor") {
        TempDir dir;
        const auto path = dir / "pool.db";
        REQUIRE(run_program({"simulate", path, "--scenario", "rollout", "--workers", "40",
                             "--duration", "5m", "--seed", "3"})
                    .code == 0);
        const auto anchor = run_program({"anchor", path});
        REQUIRE(anchor.code == 0);
        const auto read = format_reader(path);
        INFO(read.err);
        REQUIRE(read.code == 0);
        CHECK(read.out.ends_with(" " + anchor.out));
        CHECK(std::stoll(read.out) > 500);
    }

    TEST_CASE("that reader begins at a base and sees it changed") {
        TempDir dir;
        const auto path = dir / "pool.db", part = dir / "part.db";
        REQUIRE(run_program({"simulate", path, "--scenario", "rollout", "--workers", "20",
                             "--duration", "4m", "--seed", "3"})
                    .code == 0);
        REQUIRE(run_program({"export", path, "--format", "incident", "--from", "#200", "-o", part})
                    .code == 0);
        const auto read = format_reader(part);
        INFO(read.err);
        REQUIRE(read.code == 0);
        CHECK(read.out.ends_with(" " + run_program({"anchor", path}).out));
        {
            RawSqlite raw(part);
            CHECK(raw.run("DROP TRIGGER text_update") == "");
            CHECK(raw.run("UPDATE text SET value = value || 'x' WHERE id = 1") == "");
        }
        CHECK(format_reader(part).err.find("does not have its seal") != std::string::npos);
    }

    TEST_CASE("that reader begins where history was dropped and sees that unsaid") {
        TempDir dir;
        const auto path = dir / "pool.db";
        REQUIRE(run_program({"simulate", path, "--scenario", "rollout", "--workers", "20",
                             "--duration", "4m", "--seed", "3"})
                    .code == 0);
        for (const char* rows : {"300", "50"})
            REQUIRE(run_program({"seal", path, "--keep-rows", rows}).code == 0);
        REQUIRE(run_program({"retain", path, "--max-size", "1", "--keep", "250"}).code == 0);
        {
            // The reader knows rows alone: the rest of the segments goes too.
            REQUIRE(format_reader(path).code != 0);
            REQUIRE(run_program({"retain", path, "--max-size", "1", "--keep", "50"}).code == 0);
        }
        const auto read = format_reader(path);
        INFO(read.err);
        REQUIRE(read.code == 0);
        CHECK(read.out.ends_with(" " + run_program({"anchor", path}).out));
        {
            RawSqlite raw(path);
            CHECK(raw.value("SELECT count(*) FROM dropped") == "2");
            CHECK(raw.run("DROP TRIGGER dropped_update") == "");
            CHECK(raw.run("UPDATE dropped SET by = 'nobody'") == "");
        }
        CHECK(format_reader(path).err.find("does not have its seal") != std::string::npos);
    }

    TEST_CASE("that reader sees a changed row") {
        TempDir dir;
        const auto path = dir / "pool.db";
        REQUIRE(run_program({"init", path}).code == 0);
        REQUIRE(
            run_program({"exec", path}, {.input = "{\"op\":\"spawn\",\"image\":\"i\"}\n"}).code ==
            0);
        REQUIRE(format_reader(path).code == 0);
        {
            RawSqlite raw(path);
            CHECK(raw.run("DROP TRIGGER event_update") == "");
            CHECK(raw.run("UPDATE event SET epoch = 1") == "");
        }
        const auto read = format_reader(path);
        CHECK(read.code == 1);
        CHECK(read.err.find("the chain breaks at position 1") != std::string::npos);
    }

    TEST_CASE("the worked example is what happens") {
        TempDir dir;
        const auto path = dir / "pool.db";
        const auto text = document();
        const auto lines = between(text, "<<'LINES'\n", "LINES\n");
        REQUIRE(run_program({"init", path}).code == 0);
        REQUIRE(run_program({"exec", path, "--as", "cp-a", "--run", "run-1", "--clock", "input"},
                            {.input = lines})
                    .code == 0);
        RawSqlite raw(path);
        const auto seal = raw.value("SELECT lower(hex(chain)) FROM event WHERE position = 1");
        CHECK(between(text, "and comes to\n\n```\n", "\n```") == seal);
        CHECK(raw.value("SELECT lower(hex(payload)) FROM event WHERE position = 2") ==
              "01010000000000000000000000");
    }
}
