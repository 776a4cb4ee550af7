// Wrong uses, broken journals and the exit codes that they end with.

#include <filesystem>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>

#include "tests/support/program.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/tools/json_match.hpp"

using namespace fenceline::testing;

namespace {

using Strings = std::vector<std::string>;
namespace fs = std::filesystem;

const Strings commands{"init",   "exec",    "log",     "ps",     "show",
                       "stats",  "metrics", "serve",   "replay", "verify",
                       "anchor", "backup",  "diagram", "diff",   "explain"};
// Those that read a journal, with what else they need.
const std::vector<Strings> readers{{"log"},
                                   {"ps"},
                                   {"show", "1"},
                                   {"stats"},
                                   {"metrics"},
                                   {"replay"},
                                   {"verify"},
                                   {"anchor"},
                                   {"explain", "warm_capacity_headroom"},

                                   {"serve", "--listen", "127.0.0.1:0"}};

Strings reading(const Strings& reader, const std::string& path) {
    Strings arguments{reader.front(), path};
    arguments.insert(arguments.end(), reader.begin() + 1, reader.end());
    return arguments;
}

// An error is one line "fenceline: what: why", and perhaps a hint; nothing is on stdout.
void check_error(const Ran& ran, int code, const std::string& part) {
    INFO(ran.err);
    CHECK(ran.code == code);
    CHECK(ran.out.empty());
    CHECK(ran.err.starts_with("fenceline: "));
    CHECK(ran.err.find(part) != std::string::npos);
    const auto lines = std::count(ran.err.begin(), ran.err.end(), '\n');
    CHECK(lines == (ran.err.find("\n  hint: ") != std::string::npos ? 2 : 1));
}

std::string made_journal(const TempDir& dir, int events = 3, const char* name = "pool.db") {
    auto path = dir / name;
    REQUIRE(run_program({"init", path}).code == 0);
    std::string input;
    for (int i = 0; i < events; ++i) input += "{\"op\":\"spawn\",\"image\":\"i\"}\n";
    REQUIRE(run_program({"exec", path}, {.input = input}).code == 0);
    return path;
}

void write_file(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
}

std::string bytes_of(const std::string& path) {
    std::ostringstream out;
    out << std::ifstream(path, std::ios::binary).rdbuf();
    return out.str();
}

Strings names_in(const fs::path& dir) {
    Strings names;
    for (const auto& entry : fs::directory_iterator(dir))
        names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace

TEST_SUITE("tools/usage") {
    TEST_CASE("every level has help with examples on stdout") {
        const auto top = run_program({"--help"});
        CHECK(top.code == 0);
        CHECK(top.err.empty());
        CHECK(top.out.find("Examples:") != std::string::npos);
        for (const auto& command : commands) {
            CAPTURE(command);
            CHECK(top.out.find("\n  " + command + " ") != std::string::npos);
            const auto help = run_program({command, "--help"});
            CHECK(help.code == 0);
            CHECK(help.out.find("Examples:") != std::string::npos);
            CHECK(help.out.find("fenceline " + command) != std::string::npos);
        }
        const auto version = run_program({"--version"});
        CHECK(version.code == 0);
        CHECK(version.out.starts_with("fenceline "));
    }

    TEST_CASE("a wrong word is told with the one that was meant") {
        check_error(run_program({"verfy"}), 2,
                    "unknown command \"verfy\"; did you mean \"verify\"?");
        check_error(run_program({"xyzzy"}), 2, "unknown command \"xyzzy\"");
        check_error(run_program({}), 2, "a command is needed");
        check_error(run_program({"--jason"}), 2, "--jason");
        check_error(run_program({"ps", "x", "--sate", "hot"}), 2, "did you mean \"--state\"?");
        check_error(run_program({"ps"}), 2, "JOURNAL");
        check_error(run_program({"diagram", "--format", "svg"}), 2, "none of mermaid|graphviz");
        check_error(run_program({"log", "x", "--limit", "ten"}), 2, "not a whole number");
        check_error(run_program({"log", "x", "--limit", "010x"}), 2, "not a whole number");
        check_error(run_program({"log", "x", "--operation", "drian"}), 2,
                    "did you mean \"drain\"?");
        check_error(run_program({"ps", "x", "--state", "hto"}), 2, "did you mean \"hot\"?");
        check_error(run_program({"exec", "x", "--heartbeat-resolution", "10"}), 2, "unit");
        check_error(run_program({"serve", "x", "--listen", "9464"}), 2, "HOST:PORT");
        check_error(run_program({"verify", "x", "--anchor", "12"}), 2, "anchor");
        check_error(run_program({"metrics", "x", "--namespace", "9lives"}), 2, "namespace");
    }

    TEST_CASE("moments that are none or lie beyond the end are wrong usage") {
        TempDir dir;
        const auto path = made_journal(dir);
        check_error(run_program({"ps", path, "--at", "yesterday"}), 2, "yesterday");
        check_error(run_program({"ps", path, "--at", "#4"}), 2, "the journal ends at #3");
        check_error(run_program({"log", path, "--from", "@x"}), 2, "@x");
        check_error(run_program({"show", path, "77"}), 2, "no event names worker 77");
        check_error(run_program({"show", path, "0"}), 2, "no worker has the id 0");
        check_error(run_program({"log", path, "--worker", "-1"}), 2, "no worker has the id -1");
        check_error(run_program({"exec", path, "--as", ""}), 2, "who asks is empty");
        check_error(run_program({"metrics", path, "--recorder", "nobody"}), 2, "nobody");
        CHECK(run_program({"ps", path, "--at", "#3"}).code == 0);
        CHECK(run_program({"ps", path, "--at", "-1d"}).code == 0);
        CHECK(run_program({"ps", path, "--at", "2999-01-01T00:00:00Z"}).code == 2);
    }

    TEST_CASE("--json may stand anywhere and every command that prints a result knows it") {
        TempDir dir;
        const auto path = made_journal(dir);
        CHECK(run_program({"--json", "ps", path}).out == run_program({"ps", path, "--json"}).out);
        CHECK(run_program({"ps", "--json", path}).out == run_program({"ps", path, "--json"}).out);
        for (const auto& reader : readers) {
            if (reader.front() == "serve") continue;
            auto arguments = reading(reader, path);
            arguments.push_back("--json");
            const auto ran = run_program(arguments);
            CAPTURE(reader.front());
            CHECK(ran.code == 0);
            REQUIRE_FALSE(ran.lines().empty());
            for (const auto& line : ran.lines())
                CHECK(Json::parse(line, nullptr, false).is_object());
        }
        CHECK(Json::accept(run_program({"init", dir / "b.db", "--json"}).out));
        CHECK(Json::accept(run_program({"backup", path, dir / "c.db", "--json"}).out));
        for (const auto& line : run_program({"diagram", "--json"}).lines())
            CHECK(Json::accept(line));
    }

    TEST_CASE("what is not a journal is told and left as it is") {
        TempDir dir;
        const auto path = made_journal(dir);
        const auto good = bytes_of(path);
        struct Broken {
            std::string name, bytes;
        };
        auto corrupt = good;
        for (std::size_t i = 4096; i < corrupt.size(); i += 3) corrupt[i] = '\x5a';
        for (const auto& [name, bytes] : std::vector<Broken>{{"text", "hello, world\n"},
                                                             {"empty", ""},
                                                             {"truncated", good.substr(0, 5000)},
                                                             {"header", good.substr(0, 100)},
                                                             {"corrupt", corrupt}}) {
            const auto broken = dir / name;
            write_file(broken, bytes);
            const auto before = names_in(dir.path());
            for (const auto& reader : readers) {
                CAPTURE(reader.front());
                CAPTURE(name);
                const auto ran = run_program(reading(reader, broken));
                // `verify` may read far enough to say what is wrong.
                const bool found = reader.front() == "verify" && ran.code == 1;
                if (!found) check_error(ran, 3, broken);
            }
            CHECK(bytes_of(broken) == bytes);
            CHECK(names_in(dir.path()) == before);
            check_error(run_program({"exec", broken}), 3, broken);
        }
    }

    TEST_CASE("a journal that is not there or is a directory is told by every command") {
        TempDir dir;
        for (const auto& reader : readers) {
            CAPTURE(reader.front());
            check_error(run_program(reading(reader, dir / "none.db")), 3, "none.db");
            check_error(run_program(reading(reader, dir.path().string())), 3, "directory");
        }
        check_error(run_program({"exec", dir / "none.db"}), 3, "init");
        check_error(run_program({"exec", dir.path().string()}), 3, "directory");
        check_error(run_program({"backup", dir / "none.db", dir / "to.db"}), 3, "none.db");
        check_error(run_program({"init", dir / "no/such/place.db"}), 3, "place.db");
        CHECK(names_in(dir.path()).empty());  // looking made nothing
    }

    TEST_CASE("whoever verifies what cannot be read is not told to verify it") {
        TempDir dir;
        const auto path = made_journal(dir);
        fs::resize_file(path, fs::file_size(path) / 2);
        const auto torn = run_program({"verify", path});
        check_error(torn, 3, path);
        CHECK(torn.err.find("restore a backup") != std::string::npos);
        CHECK(torn.err.find("fenceline verify") == std::string::npos);
        CHECK(run_program({"log", path}).err.find("fenceline verify") != std::string::npos);
    }

    TEST_CASE("a store leaves its anchor where it is told to and verify finds it there") {
        TempDir dir;
        const auto path = made_journal(dir);
        fs::remove(path + "-anchor");
        const std::string kept = dir / "elsewhere";
        const auto ran = run_program({"exec", path, "--anchor-path", kept},
                                     {.input = "{\"op\":\"spawn\",\"image\":\"i\"}\n"});
        REQUIRE(ran.code == 0);
        CHECK_FALSE(fs::exists(path + "-anchor"));
        REQUIRE(fs::exists(kept));
        const auto sound = run_program({"verify", path, "--anchor", kept});
        CHECK(sound.code == 0);
        CHECK(sound.out.find("1 anchor") != std::string::npos);
        // It is held against the journal by the next store too.
        TempDir elsewhere;
        const auto other = made_journal(elsewhere);
        check_error(run_program({"exec", other, "--anchor-path", kept}), 3, "anchor");
    }

    TEST_CASE("init and backup refuse what exists") {
        TempDir dir;
        const auto path = made_journal(dir);
        const auto before = bytes_of(path);
        check_error(run_program({"init", path}), 4, "already");
        check_error(run_program({"backup", path, path}), 4, "already");
        CHECK(bytes_of(path) == before);
        write_file(dir / "other", "mine");
        check_error(run_program({"init", dir / "other"}), 4, "already");
        check_error(run_program({"backup", path, dir / "other"}), 4, "already");
        CHECK(bytes_of(dir / "other") == "mine");
    }

    TEST_CASE("a directory that cannot be written can still be read") {
        TempDir dir;
        const auto path = made_journal(dir);
        fs::remove(path + "-lock");
        fs::permissions(path, fs::perms::owner_read);
        fs::permissions(dir.path(), fs::perms::owner_read | fs::perms::owner_exec);
        const RunOptions powerless{.powerless = true};
        for (const auto& reader : readers) {
            if (reader.front() == "serve") continue;
            CAPTURE(reader.front());
            CHECK(run_program(reading(reader, path), powerless).code == 0);
        }
        check_error(run_program({"exec", path}, powerless), 3, "ermission");
        check_error(run_program({"init", dir / "new.db"}, powerless), 3, "ermission");
        check_error(run_program({"backup", path, dir / "copy.db"}, powerless), 3, "ermission");
        fs::permissions(dir.path(), fs::perms::owner_all);
    }

    TEST_CASE("piped output has no colour and errors never reach stdout") {
        TempDir dir;
        const auto path = made_journal(dir);
        for (const auto& reader : readers) {
            if (reader.front() == "serve") continue;
            const auto ran = run_program(reading(reader, path));
            CHECK(ran.out.find('\x1b') == std::string::npos);
            CHECK(ran.err.empty());
        }
    }

    TEST_CASE("output that is cut short is an error") {
        TempDir dir;
        const auto path = made_journal(dir);
        const auto into = [](const std::string& where, std::vector<std::string> arguments) {
            arguments.insert(arguments.begin(),
                             {"-c", "\"$0\" \"$@\" " + where, FENCELINE_PROGRAM});
            return run("/bin/sh", arguments, {});
        };
        for (const auto& reader : readers) {
            if (reader.front() == "serve") continue;
            CAPTURE(reader.front());
            check_error(into(">/dev/full", reading(reader, path)), 3, "written");
            check_error(into(">&-", reading(reader, path)), 3, "written");
        }
        check_error(into(">/dev/full", {"--help"}), 3, "No space");
        CHECK(into("| head -c 1", {"log", path}).code == 0);
    }

    TEST_CASE("a closed stdout does not become a file of the journal") {
        TempDir dir;
        const auto path = dir / "pool.db";
        const auto ran =
            run("/bin/sh", {"-c", "\"$0\" init \"$1\" >&-", FENCELINE_PROGRAM, path}, {});
        check_error(ran, 3, "written");
        CHECK(bytes_of(path + "-lock").find("journal") == std::string::npos);
        CHECK(run_program({"verify", path}).code == 0);
    }

    TEST_CASE("a window that ends before it begins is wrong usage") {
        TempDir dir;
        const auto path = made_journal(dir);
        for (const auto& command : {"log", "stats"})
            check_error(run_program({command, path, "--from", "#3", "--to", "#1"}), 2,
                        "--from is after --to");
        CHECK(run_program({"log", path, "--from", "#2", "--to", "#2"}).code == 0);
    }

    TEST_CASE("a window without events is done and says so") {
        TempDir dir;
        const auto path = made_journal(dir);
        const std::vector<std::pair<Strings, std::string>> windows{
            {{"--from", "2200-01-01T00:00:00Z"}, "no events from 2200-01-01T00:00:00Z on"},
            {{"--to", "@1"}, "no events up to @1"},
            {{"--from", "@1", "--to", "@2"}, "no events between @1 and @2"}};
        const std::vector<Strings> asked{
            {"log", path}, {"stats", path}, {"replay", path, "--step"}};
        for (const auto& command : asked)
            for (const auto& [window, told] : windows) {
                auto arguments = command;
                arguments.insert(arguments.end(), window.begin(), window.end());
                const auto ran = run_program(arguments);
                INFO(command.front());
                CHECK(ran.code == 0);
                CHECK(ran.err == "fenceline: " + path + ": " + told + "\n");
                if (command.front() == "stats")
                    CHECK(ran.out.ends_with("the rest over no events\n"));
                else
                    CHECK(ran.out.empty());
            }
        // Nothing to tell where something is printed, or where no window was asked for.
        CHECK(run_program({"log", path, "--from", "@1"}).err.empty());
        CHECK(run_program({"log", made_journal(dir, 0, "none.db")}).err.empty());
    }

    TEST_CASE("no label is suggested that only stands for its absence") {
        TempDir dir;
        const auto path = made_journal(dir);
        for (const auto& option : {"--outcome", "--operation", "--origin"}) {
            const auto ran = run_program({"log", path, option, "nope"});
            check_error(ran, 2, "nope");
            CHECK(ran.err.find("none") == std::string::npos);
        }
        check_error(run_program({"log", path, "--outcome", "none"}), 2, "unknown \"none\"");
    }

    TEST_CASE("a journal that its user may not read says so") {
        TempDir dir;
        const auto path = made_journal(dir);
        fs::permissions(path, fs::perms::none);
        for (const auto& command : {"ps", "exec"})
            check_error(run_program({command, path}, {.powerless = true}), 3, "Permission denied");
        fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
    }

    TEST_CASE("no worker of ps has changed in the future") {
        TempDir dir;
        const auto path = dir / "pool.db";
        REQUIRE(run_program({"init", path}).code == 0);
        // Two events of one instant: a record's last change is then a nanosecond later than the
        // last.
        const std::string lines =
            R"({"op":"spawn","at":1779616800000000000})"
            "\n"
            R"({"op":"publish_idle","lease":{"worker":1,"owner":"exec","epoch":0}})"
            "\n";
        REQUIRE(run_program({"exec", path, "--clock", "input"}, {.input = lines}).code == 0);
        const auto ran = run_program({"ps", path});
        CHECK(ran.code == 0);
        CHECK_MESSAGE(ran.out.find("-1 ns") == std::string::npos, ran.out);
    }
}
