// The page before a referee of its own: Prometheus' linter.

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>

#include "tests/metrics/fixture.hpp"

using namespace fenceline;
using namespace fenceline::testing;

namespace {

constexpr const char* promtool = "/usr/bin/promtool";

struct Findings {
    int exit_code = -1;
    std::string text;
};

// What `promtool check metrics` says of a page.
Findings lint(const std::string& page) {
    std::string folder = (std::filesystem::temp_directory_path() / "fenceline-XXXXXX").string();
    REQUIRE(mkdtemp(folder.data()) != nullptr);
    std::ofstream(folder + "/page") << page;
    const std::string command = std::string(promtool) + " check metrics < " + folder + "/page 2>&1";
    FILE* pipe = popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    Findings out;
    char buffer[4096];
    while (const std::size_t size = std::fread(buffer, 1, sizeof buffer, pipe))
        out.text.append(buffer, size);
    const int status = pclose(pipe);
    std::filesystem::remove_all(folder);
    REQUIRE(WIFEXITED(status));
    out.exit_code = WEXITSTATUS(status);
    return out;
}

bool referee_is_there() {
    if (access(promtool, X_OK) == 0) return true;
    MESSAGE("skipped: " << promtool << " is not installed (Debian package: prometheus)");
    return false;
}

// The one name that the linter dislikes and the contract fixes.
const std::string known_finding =
    "duckgres_worker_lifecycle_count non-histogram and non-summary metrics should not have "
    "\"_count\" suffix\n";

}  // namespace

TEST_SUITE("metrics/promtool") {
    TEST_CASE("a full page has the one finding that the contract brings") {
        if (!referee_is_there()) return;
        const Pool pool = busy_pool(1);
        for (const MetricFamily& family : pool.page().families) {
            CAPTURE(family.name);
            REQUIRE_FALSE(family.series.empty());
        }
        const Findings found = lint(expose_text(pool.page(), some_info()));
        CHECK(found.text == known_finding);
        CHECK(found.exit_code == 3);
    }

    TEST_CASE("a page of hostile texts is parsed") {
        if (!referee_is_there()) return;
        Pool pool;
        for (const char* image :
             {"\"", "\\", "\n", "\\n", "a\"} 1\nfake_total 5\n", "{}", "#", "\r\n\t",
              "\xf0\x9f\x90\xa6", "<script>alert(1)</script>", " ", "="}) {
            Event event =
                event_of(Operation::spawn, Outcome::transitioned, pool.texts.intern(image));
            event.to = State::spawning;
            pool.apply(event);
            pool.apply(report(Operation::activation_failed, NoDetail{}, event.image));
        }
        ExpositionInfo info = some_info();
        info.instance = "cp\"\\\n";
        const Findings found = lint(expose_text(pool.page(), info));
        CHECK(found.text == known_finding);
    }

    TEST_CASE("a page of nothing has no finding") {
        if (!referee_is_there()) return;
        const Findings found = lint(expose_text(Pool{}.page(), {}));
        CHECK(found.text == "");
        CHECK(found.exit_code == 0);
    }

    TEST_CASE("the referee finds a page that is broken") {
        if (!referee_is_there()) return;
        CHECK(lint("a{b=\"c} 1\n").exit_code == 1);
    }
}
