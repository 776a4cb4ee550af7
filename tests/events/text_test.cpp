#include "events/text.hpp"

#include <doctest/doctest.h>

namespace fenceline {

TEST_SUITE_BEGIN("events/text");

TEST_CASE("numbers are given in the order of first use") {
    Dictionary texts;
    CHECK(texts.size() == 1);
    CHECK(texts.text(TextId{}).empty());
    CHECK(texts.intern("") == TextId{});
    CHECK(texts.intern("acme") == TextId{1});
    CHECK(texts.intern("beta") == TextId{2});
    CHECK(texts.intern("acme") == TextId{1});
    CHECK(texts.size() == 3);
    CHECK(texts.text(TextId{2}) == "beta");
}

TEST_CASE("any bytes are kept apart") {
    Dictionary texts;
    const std::string nul("a\0b", 3);
    const auto id = texts.intern(nul);
    CHECK(texts.intern("a") != id);
    CHECK(texts.text(id) == nul);
}

TEST_CASE("finding gives no number to what has none") {
    Dictionary texts;
    TextId id{77};
    CHECK_FALSE(texts.find("acme", id));
    CHECK(texts.size() == 1);
    const auto given = texts.intern("acme");
    CHECK(texts.find("acme", id));
    CHECK(id == given);
    CHECK(texts.find("", id));
    CHECK(id == TextId{});
}

TEST_CASE("truncating takes back the newest numbers only") {
    Dictionary texts;
    const auto kept = texts.intern("kept");
    texts.intern("gone");
    texts.intern("gone too");
    texts.truncate(2);
    CHECK(texts.size() == 2);
    TextId id;
    CHECK_FALSE(texts.find("gone", id));
    CHECK(texts.find("kept", id));
    CHECK(id == kept);
    CHECK(texts.intern("gone too") == TextId{2});
    texts.truncate(0);
    CHECK(texts.size() == 1);  // the empty text always has its number
    CHECK(texts.intern("kept") == TextId{1});
}

TEST_CASE("copies and moves stand alone") {
    Dictionary texts;
    for (int i = 0; i < 1'000; ++i) texts.intern("text " + std::to_string(i));
    Dictionary copy = texts;
    texts.truncate(1);
    CHECK(copy.size() == 1'001);
    TextId id;
    CHECK(copy.find("text 999", id));
    CHECK(id == TextId{1'000});
    CHECK(copy.text(TextId{1}) == "text 0");

    const Dictionary moved = std::move(copy);
    CHECK(moved.find("text 500", id));
    CHECK(moved.text(id) == "text 500");
    texts = moved;
    const Dictionary& same = texts;
    texts = same;
    CHECK(texts.size() == 1'001);
    CHECK(texts.find("text 7", id));
}

TEST_CASE("views stay valid while the dictionary grows") {
    Dictionary texts;
    const auto view = texts.text(texts.intern("short"));
    for (int i = 0; i < 10'000; ++i) texts.intern(std::to_string(i));
    CHECK(view == "short");
    CHECK(texts.text(TextId{1}).data() == view.data());
}

TEST_CASE("the estimate of memory grows with the texts") {
    Dictionary texts;
    const auto before = texts.memory_bytes();
    texts.intern(std::string(1'000, 'x'));
    CHECK(texts.memory_bytes() >= before + 1'000);
}

TEST_SUITE_END();

}  // namespace fenceline
