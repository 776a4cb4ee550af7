// The rules of the house, held against every file of the tree. Each case first proves on a planted
// violation that its rule sees one.

#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "tests/source/rules.hpp"

using namespace fenceline::testing;

namespace {

const std::vector<SourceFile>& tree() {
    static const std::vector<SourceFile> files = read_tree(FENCELINE_SOURCE_DIR);
    return files;
}

using Rule = std::function<Findings(const SourceFile&)>;

// Fails with every line of the tree that breaks the rule.
void holds_everywhere(const Rule& rule) {
    REQUIRE(tree().size() > 50);
    for (const SourceFile& file : tree())
        for (const Finding& finding : rule(file))
            FAIL_CHECK(file.path << ":" << finding.line << ": " << finding.what);
}

// The lines of a sample at which the rule finds something, as "2 5".
std::string found(const Rule& rule, const std::string& path, const std::string& text) {
    std::string lines;
    for (const Finding& finding : rule(SourceFile{path, text}))
        lines += (lines.empty() ? "" : " ") + std::to_string(finding.line);
    return lines;
}

}  // namespace

TEST_SUITE("source/tidy") {
    TEST_CASE("includes go downwards only") {
        const std::string sample =
            "#include \"events/ids.hpp\"\n#include \"journal/journal.hpp\"\n"
            "#include \"worker.hpp\"\n#include <vector>\n";
        CHECK(found(upward_includes, "statemachine/world.hpp", sample) == "2 3");
        CHECK(found(upward_includes, "replay/replayer.cpp", sample) == "3");
        CHECK(found(upward_includes, "events/a.hpp", "#include \"tests/support/a.hpp\"\n") == "1");
        holds_everywhere(upward_includes);
    }

    TEST_CASE("third-party headers stay in the room that owns them") {
        CHECK(found(foreign_includes, "journal/store.cpp", "#include <sqlite3.h>\n") == "1");
        CHECK(found(foreign_includes, "journal/sqlite/wal.cpp", "#include <sqlite3.h>\n") == "");
        const std::string msm = "#include <boost/msm/back/state_machine.hpp>\n";
        CHECK(found(foreign_includes, "statemachine/world.cpp", msm) == "1");
        CHECK(found(foreign_includes, "statemachine/decide.cpp", msm) == "");
        CHECK(found(foreign_includes, "projections/a.hpp", "#include <boost/a.hpp>\n") == "1");
        CHECK(found(foreign_includes, "events/event.hpp", "#include <cereal/cereal.hpp>\n") == "1");
        CHECK(found(foreign_includes, "metrics/a.cpp", "#include <prometheus/a.h>\n") == "1");
        CHECK(found(foreign_includes, "replay/a.cpp", "#include <fmt/format.h>\n") == "1");
        CHECK(found(foreign_includes, "tools/a.cpp", "#include <spdlog/spdlog.h>\n") == "1");
        holds_everywhere(foreign_includes);
    }

    TEST_CASE("public headers need nothing that is not public") {
        const std::set<std::string> few = {"events/ids.hpp", "events/event.hpp"};
        const auto rule = [&](const SourceFile& file) { return private_includes(file, few); };
        const std::string sample =
            "#include \"events/ids.hpp\"\n#include \"events/codec.hpp\"\n"
            "#include <tl/expected.hpp>\n#include <sqlite3.h>\n#include <string>\n";
        CHECK(found(rule, "events/event.hpp", sample) == "2 4");
        CHECK(found(rule, "events/codec.cpp", sample) == "");

        std::set<std::string> listed;
        for (const SourceFile& file : tree())
            if (file.path == "cmake/public_headers.cmake") listed = public_headers_of(file.text);
        REQUIRE(listed.contains("journal/lifecycle_store.hpp"));
        for (const std::string& header : listed) {
            bool exists = false;
            for (const SourceFile& file : tree()) exists = exists || file.path == header;
            CHECK_MESSAGE(exists, "listed, but not there: " << header);
        }
        holds_everywhere([&](const SourceFile& file) { return private_includes(file, listed); });
    }

    TEST_CASE("every source belongs to a room") {
        CHECK(found(homeless_source, "utils/strings.cpp", "") == "1");
        CHECK(found(homeless_source, "main.cpp", "") == "1");
        CHECK(found(homeless_source, "tests/events/ids_test.cpp", "") == "");
        holds_everywhere(homeless_source);
    }

    TEST_CASE("a Result cannot be dropped unseen") {
        const std::string sample =
            "[[nodiscard]] Result<int> a();\n"           // 1
            "Result<void> b(int x);\n"                   // 2: found
            "class C {\n"                                // 3
            "  public:\n"                                // 4
            "    virtual Result<std::pair<int, int>>\n"  // 5: found
            "        c() = 0;\n"                         // 6
            "    [[nodiscard]] static Result<\n"         // 7
            "        std::unique_ptr<C>> open();\n"      // 8
            "    Result<int> kept_;\n"                   // 9
            "    std::function<Result<int>(int)> f;\n"   // 10
            "};  // Result<int> d();\n"                  // 11
            "inline fenceline::Result<int> e() {\n"      // 12: found
            "    return 1;\n}\n";
        CHECK(found(discardable_results, "journal/a.hpp", sample) == "2 5 12");
        CHECK(found(discardable_results, "journal/a.cpp", sample) == "");
        holds_everywhere(discardable_results);
    }

    TEST_CASE("pure rooms read no clock and no environment and no chance") {
        const std::string sample =
            "// getenv in a comment, and \"rand\" in a text\n"
            "auto a = std::getenv(\"HOME\");\n"
            "auto b = std::chrono::system_clock::now();\n"
            "auto c = time(nullptr) + operand + brand;\n"
            "std::random_device d;\n";
        CHECK(found(impure_calls, "replay/a.cpp", sample) == "2 5 3 4");
        CHECK(found(impure_calls, "journal/a.cpp", sample) == "");
        CHECK(found(impure_calls, "events/time.cpp", sample) == "");
        holds_everywhere(impure_calls);
    }

    TEST_CASE("the library prints nothing") {
        const std::string sample = "std::cerr << 1;\nsnprintf(a, 1, \"\");\nfprintf(stderr, a);\n";
        CHECK(found(printing_library, "journal/a.cpp", sample) == "1 3");
        CHECK(found(printing_library, "tools/a.cpp", sample) == "");
        holds_everywhere(printing_library);
    }

    TEST_CASE("the library throws nothing") {
        const std::string sample = "// throw away\nthrow std::runtime_error(\"throw\");\n";
        CHECK(found(throwing_library, "journal/a.cpp", sample) == "2");
        CHECK(found(throwing_library, "events/codec.cpp", sample) == "");
        holds_everywhere(throwing_library);
    }

    TEST_CASE("tests do not sleep") {
        const std::string sample = "std::this_thread::sleep_for(1s);\nsleep(1);\nasleep();\n";
        CHECK(found(sleeping_tests, "tests/journal/a_test.cpp", sample) == "1 2");
        CHECK(found(sleeping_tests, "tools/a.cpp", sample) == "");
        holds_everywhere(sleeping_tests);
    }

    TEST_CASE("every header guards itself") {
        CHECK(found(missing_guard, "events/a.hpp", "// What it is.\nstruct A;\n") == "1");
        CHECK(found(missing_guard, "events/a.hpp", "") == "1");
        CHECK(found(missing_guard, "events/a.hpp", "#pragma once\n") == "");
        holds_everywhere(missing_guard);
    }

    TEST_CASE("files stay short") {
        std::string text;
        for (int line = 0; line < 401; ++line) text += "int a;\n";
        CHECK(found(long_file, "events/a.cpp", text) == "401");
        CHECK(found(long_file, "tests/events/a_test.cpp", text) == "");
        for (int line = 0; line < 300; ++line) text += "int a;\n";
        CHECK(found(long_file, "tests/events/a_test.cpp", text) == "701");
        holds_everywhere(long_file);
    }

    TEST_CASE("lines stay within a hundred columns") {
        const std::string fits(100, 'x');
        const std::string sample = fits + "\n" + fits + "y\n// clang-format off\n" + fits +
                                   "y\n// clang-format on\n" + fits + "y\n";
        CHECK(found(long_lines, "events/a.cpp", sample) == "2 6");
        CHECK(found(long_lines, "tools/setup", sample) == "2 6");
        CHECK(found(long_lines, "README.md", sample) == "");
        holds_everywhere(long_lines);
    }

    TEST_CASE("no tabs and no white space at the end of a line") {
        CHECK(found(stray_whitespace, "events/a.cpp", "\tint a;\nint b; \nint c;\r\n") == "1 2 3");
        CHECK(found(stray_whitespace, "events/a.cpp", "int a;\n\nint b;\n") == "");
        holds_everywhere(stray_whitespace);
    }

    TEST_CASE("nothing is marked as left over") {
        const std::string sample =
            "// TO"
            "DO: later\n// FIX"
            "ME\n\"/tmp/a.XX"
            "XXXX\"\n// XX"
            "X\n";
        CHECK(found(left_over_markers, "events/a.cpp", sample) == "1 2 4");
        holds_everywhere(left_over_markers);
    }

    TEST_CASE("no path of one machine is written down") {
        CHECK(found(machine_paths, "README.md",
                    "see\n/ho"
                    "me/me/fenceline\n") == "2");
        CHECK(found(machine_paths, "README.md", "see tests/support and /tmp/pool.db\n") == "");
        holds_everywhere(machine_paths);
    }

    TEST_CASE("tests are named after their room and without commas") {
        const std::string sample =
            "TEST_SUITE(\"journal/append\") {\nTEST_CASE(\"one and two\")\n"
            "TEST_CASE(\"one, two\")\nTEST_SUITE(\"store\")\n";
        CHECK(found(misnamed_tests, "tests/journal/append_test.cpp", sample) == "3 4");
        CHECK(found(misnamed_tests, "tests/events/ids_test.cpp", sample) == "1 3 4");
        holds_everywhere(misnamed_tests);
    }
}

TEST_SUITE("source/reading") {
    TEST_CASE("comments and literals are no code") {
        CHECK(code_only("a // b\nc") == "a     \nc");
        CHECK(code_only("a /* b\nc */ d") == "a     \n     d");
        CHECK(code_only("f(\"x\\\"y\", 'z')") == "f(      ,    )");
        CHECK(code_only("1'000 + 2'000") == "1'000 + 2'000");
        CHECK(code_only("R\"-(a \" )b)-\" c") == "              c");
    }

    TEST_CASE("a word ends where its letters end") {
        CHECK(find_word("brand rand", "rand") == 6);
        CHECK(find_word("rand_r", "rand") == std::string::npos);
        CHECK(line_at("a\nb\nc", 4) == 3);
    }
}
