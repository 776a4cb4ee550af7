// Every hostile file through every command that takes a journal: the exit code is right, the error
// is one line, memory and time are bounded, and no other file on the disk is touched.
//
//   --seed 17     other ways to call the commands that have several
//   --scale 5     up to five of these ways with each file, not one
//   --long        all of them

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <doctest/doctest.h>

#include "tests/support/extent.hpp"
#include "tests/support/guarantees.hpp"
#include "tests/support/program.hpp"
#include "tests/tools/hostile_zoo.hpp"

namespace fenceline::testing {

namespace {

namespace fs = std::filesystem;
using Strings = std::vector<std::string>;

constexpr long most_memory_kib = 256 << 10;
constexpr long most_with_a_page_kib = 600 << 10;  // a page to compare with may have 256 MiB
constexpr std::uint64_t most_address_space = std::uint64_t{3} << 30;
constexpr std::uint64_t most_seconds = 20;

// One way to hand a journal to the program; JOURNAL, GOOD and OUT stand for paths.
struct Call {
    Strings arguments;
    enum class Does { reads, writes, makes } does = Does::reads;
    std::string input;
};

std::string text_of_help(const Strings& command) {
    Strings arguments = command;
    arguments.emplace_back("--help");
    return run_program(arguments).out;
}

// The program's own list, so that no new command is forgotten.
Strings commands_with_a_journal() {
    Strings found;
    std::istringstream help(text_of_help({}));
    bool listed = false;
    for (std::string line; std::getline(help, line);) {
        if (line.starts_with("Subcommands:")) {
            listed = true;
        } else if (listed && line.starts_with("  ") && line[2] != ' ') {
            const auto name = line.substr(2, line.find(' ', 2) - 2);
            const auto own = text_of_help({name});
            if (own.substr(0, own.find("Options:")).find("JOURNAL") != std::string::npos)
                found.push_back(name);
        } else if (line.empty()) {
            listed = false;
        }
    }
    return found;
}

Strings formats_of_export() {
    const auto help = text_of_help({"export"});
    const auto start = help.find("--format ") + 9;
    std::istringstream names(help.substr(start, help.find_first_of(" \n", start) - start));
    Strings formats;
    for (std::string name; std::getline(names, name, '|');) formats.push_back(name);
    return formats;
}

std::vector<Call> calls_of(const std::string& command) {
    using enum Call::Does;
    const std::string spawn = "{\"op\":\"spawn\",\"image\":\"i\"}\n";
    if (command == "init") return {{{"init", "JOURNAL"}, makes}};
    if (command == "exec") return {{{"exec", "JOURNAL"}, writes, spawn}};
    if (command == "simulate") return {{{"simulate", "JOURNAL", "--duration", "1m"}, makes}};
    if (command == "import") return {{{"import", "JOURNAL"}, makes}};
    if (command == "seal") return {{{"seal", "JOURNAL", "--keep-rows", "0"}, writes}};
    if (command == "retain")
        return {{{"retain", "JOURNAL", "--before", "#20"}, writes},
                {{"retain", "JOURNAL", "--before", "#20", "--keep", "0"}, writes}};
    if (command == "pin") return {{{"pin", "JOURNAL", "--name", "mine", "--from", "#1"}, writes}};
    if (command == "unpin") return {{{"unpin", "JOURNAL", "mine"}, writes}};
    if (command == "show") return {{{"show", "JOURNAL", "1"}}};
    if (command == "serve") return {{{"serve", "JOURNAL", "--listen", "127.0.0.1:0"}}};
    if (command == "report") return {{{"report", "JOURNAL", "-o", "OUT/page.html"}}};
    if (command == "backup") return {{{"backup", "JOURNAL", "OUT/copy.db"}}};
    if (command == "explain") return {{{"explain", "JOURNAL", "duckgres_warm_capacity_headroom"}}};
    if (command == "diff")
        return {{{"diff", "JOURNAL", "--against", "GOOD"}},
                {{"diff", "GOOD", "--against", "JOURNAL"}}};
    if (command == "verify") return {{{"verify", "JOURNAL"}}, {{"verify", "JOURNAL", "--json"}}};
    if (command == "replay")
        return {{{"replay", "JOURNAL"}},
                {{"replay", "JOURNAL", "--from-start"}},
                {{"replay", "JOURNAL", "--check"}},
                {{"replay", "JOURNAL", "--step"}}};
    if (command == "export") {
        std::vector<Call> calls;
        for (const auto& format : formats_of_export())
            calls.push_back({{"export", "JOURNAL", "-o", "OUT/file", "--format", format}});
        return calls;
    }
    for (const char* plain : {"log", "ps", "stats", "metrics", "anchor", "pins"})
        if (command == plain) return {{{command, "JOURNAL"}}, {{command, "JOURNAL", "--json"}}};
    return {};
}

// Some of a command's calls, other ones with the next file.
std::vector<Call> some_calls_of(const std::string& command, std::size_t turn) {
    auto calls = calls_of(command);
    const Extent extent;
    if (extent.long_form) return calls;
    const auto shift = (extent.seed_or(1) + turn) % calls.size();
    std::ranges::rotate(calls, calls.begin() + static_cast<std::ptrdiff_t>(shift));
    calls.resize(std::min<std::size_t>(calls.size(), static_cast<std::size_t>(extent.scaled(1))));
    return calls;
}

// Where a cell may write, and a journal to hold others against.
struct Bench {
    TempDir out, temporary, other;
    std::string good = other / "good.db";
    Bench() { std::ofstream(good, std::ios::binary) << sound_journal(); }
};

Ran run_cell(const Call& call, const Animal& animal, const Cage& cage, const Bench& bench) {
    Strings arguments;
    for (const auto& argument : call.arguments) {
        if (argument == "JOURNAL")
            arguments.push_back(cage.journal());
        else if (argument == "GOOD")
            arguments.push_back(bench.good);
        else if (argument.starts_with("OUT/"))
            arguments.push_back(bench.out / argument.substr(4));
        else
            arguments.push_back(argument);
    }
    RunOptions options{.input = call.input,
                       .environment = {"TMPDIR=" + bench.temporary.path().string()},
                       .powerless = animal.powerless,
                       .most_address_space = sanitized ? 0 : most_address_space,
                       .most_seconds = sanitized ? 0 : most_seconds};
    // What listens would do so for ever, and says so once it can be asked to end.
    if (arguments.front() == "serve") options.ended_after = "listening on http://";
    return run(FENCELINE_PROGRAM, arguments, options);
}

void check_error_text(const Ran& ran) {
    CHECK(ran.err.starts_with("fenceline: "));
    const auto lines = std::count(ran.err.begin(), ran.err.end(), '\n');
    CHECK(lines == (ran.err.find("\n  hint: ") != std::string::npos ? 2 : 1));
    for (const char c : ran.err) CHECK((c == '\n' || static_cast<unsigned char>(c) >= ' '));
}

// What a journal is held against may be a page as well, and then it is refused as such.
bool is_against(const Call& call) {
    return call.arguments.back() == "JOURNAL" && call.arguments.size() > 2;
}

// An exit code that this call may have with this file.
bool right_code(const Call& call, const Animal& animal, int code) {
    // Into an empty journal a simulation may go, and an import needs something to import.
    if (call.does == Call::Does::makes)
        return code == 3 || code == 4 || (animal.name == "nothing" && code == 0);
    const bool unpin = call.arguments.front() == "unpin";  // of a pin that is not there
    switch (animal.is) {
        case Animal::Is::no_journal: return code == 3 || (is_against(call) && code == 4);
        case Animal::Is::damaged: return (code >= 0 && code <= 3) || (unpin && code == 4);
        case Animal::Is::sound_journal: return code == (unpin ? 4 : 0);
    }
    return false;
}

// Readers change nothing; a refusal leaves the file as it is; nobody touches anything else.
void check_files(const Call& call, const Animal& animal, const Cage::Files& before,
                 const Cage::Files& after) {
    if (call.does == Call::Does::reads) {
        CHECK(before == after);
        return;
    }
    for (const auto& [name, state] : before) {
        const bool of_the_journal = name.starts_with("pool.db");
        const bool kept = after.contains(name) && after.at(name) == state;
        CAPTURE(name);
        if (!of_the_journal || (name == "pool.db" && animal.is == Animal::Is::no_journal))
            CHECK(kept);
    }
    for (const auto& [name, state] : after)
        CHECK((before.contains(name) || name.starts_with("pool.db")));
}

}  // namespace

TEST_SUITE_BEGIN("tools/hostile_files");

TEST_CASE("every command that takes a journal is in the table") {
    const auto commands = commands_with_a_journal();
    CHECK(commands.size() >= 19);
    for (const auto& command : commands)
        CHECK_MESSAGE(!calls_of(command).empty(),
                      "say in calls_of() how " << command << " is called");
    CHECK(formats_of_export().size() >= 5);
}

TEST_CASE("no hostile file crashes a command or makes it touch another file") {
    const Bench bench;
    int cells = 0, refused = 0;
    long most_kib = 0;
    const auto commands = commands_with_a_journal();
    for (std::size_t turn = 0; turn < hostile_zoo().size(); ++turn) {
        const auto& animal = hostile_zoo()[turn];
        auto cage = std::make_unique<Cage>();
        const auto lay = [&] {
            cage = std::make_unique<Cage>();
            std::ofstream(cage->victim()) << "precious";
            animal.lay(*cage);
        };
        lay();
        auto before = cage->look();
        for (const auto& command : commands)
            for (const auto& call : some_calls_of(command, turn)) {
                // A pipe may carry a page, and is waited for as by any program.
                if (animal.name == "a pipe" && is_against(call)) continue;
                INFO(animal.name, ": ", command, " ", call.arguments.back());
                const auto ran = run_cell(call, animal, *cage, bench);
                const auto after = cage->look();
                INFO("exit code ", ran.code, ", stderr: ", ran.err);
                ++cells;
                refused += ran.code == 3 || ran.code == 4;
                most_kib = std::max(most_kib, ran.most_memory_kib);
                CHECK(right_code(call, animal, ran.code));
                if (ran.code >= 2) check_error_text(ran);
                if (!sanitized)
                    CHECK(ran.most_memory_kib <
                          (is_against(call) ? most_with_a_page_kib : most_memory_kib));
                check_files(call, animal, before, after);
                CHECK(fs::is_empty(bench.temporary.path()));
                for (const auto& made : fs::directory_iterator(bench.out.path()))
                    fs::remove_all(made.path());
                if (after != before) {
                    lay();
                    before = cage->look();
                }
            }
    }
    MESSAGE(cells << " cells, " << refused << " refused, at most " << most_kib << " KiB");
    CHECK(refused > 300);
    CHECK(is_guaranteed(figure(cells) + " cells, " + figure(refused) + " refused"));
}

// The control: what the matrix would see if a command were less careful.
TEST_CASE("a plain shell on the same files is seen to remove and to change") {
    const auto& zoo = hostile_zoo();
    const auto rollback = std::ranges::find(
        zoo, std::string("a rollback journal that names another file"), &Animal::name);
    REQUIRE(rollback != zoo.end());
    Cage cage;
    std::ofstream(cage.victim()) << "precious";
    rollback->lay(cage);
    const auto before = cage.look();
    (void)run("/usr/bin/sqlite3", {cage.journal(), "SELECT count(*) FROM event"}, {});
    CHECK(cage.look() != before);
    CHECK_FALSE(fs::exists(cage.victim()));
}

TEST_SUITE_END();

}  // namespace fenceline::testing
