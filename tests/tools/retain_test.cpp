// Keeping and dropping history from the command line: what goes, what stays, and what is said.

#include <filesystem>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/support/program.hpp"
#include "tests/support/temp_dir.hpp"

using namespace fenceline::testing;
using Json = nlohmann::ordered_json;

namespace {

Ran done(const std::vector<std::string>& arguments, int code = 0) {
    Ran ran = run_program(arguments);
    INFO(ran.err);
    CAPTURE(arguments);
    REQUIRE(ran.code == code);
    return ran;
}

bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// A simulated journal in segments of a few hundred events.
struct Pool {
    TempDir dir;
    std::string path = dir / "pool.db";

    Pool() {
        done({"simulate", path, "--scenario", "epoch-pileup", "--workers", "25", "--duration", "8m",
              "--seed", "21"});
        for (const char* rows : {"1500", "1200", "900", "600", "300", "50"})
            done({"seal", path, "--keep-rows", rows});
    }
    [[nodiscard]] Json verified(int code = 0) const {
        return Json::parse(done({"verify", path, "--json"}, code).out);
    }
};

}  // namespace

TEST_SUITE("tools/retain") {
    TEST_CASE("old history goes and everything after it is said as before") {
        const Pool pool;
        const auto head = done({"anchor", pool.path}).out;
        const auto log = done({"log", pool.path, "--from", "#1300", "--json"}).out;
        const auto metrics = done({"metrics", pool.path}).out;
        const auto size = std::filesystem::file_size(pool.path);
        const auto told = done(
            {"retain", pool.path, "--before", "#1300", "--keep", "50", "--by", "ops", "--compact"});
        CHECK(holds(told.out, "dropped #1 to #"));
        CHECK(std::filesystem::file_size(pool.path) < size);
        CHECK(done({"anchor", pool.path}).out == head);
        CHECK(done({"log", pool.path, "--from", "#1300", "--json"}).out == log);
        CHECK(done({"metrics", pool.path}).out == metrics);
        done({"replay", pool.path, "--check"});
        const auto verified = pool.verified();
        CHECK(verified["sound"] == true);
        CHECK(verified["begins_after"].get<std::int64_t>() > 500);
        const auto kept = Json::parse(done({"pins", pool.path, "--json"}).out);
        REQUIRE(kept["dropped"].size() == 1);
        CHECK(kept["dropped"][0]["by"] == "ops");
        CHECK(kept["dropped"][0]["events"] == verified["begins_after"]);
        CHECK(holds(done({"ps", pool.path, "--at", "#3"}, 2).err, "begins after #"));
        // Nothing more to do is no failure: it runs every night.
        CHECK(holds(done({"retain", pool.path, "--before", "#3", "--keep", "50"}).out,
                    "nothing to drop"));
    }

    TEST_CASE("what is pinned stays until it is unpinned") {
        const Pool pool;
        done({"pin", pool.path, "--from", "#700", "--to", "#710", "--name", "incident-42"});
        CHECK(holds(done({"pins", pool.path}).out, "incident-42"));
        const auto told =
            done({"retain", pool.path, "--before", "#1300", "--keep", "50", "--json"});
        const auto kept = Json::parse(told.out);
        CHECK(kept["pinned"] == "incident-42");
        CHECK(kept["begins_after"].get<std::int64_t>() < 700);
        done({"show", pool.path, "1"});
        done({"unpin", pool.path, "incident-42"});
        const auto again = Json::parse(
            done({"retain", pool.path, "--before", "#1300", "--keep", "50", "--json"}).out);
        CHECK(again["pinned"] == "");
        CHECK(again["begins_after"].get<std::int64_t>() > 710);
        CHECK(pool.verified()["sound"] == true);
    }

    TEST_CASE("the answers that retries may ask for stay as a rule") {
        const Pool pool;
        const auto told = done({"retain", pool.path, "--max-size", "1"});
        CHECK(holds(told.out, "the newest 1000000 positions stay"));
        CHECK(pool.verified()["begins_after"] == 0);
    }

    TEST_CASE("a time before every event drops nothing") {
        const Pool pool;
        for (const char* before : {"@0", "1970-01-01T00:00:00Z", "-40000d"})
            CHECK(holds(done({"retain", pool.path, "--before", before, "--keep", "50"}).out,
                        "nothing to drop"));
        CHECK(done({"log", pool.path, "--from", "#1", "--to", "#1"}).code == 0);
    }

    TEST_CASE("what makes no sense is refused") {
        const Pool pool;
        const auto refused = [&](std::vector<std::string> arguments, int code,
                                 const std::string& what) {
            arguments.insert(arguments.begin() + 1, pool.path);
            const auto ran = done(arguments, code);
            CHECK(holds(ran.err, what));
            CHECK(ran.out.empty());
        };
        refused({"retain"}, 2, "one of --older-than");
        refused({"retain", "--older-than", "3d", "--max-size", "1GB"}, 2, "one of --older-than");
        refused({"retain", "--older-than", "month"}, 2, "--older-than");
        refused({"retain", "--before", "#99999999"}, 2, "there is no position");
        refused({"retain", "--max-size", "big"}, 2, "is not a size");
        refused({"retain", "--max-size", "-1"}, 2, "is not a size");
        refused({"retain", "--max-size", "99999999999TB"}, 2, "is not a size");
        refused({"retain", "--before", "#x"}, 2, "journal position");
        refused({"retain", "--before", "#9", "--keep", "-1"}, 2, "--keep");
        refused({"pin", "--from", "#1"}, 2, "--name is needed");
        refused({"pin", "--name", "a", "--from", "#99999"}, 2, "after the last event");
        refused({"unpin", "nothing"}, 4, "no pin of the name nothing");
        done({"pin", pool.path, "--from", "#700", "--to", "#710", "--name", "a"});
        refused({"pin", "--name", "a", "--from", "#800"}, 4, "there is a pin a already");
    }
}
