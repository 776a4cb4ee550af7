// Running the planted bugs takes half an hour, so few do: one that the code has moved away from
// would go unseen for as long. Whether each can still be planted shows at once.

#include "tests/source/planted_bugs.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace fenceline::testing;

namespace {

constexpr std::string_view sample = R"toml(# Planted bugs.

[once]
file = 'events/a.cpp'
old = 'int b;'
new = 'int c;'
test = 'events'

[lines]
file = 'events/a.cpp'
old = '''
int a;
int b;'''
new = 'int a;'
test = 'events'

[twice]
file = 'events/a.cpp'
old = 'int '
new = 'long '

[changed_since]
file = 'events/a.cpp'
old = '''
int a;
long b;'''
new = ''

[moved_away]
file = 'events/b.cpp'
old = 'int b;'
new = ''

[of_nothing]
file = 'events/a.cpp'
new = 'int b;'
)toml";

using Names = std::vector<std::string>;

}  // namespace

TEST_SUITE("source/planted_bugs") {
    TEST_CASE("a planted bug is read with its file and its lines") {
        const auto bugs = planted_bugs_of(sample);
        REQUIRE(bugs.size() == 6);
        CHECK(bugs[0].name == "once");
        CHECK(bugs[0].file == "events/a.cpp");
        CHECK(bugs[0].old == "int b;");
        CHECK(bugs[1].name == "lines");
        CHECK(bugs[1].old == "int a;\nint b;");
    }

    TEST_CASE("every planted bug can still be planted") {
        const std::vector<SourceFile> small = {{"events/a.cpp", "int a;\nint b;\n"}};
        CHECK(stale_bugs(planted_bugs_of(sample), small) ==
              Names{"twice", "changed_since", "moved_away", "of_nothing"});

        const auto tree = read_tree(FENCELINE_SOURCE_DIR);
        const auto list = std::ranges::find(tree, "tests/mutants/mutants.toml", &SourceFile::path);
        REQUIRE(list != tree.end());
        const auto bugs = planted_bugs_of(list->text);
        REQUIRE(bugs.size() > 50);
        for (const std::string& name : stale_bugs(bugs, tree))
            FAIL_CHECK("its text does not stand once in its file any more: " << name);
        const auto page = std::ranges::find(tree, "GUARANTEES.md", &SourceFile::path);
        REQUIRE(page != tree.end());
        CHECK(page->text.find("plants " + std::to_string(bugs.size()) + " bugs") !=
              std::string::npos);
    }
}
