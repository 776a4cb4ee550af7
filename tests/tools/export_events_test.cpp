// A journal leaves as lines and comes back as itself; what was tampered with does not.

#include <filesystem>
#include <random>
#include <sstream>

#include <doctest/doctest.h>

#include "journal/memory/memory_journal.hpp"
#include "replay/export/event_lines.hpp"
#include "tests/support/guarantees.hpp"
#include "tests/support/program.hpp"
#include "tests/support/random_journal.hpp"
#include "tests/support/temp_dir.hpp"
#include "tools/import/events.hpp"

using namespace fenceline;
using namespace fenceline::testing;
using fenceline::tools::Contradictions;
using fenceline::tools::EventImport;

namespace {

std::string exported(const std::string& path, const char* format = "jsonl") {
    const Ran ran = run_program({"export", path, "--format", format});
    INFO(ran.err);
    REQUIRE(ran.code == 0);
    return ran.out;
}

std::string anchor_of(const std::string& path) {
    return run_program({"anchor", path}).out;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

std::string joined(const std::vector<std::string>& lines) {
    std::string out;
    for (const auto& line : lines) out += line + "\n";
    return out;
}

// The head that the lines give in memory, or what refused them.
Result<Head> imported(const std::vector<std::string>& lines) {
    const auto journal = make_memory_journal();
    EventImport import(*journal, Contradictions::kept);
    for (const auto& line : lines) FENCELINE_TRY(import.take(line));
    FENCELINE_TRY(import.end());
    return import.head();
}

void check_refused(const TempDir& dir, const std::string& input, const std::string& part) {
    const auto path = dir / "refused.db";
    const Ran ran = run_program({"import", path}, {.input = input});
    INFO(ran.err);
    CHECK(ran.code == 4);
    CHECK(ran.out.empty());
    CHECK(ran.err.find(part) != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(path));
    for (const auto& file : std::filesystem::directory_iterator(dir.path()))
        CHECK(file.path().string().find("-new") == std::string::npos);
}

// The rows of a file by RFC 4180; a stray quote or a bare line end fails the test.
std::vector<std::vector<std::string>> rows_of(const std::string& csv) {
    std::vector<std::vector<std::string>> rows;
    std::vector<std::string> row{""};
    for (std::size_t i = 0; i < csv.size(); ++i) {
        if (csv[i] == '"') {
            REQUIRE(row.back().empty());
            for (++i;; ++i) {
                REQUIRE(i < csv.size());
                if (csv[i] != '"')
                    row.back() += csv[i];
                else if (i + 1 < csv.size() && csv[i + 1] == '"')
                    row.back() += csv[i++];
                else
                    break;
            }
            REQUIRE((csv[i + 1] == ',' || csv[i + 1] == '\r'));
        } else if (csv[i] == ',') {
            row.emplace_back();
        } else if (csv[i] == '\r') {
            REQUIRE(csv[++i] == '\n');
            rows.push_back(std::exchange(row, {""}));
        } else {
            REQUIRE(csv[i] != '\n');
            row.back() += csv[i];
        }
    }
    CHECK(row == std::vector<std::string>{""});
    return rows;
}

}  // namespace

TEST_SUITE("tools/export") {
    TEST_CASE("an import of an export is the same journal down to its hash") {
        for (const std::uint64_t seed : {1, 2, 3}) {
            CAPTURE(seed);
            const TempDir dir;
            const auto path = dir / "pool.db", copy = dir / "copy.db";
            write_random_journal(path, seed, 150);
            const auto lines = exported(path);
            const Ran ran = run_program({"import", copy, "--as-recorded"}, {.input = lines});
            INFO(ran.err);
            REQUIRE(ran.code == 0);
            CHECK(exported(copy) == lines);
            // An anchor beside it, and nothing that was only needed to build it.
            CHECK(std::filesystem::exists(copy + "-anchor"));
            for (const auto& file : std::filesystem::directory_iterator(dir.path()))
                CHECK(file.path().string().find("-new") == std::string::npos);
            CHECK(run_program({"exec", copy}, {.input = "{\"query\":\"position\"}\n"}).code == 0);
            CHECK(anchor_of(copy) == anchor_of(path));
            CHECK(exported(copy, "csv") == exported(path, "csv"));
        }
    }

    TEST_CASE("a simulated journal is taken without --as-recorded") {
        const TempDir dir;
        const auto path = dir / "pool.db", copy = dir / "copy.db";
        REQUIRE(run_program({"simulate", path, "--scenario", "orphan-race", "--seed", "4",
                             "--duration", "60s", "--workers", "8"})
                    .code == 0);
        const Ran ran = run_program({"import", copy}, {.input = exported(path)});
        INFO(ran.err);
        CHECK(ran.code == 0);
        CHECK(anchor_of(copy) == anchor_of(path));
        CHECK(run_program({"verify", copy}).code == 0);
    }

    TEST_CASE("no line can be changed or left out or doubled or swapped unseen") {
        const TempDir dir;
        write_random_journal(dir / "pool.db", 5, 40);
        const auto lines = lines_of(exported(dir / "pool.db"));
        const auto sound = imported(lines);
        REQUIRE(sound.has_value());
        std::mt19937_64 random(6);
        for (std::size_t i = 0; i < lines.size(); ++i) {
            CAPTURE(lines[i]);
            auto without = lines, twice = lines, swapped = lines, changed = lines;
            without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
            CHECK_FALSE(imported(without).has_value());
            twice.insert(twice.begin() + static_cast<std::ptrdiff_t>(i), lines[i]);
            CHECK_FALSE(imported(twice).has_value());
            if (i + 1 < lines.size()) {
                std::swap(swapped[i], swapped[i + 1]);
                const auto other = imported(swapped);
                // A recorder and the texts of its commit stand side by side in either order.
                CHECK((!other || other->chain == sound->chain));
            }
            for (int times = 0; times < 8; ++times) {
                changed[i] = lines[i];
                changed[i][random() % changed[i].size()] = static_cast<char>(random() % 256);
                const auto other = imported(changed);
                CHECK((!other || other->chain == sound->chain));
            }
        }
    }

    TEST_CASE("what is refused leaves no journal and names the line") {
        const TempDir dir;
        REQUIRE(run_program({"init", dir / "pool.db"}).code == 0);
        REQUIRE(run_program({"exec", dir / "pool.db"},
                            {.input = "{\"op\":\"spawn\",\"image\":\"i\"}\n"
                                      "{\"op\":\"cp_heartbeat\"}\n"
                                      "{\"op\":\"spawn\",\"image\":\"i\"}\n"})
                    .code == 0);
        const auto lines = lines_of(exported(dir / "pool.db"));
        check_refused(dir, "", "there is nothing to import");
        check_refused(dir, "not json\n", "line 1: malformed JSON");
        check_refused(dir, joined({lines.begin(), lines.end() - 1}), "cut short");
        check_refused(dir, joined({lines.begin() + 1, lines.end()}),
                      "line 1: the journal line comes first");
        check_refused(dir, joined(lines) + "{\"line\":\"end\"}\n", "more after the end line");
        check_refused(dir, "{\"line\":\"journal\",\"format\":9,\"after\":0}\n", "format 9");
        check_refused(dir, "{\"line\":\"journal\",\"format\":1,\"after\":0,\"x\":1}\n",
                      "line 1: it has a field that does not belong there");
        check_refused(dir, "{\"line\":\"journal\",\"format\":1}\n", "\"after\" is missing");
        check_refused(
            dir, run_program({"export", dir / "pool.db", "--format", "jsonl", "--from", "#3"}).out,
            "a window that begins after #2");
        // Random events are not legal ones.
        write_random_journal(dir / "random.db", 7, 20);
        check_refused(dir, exported(dir / "random.db"), "as-recorded");
    }

    TEST_CASE("a line of a hundred megabytes is refused in bounded memory") {
        const TempDir dir;
        int pieces = 100;
        const Ran ran = run_program({"import", dir / "refused.db"}, {.more_input = [&] {
                                        return pieces-- > 0 ? std::string(1 << 20, 'a') : "";
                                    }});
        CHECK(ran.code == 4);
        CHECK(ran.err.find("line 1: it is longer than") != std::string::npos);
        if (!sanitized) CHECK(ran.most_memory_kib < 64 * 1024);
        CHECK_FALSE(std::filesystem::exists(dir / "refused.db"));
    }

    TEST_CASE("a journal that is there is never touched") {
        const TempDir dir;
        const auto path = dir / "pool.db";
        write_random_journal(path, 8, 10);
        const auto lines = exported(path);
        CHECK(run_program({"import", path}, {.input = lines}).code != 0);
        CHECK(run_program({"export", path, "--format", "csv", "-o", path}).code != 0);
        CHECK(exported(path) == lines);
    }

    TEST_CASE("workers from elsewhere are adopted as they are") {
        const TempDir dir;
        const auto path = dir / "pool.db";
        const std::string workers =
            "{\"worker\":61,\"state\":\"hot\",\"owner\":\"cp-a\",\"epoch\":5,\"org\":\"acme\","
            "\"image\":\"i\",\"pod\":\"w-61\"}\n"
            "{\"op\":\"adopt\",\"worker\":7,\"state\":\"idle\",\"image\":\"i\"}\n";
        const Ran ran = run_program({"import", path, "--as", "cp-b"}, {.input = workers});
        INFO(ran.err);
        REQUIRE(ran.code == 0);
        const auto listed = run_program({"ps", path, "--json"}).lines();
        REQUIRE(listed.size() == 2);
        CHECK(listed[1].find("\"worker\":61,\"state\":\"hot\",\"owner\":\"cp-a\",\"epoch\":5") !=
              std::string::npos);
        CHECK(run_program({"verify", path}).code == 0);
        check_refused(dir, workers + workers, "line 3: worker 61 could not be adopted");
        check_refused(dir, workers + "{\"worker\":1}\n", "line 3: op \"adopt\": \"state\"");
        check_refused(dir, "{\"op\":\"drain\",\"worker\":1}\n", "neither a worker nor");
    }

    TEST_CASE("a spreadsheet gets every text and no formula") {
        const TempDir dir;
        write_random_journal(dir / "pool.db", 9, 300);
        const auto rows = rows_of(exported(dir / "pool.db", "csv"));
        const auto& header = rows.front();
        const auto column = [&](const char* name) {
            return static_cast<std::size_t>(std::ranges::find(header, name) - header.begin());
        };
        REQUIRE(column("payload") < header.size());
        const auto reader = open_reader(dir / "pool.db");
        REQUIRE(reader.has_value());
        std::vector<std::string> seen;
        for (std::size_t i = 1; i < rows.size(); ++i) {
            REQUIRE(rows[i].size() == header.size());
            CHECK(rows[i][0] == std::to_string(i));
            const auto event = (*reader)->event(Position{static_cast<std::int64_t>(i)});
            REQUIRE(event.has_value());
            auto id = rows[i][column("request_id")];
            CHECK(std::string("=+@\t\r").find(id.empty() ? 'x' : id.front()) == std::string::npos);
            if (id.starts_with("'")) id.erase(0, 1);
            CHECK(id == event->request_id);
            for (const char* name : {"caller", "request_id"}) seen.push_back(rows[i][column(name)]);
        }
        CHECK(std::ranges::find(seen, "'=HYPERLINK(\"http://x\")") != seen.end());
        CHECK(std::ranges::find(seen, "line\nbreak") != seen.end());
    }
}
