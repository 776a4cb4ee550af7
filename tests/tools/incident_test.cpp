// One file to share: every command says of it what it says of that window of the journal, and of a
// redacted one nobody can read whose it was.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "journal/open.hpp"
#include "replay/replayer.hpp"
#include "tests/support/program.hpp"
#include "tests/support/raw_sqlite.hpp"
#include "tests/support/temp_dir.hpp"
#include "tools/simulator/simulation.hpp"

using namespace fenceline;
using namespace fenceline::testing;
using Json = nlohmann::ordered_json;

namespace {

using Arguments = std::vector<std::string>;

Arguments operator+(Arguments one, const Arguments& other) {
    one.insert(one.end(), other.begin(), other.end());
    return one;
}

Ran done(const Arguments& arguments, int code = 0) {
    Ran ran = run_program(arguments);
    INFO(ran.err);
    INFO(ran.out.substr(0, 2'000));
    CAPTURE(arguments);
    REQUIRE(ran.code == code);
    return ran;
}

std::string bytes_of(const std::string& path) {
    std::ostringstream out;
    out << std::ifstream(path, std::ios::binary).rdbuf();
    return out.str();
}

// One object a line.
std::vector<Json> objects_of(const Ran& ran) {
    std::vector<Json> out;
    for (const auto& line : ran.lines()) out.push_back(Json::parse(line));
    return out;
}

// A simulated journal, and a window of it in whole commits.
struct Incident {
    TempDir dir;
    std::string whole = dir / "pool.db", part = dir / "incident.db";
    std::string from, to;

    explicit Incident(const Arguments& more = {}) {
        done({"simulate", whole, "--scenario", "epoch-pileup", "--workers", "25", "--duration",
              "8m", "--seed", "21"});
        done(Arguments{"export", whole, "--format", "incident", "--from", "#700", "--to", "#1500",
                       "-o", part} +
             more);
        const auto verified = Json::parse(done({"verify", part, "--json"}).out);
        CHECK(verified["sound"] == true);
        from = "#" + std::to_string(verified["begins_after"].get<std::int64_t>() + 1);
        to = "#" + std::to_string(verified["position"].get<std::int64_t>());
    }
    // The same command on the journal, with the window.
    void same(const std::string& command, const Arguments& options, const Arguments& window,
              int code = 0) const {
        auto mine = done(Arguments{command, part} + options, code);
        if (const auto named = mine.out.find(part); named != std::string::npos)
            mine.out.replace(named, part.size(), whole);
        const auto theirs = done(Arguments{command, whole} + options + window, code);
        CAPTURE(command);
        CAPTURE(options);
        CHECK_FALSE(mine.out.empty());
        const auto [a, b] = std::ranges::mismatch(mine.out, theirs.out);
        const auto at = static_cast<std::size_t>(a - mine.out.begin());
        INFO("the incident: " << mine.out.substr(at, 200));
        INFO("the journal: " << theirs.out.substr(at, 200));
        CHECK((a == mine.out.end() && b == theirs.out.end()));
    }
    [[nodiscard]] Arguments window() const { return {"--from", from, "--to", to}; }
};

}  // namespace

TEST_SUITE("tools/incident") {
    TEST_CASE("every command says the same of an incident as of the journal") {
        const Incident at;
        const auto window = at.window();
        at.same("log", {"--json"}, window);
        at.same("log", {"--outcome", "fence_miss_epoch", "--limit", "5"}, window);
        at.same("ps", {"--json"}, {"--at", at.to});
        at.same("ps", {"--at", "#1100"}, {});
        at.same("ps", {"--at", at.from}, {});
        at.same("stats", {"--json"}, {"--to", at.to});
        at.same("stats", {"--from", "#900", "--to", "#1200"}, {});
        at.same("metrics", {}, {"--at", at.to});
        at.same("metrics", {"--at", "#1000", "--labels", "seed"}, {});
        at.same("replay", {"--check", "--json"}, window);
        at.same("replay", {"--step", "--json"}, window);
        at.same("replay", {"--until", "outcome=fence_miss_epoch", "--json"}, window);
        for (const char* format : {"jsonl", "csv", "perfetto"})
            at.same("export", {"--format", format}, window);
        at.same("export", {"--format", "openmetrics", "--step", "1s", "--from", "#900"},
                {"--to", at.to});
        at.same("explain",
                {"worker_lifecycle_transitions_total{outcome=\"fence_miss_epoch\"}", "--from",
                 "#800", "--json"},
                {"--to", at.to});
        const auto page = at.dir / "a.html";
        Json mine = Json::parse(done({"report", at.part, "-o", page, "--json"}).out);
        Json theirs = Json::parse(
            done(Arguments{"report", at.whole, "-o", at.dir / "b.html", "--json"} + window).out);
        CHECK(mine["findings"] == theirs["findings"]);
        CHECK(mine["window"] == theirs["window"]);
    }

    TEST_CASE("the state of an incident is the journal's to the byte of its digest") {
        const Incident at;
        const auto mine = Json::parse(done({"replay", at.part, "--json"}).out);
        const auto theirs = Json::parse(done({"replay", at.whole, "--to", at.to, "--json"}).out);
        // The simulator retries nothing, so there are no request ids to leave out.
        CHECK(mine["digest"] == theirs["digest"]);
        CHECK(done({"replay", at.part}).out.find("the base at #") != std::string::npos);
    }

    TEST_CASE("an incident and its journal are compared where both are") {
        const Incident at;
        done({"diff", at.whole, "--against", at.part, "--at", at.to});
        done({"diff", at.part, "--against", at.whole, "--at", at.to});
        const auto beyond = done({"diff", at.whole, "--against", at.part}, 1);
        CHECK(beyond.out.find("same up to " + at.to) != std::string::npos);
        // What the journal's metrics were is what the incident implies.
        const auto page = at.dir / "page.txt";
        std::ofstream(page) << done({"metrics", at.whole, "--at", at.to}).out;
        done({"diff", at.part, "--against", page});
        std::ofstream(page) << done({"metrics", at.whole, "--at", "#5"}).out;
        done({"diff", at.part, "--against", page}, 4);
    }

    TEST_CASE("one worker's life begins with the state that the base knows") {
        const Incident at;
        const auto workers =
            objects_of(done({"ps", at.part, "--at", at.from, "--state", "hot", "--json"}));
        REQUIRE(!workers.empty());
        const auto id = std::to_string(workers[0]["worker"].get<std::int64_t>());
        const auto mine = Json::parse(done({"show", at.part, id, "--json"}).out);
        const auto theirs = Json::parse(done({"show", at.whole, id, "--at", at.to, "--json"}).out);
        CHECK(mine["worker"] == theirs["worker"]);
        CHECK(mine["stays"][0]["entered_by"] == 0);
        const auto count = mine["events"].size();
        REQUIRE(count > 0);
        REQUIRE(count < theirs["events"].size());
        for (std::size_t i = 0; i < count; ++i)
            CHECK(mine["events"][i] == theirs["events"][theirs["events"].size() - count + i]);
        CHECK(done({"show", at.part, id}).out.find("the base") != std::string::npos);
    }

    TEST_CASE("what was before an incident is refused with where it begins") {
        const Incident at;
        const auto refused = [&](const Arguments& arguments, int code = 2) {
            const auto ran = done(arguments, code);
            CHECK(ran.err.find("the journal's beginning: it begins after #") != std::string::npos);
            CHECK(ran.out.empty());
        };
        refused({"ps", at.part, "--at", "#5"});
        refused({"ps", at.part, "--at", "2020-01-01T00:00:00Z"});
        refused({"metrics", at.part, "--at", "#5"});
        refused({"show", at.part, "1", "--at", "#5"});
        refused({"log", at.part, "--from", "#5"});
        refused({"log", at.part, "--from", "-1d"});
        refused({"stats", at.part, "--from", "#5"});
        refused({"explain", at.part, "warm_capacity_headroom", "--at", "#5"});
        refused({"replay", at.part, "--to", "#5"});
        refused({"replay", at.part, "--check", "--from", "#5"});
        refused({"report", at.part, "--from", "#5", "-o", at.dir / "x.html"});
        refused({"export", at.part, "--format", "jsonl", "--from", "#5"});
        refused({"export", at.part, "--format", "incident", "--from", "#5", "-o", at.dir / "x"});
        refused({"metrics", at.part, "--recorder", "cp-a:boot-1"}, 4);
    }

    TEST_CASE("what is asked of an incident export is checked") {
        const Incident at;
        const auto refused = [&](const Arguments& more, int code, const std::string& what) {
            const auto ran =
                done(Arguments{"export", at.whole, "--format", "incident"} + more, code);
            CHECK(ran.err.find(what) != std::string::npos);
        };
        const Arguments out{"-o", at.dir / "none.db"};
        refused({}, 2, "-o FILE");
        refused({"-o", at.part}, 4, "already");
        refused(out + Arguments{"--step", "1s"}, 2, "--step belongs to other formats");
        refused(out + Arguments{"--label", "a=b"}, 2, "--label belongs to other formats");
        refused(out + Arguments{"--recorder", "cp-a"}, 2, "--recorder belongs to other formats");
        refused(out + Arguments{"--namespace", "x"}, 2, "--namespace belongs to other formats");
        refused(out + Arguments{"--from", "#900", "--to", "#800"}, 2, "no event lies between");
        refused(out + Arguments{"--from", "#999999"}, 2, "after the last event");
        refused(out + Arguments{"--to", "#999999"}, 2, "the journal ends at");
        refused(out + Arguments{"--to", "2020-01-01T00:00:00Z"}, 2, "before the first event");
        refused(out + Arguments{"--redact", "image"}, 2, "org, pod and owner");
        refused(out + Arguments{"--redact", ""}, 2, "names nothing");
        refused(out + Arguments{"--redact", "org,"}, 2, "org, pod and owner");
        refused(out + Arguments{"--redact", "org,org"}, 2, "named twice");
        done({"export", at.whole, "--format", "jsonl", "--redact", "org"}, 2);
        done({"export", at.dir / "no.db", "--format", "incident", "-o", at.dir / "none.db"}, 3);
        CHECK_FALSE(std::filesystem::exists(at.dir / "none.db"));
    }

    TEST_CASE("an incident is sealed and backed up and gone on with like any journal") {
        const Incident at;
        done({"seal", at.part, "--keep-rows", "10"});
        done({"verify", at.part});
        const auto log = done({"log", at.part, "--json"}).out;
        CHECK(log == done(Arguments{"log", at.whole, "--json"} + at.window()).out);
        done({"backup", at.part, at.dir / "copy.db"});
        CHECK(log == done({"log", at.dir / "copy.db", "--json"}).out);
        const auto ran = run_program(
            {"exec", at.part, "--as", "cp-new"},
            {.input = "{\"op\":\"spawn\",\"image\":\"i\"}\n{\"query\":\"position\"}\n"});
        CHECK(ran.code == 0);
        CHECK(ran.out.find("\"transitioned\":true") != std::string::npos);
        done({"verify", at.part});
        done({"replay", at.part, "--check"});
        // The original's anchor says nothing against it.
        const auto told = done({"verify", at.part, "--anchor", at.whole + "-anchor"});
        CHECK(told.out.find("after this window") != std::string::npos);
    }

    TEST_CASE("a sealed journal gives the same incident") {
        const Incident at;
        done({"seal", at.whole});
        const auto again = at.dir / "again.db";
        done({"export", at.whole, "--format", "incident", "--from", at.from, "--to", at.to, "-o",
              again});
        CHECK(done({"anchor", again}).out == done({"anchor", at.part}).out);
        const char* events = "SELECT hex(payload) || hex(chain) || hex(measured) FROM event";
        CHECK(RawSqlite(again).values(events) == RawSqlite(at.part).values(events));
    }
}

// --- redaction

namespace {

// Every name of the journal that must not be read in a redacted file.
std::set<std::string> names_of(const std::string& path) {
    std::set<std::string> names;
    RawSqlite raw(path);
    for (const char* sql :
         {"SELECT DISTINCT value FROM text JOIN event ON id IN (caller, owner, org)",
          "SELECT instance FROM recorder UNION SELECT run FROM recorder",
          "SELECT DISTINCT request_id FROM event WHERE request_id IS NOT NULL"})
        for (const auto& name : raw.values(sql)) names.insert(name);
    names.insert("duckgres-worker");  // the simulator's pods
    return names;
}

// A reason and an image that tell on their owner and org, and request ids.
std::string telltale_lines() {
    const Json lease{{"worker", 9001},
                     {"owner", "cp-telltale"},
                     {"epoch", 1},
                     {"image", "registry/acme-secret/img"}};
    const Json lines[] = {{{"op", "spawn"},
                           {"image", "img:1"},
                           {"org", "acme-secret"},
                           {"prefix", "runner-secret"},
                           {"request_id", "req-secret-1"}},
                          {{"op", "cp_heartbeat"}, {"request_id", "req-secret-2"}},
                          {{"op", "adopt"},
                           {"worker", 9001},
                           {"state", "hot"},
                           {"owner", "cp-telltale"},
                           {"epoch", 1},
                           {"org", "acme-secret"},
                           {"image", "registry/acme-secret/img"},
                           {"pod", "pod-secret-x"}},
                          {{"op", "retire_local"},
                           {"lease", lease},
                           {"reason", "crashed at cp-telltale (acme-secret)"}}};
    std::string out;
    for (const auto& line : lines) out += line.dump() + "\n";
    return out;
}

}  // namespace

TEST_SUITE("tools/incident") {
    TEST_CASE("a redacted incident holds no name that it was to hide") {
        TempDir dir;
        const auto whole = dir / "pool.db", part = dir / "shared.db";
        done({"simulate", whole, "--scenario", "orphan-race", "--workers", "20", "--duration", "6m",
              "--seed", "5"});
        const auto ran =
            run_program({"exec", whole, "--as", "cp-telltale"}, {.input = telltale_lines()});
        REQUIRE(ran.code == 0);
        REQUIRE(ran.out.find("error") == std::string::npos);
        auto names = names_of(whole);
        for (const char* name : {"cp-telltale", "acme-secret", "runner-secret", "req-secret-1",
                                 "req-secret-2", "pod-secret-x"})
            names.insert(name);
        REQUIRE(names.size() > 12);
        done({"export", whole, "--format", "incident", "--from", "-3m", "--redact", "org,pod,owner",
              "-o", part});
        // A store that goes on must not bring anything back.
        REQUIRE(run_program({"exec", part, "--as", "cp-of-reader"},
                            {.input = "{\"op\":\"cp_heartbeat\"}\n"})
                    .code == 0);
        for (const auto& file : std::filesystem::directory_iterator(dir.path())) {
            if (!file.path().filename().string().starts_with("shared.db")) continue;
            const auto bytes = bytes_of(file.path());
            for (const auto& name : names) {
                CAPTURE(file.path().string());
                CAPTURE(name);
                CHECK(bytes.find(name) == std::string::npos);
            }
        }
        // Packed states hide their texts from a search: they are looked into.
        auto reader = open_reader(part);
        REQUIRE(reader.has_value());
        const auto base = (*reader)->base();
        REQUIRE(base.has_value());
        for (const auto& name : names) CHECK(base->saved.state.find(name) == std::string::npos);
        CHECK(base->saved.state.find("owner-") != std::string::npos);
        CHECK(base->source.empty());
        const auto log = done({"log", part, "--worker", "9001"}).out;
        CHECK(log.find("crashed at owner-") != std::string::npos);
        CHECK(log.find("(org-") != std::string::npos);
    }

    TEST_CASE("a redacted incident is verifiable and ends as it was recorded") {
        const Incident at({"--redact", "org,pod,owner"});
        const auto verified = Json::parse(done({"verify", at.part, "--json"}).out);
        CHECK(verified["redacted"] == "org,pod,owner");
        CHECK(verified["source"] == "");
        done({"replay", at.part, "--check"});
        // Who was whose is still to be seen: as many workers of as many owners.
        const auto mine = objects_of(done({"ps", at.part, "--json"}));
        const auto theirs = objects_of(done({"ps", at.whole, "--at", at.to, "--json"}));
        REQUIRE(mine.size() == theirs.size());
        std::map<std::string, std::string> owners, orgs;
        std::set<std::string> shown;
        for (std::size_t i = 0; i < mine.size(); ++i) {
            const auto &a = theirs[i], &b = mine[i];
            CHECK(a["worker"] == b["worker"]);
            CHECK(a["state"] == b["state"]);
            CHECK(a["epoch"] == b["epoch"]);
            CHECK(owners.try_emplace(a["owner"], b["owner"]).first->second == b["owner"]);
            CHECK(orgs.try_emplace(a["org"], b["org"]).first->second == b["org"]);
            shown.insert(b["owner"]);
        }
        CHECK(owners.size() == shown.size());
        CHECK(owners.size() > 1);
        // It is no window of the journal any more, as far as hashes tell.
        const auto refused = done({"verify", at.part, "--anchor", at.whole + "-anchor"}, 4);
        CHECK(refused.err.find("is of another journal") != std::string::npos);
        CHECK(refused.err.find("hashes of its own") != std::string::npos);
        // Without a name it may as well be this one's, and is not to be found in it.
        const auto anchor = Json::parse(done({"anchor", at.whole, "--json"}).out)["anchor"];
        const auto missed = done({"verify", at.part, "--anchor", anchor}, 1);
        CHECK(missed.out.find("NOT SOUND") != std::string::npos);
        CHECK(missed.out.find("hashes of its own") != std::string::npos);
    }

    TEST_CASE("only what was asked for is hidden") {
        const Incident at({"--redact", "org"});
        const auto workers = objects_of(done({"ps", at.part, "--json"}));
        REQUIRE(!workers.empty());
        for (const auto& worker : workers) {
            if (!worker["org"].get<std::string>().empty())
                CHECK(worker["org"].get<std::string>().starts_with("org-"));
            if (!worker["owner"].get<std::string>().empty())
                CHECK(worker["owner"].get<std::string>().starts_with("cp-"));
            CHECK(worker["pod"].get<std::string>().starts_with("duckgres-worker"));
        }
    }

    TEST_CASE("two redacted files of one journal share no pseudonym") {
        const Incident at({"--redact", "owner"});
        const auto other = at.dir / "other.db";
        done({"export", at.whole, "--format", "incident", "--from", at.from, "--to", at.to,
              "--redact", "owner", "-o", other});
        const char* owners = "SELECT value FROM text WHERE value LIKE 'owner-%'";
        const auto mine = RawSqlite(at.part).values(owners);
        REQUIRE(!mine.empty());
        for (const auto& theirs : RawSqlite(other).values(owners))
            CHECK(std::ranges::find(mine, theirs) == mine.end());
        // Nor a head: an anchor of one does not hold for the other.
        CHECK(run_program({"anchor", at.part}).out != run_program({"anchor", other}).out);
    }
}
