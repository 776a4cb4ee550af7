// The README against the program.

#include <fstream>
#include <sstream>

#include <doctest/doctest.h>

#include "tests/support/program.hpp"

using namespace fenceline::testing;

TEST_SUITE("tools/readme") {
    TEST_CASE("the README shows the drawing that the program draws") {
        std::ostringstream readme;
        readme << std::ifstream(std::string(FENCELINE_SOURCE_DIR) + "/README.md").rdbuf();
        const auto drawing = run_program({"diagram"});
        REQUIRE(drawing.code == 0);
        CHECK(readme.str().find("```mermaid\n" + drawing.out + "```") != std::string::npos);
    }
}
