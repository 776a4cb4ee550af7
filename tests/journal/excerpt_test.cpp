// A window of a journal as a journal of its own: the same from there on, and nothing before.

#include <filesystem>
#include <random>

#include <doctest/doctest.h>

#include "journal/anchor_file.hpp"
#include "journal/chain.hpp"
#include "journal/excerpt.hpp"
#include "journal/lifecycle_store.hpp"
#include "journal/start.hpp"
#include "tests/support/journal_script.hpp"
#include "tests/support/opened.hpp"
#include "tests/support/raw_sqlite.hpp"
#include "tests/support/store_journal.hpp"
#include "tests/support/temp_dir.hpp"

namespace fenceline::testing {

TEST_SUITE_BEGIN("journal/excerpt");

namespace {

// A journal with everything in it, and a window of it.
struct Window {
    TempDir dir;
    std::string whole = dir / "pool.db";
    std::string part = dir / "part.db";
    std::unique_ptr<Reader> journal;
    Excerpt made;

    explicit Window(std::int64_t after = 40, std::int64_t to = 120, const Redact& redact = {}) {
        write_store_journal(whole, 11, 80);
        journal = reader_of(whole);
        made = value_of(write_excerpt(
            *journal,
            {.path = part, .after = Position{after}, .to = Position{to}, .redact = redact}));
    }
    void tamper(const std::string& trigger, const std::string& sql) const {
        RawSqlite raw(part);
        raw.run_without(trigger, sql);
        REQUIRE(raw.run("PRAGMA wal_checkpoint(TRUNCATE)") == "");
    }
};

}  // namespace

TEST_CASE("from its base on an excerpt is the journal that it was taken from") {
    TempDir dir;
    const auto whole = dir / "pool.db";
    write_store_journal(whole, 5, 60);
    const auto journal = reader_of(whole);
    const auto head = value_of(journal->head());
    std::mt19937_64 random(5);
    for (int i = 0; i < 12; ++i) {
        const auto part = dir / ("part-" + std::to_string(i));
        const auto after = static_cast<std::int64_t>(random() % 70);
        const auto to = after + 1 + static_cast<std::int64_t>(random() % 50);
        CAPTURE(after);
        CAPTURE(to);
        const auto made = value_of(
            write_excerpt(*journal, {.path = part, .after = Position{after}, .to = Position{to}}));
        const auto excerpt = reader_of(part);
        CHECK(value_of(excerpt->beginning()) == made.base);
        CHECK(value_of(excerpt->head()) == made.head);
        CHECK(made.base.position.value <= after);
        CHECK(made.head.position.value >= to);

        const auto mine = hear(*excerpt, made.base),
                   theirs = hear(*journal, made.base, made.head.position);
        CHECK(mine.order == theirs.order);
        CHECK(mine.events == theirs.events);
        CHECK(mine.texts == theirs.texts);
        CHECK(mine.recorders == theirs.recorders);
        REQUIRE(mine.seals.size() == theirs.seals.size());
        for (std::size_t s = 0; s < mine.seals.size(); ++s) {
            CHECK(to_hex(mine.seals[s].chain) == to_hex(theirs.seals[s].chain));
            CHECK(mine.seals[s].first == theirs.seals[s].first);
            CHECK(mine.seals[s].measured == theirs.seals[s].measured);
        }
        // All names, whoever asks from the beginning; and whole commits.
        const auto all = hear(*excerpt), names = hear(*journal, {}, made.head.position);
        CHECK(all.texts == names.texts);
        CHECK(all.recorders == names.recorders);
        CHECK(all.events == mine.events);
        CHECK(all.seals.front().first.value == made.base.position.value + 1);
        CHECK(verified(part).sound());
    }
    CHECK(head.position.value > 120);
}

TEST_CASE("the state at any moment of an excerpt is that of the journal") {
    const Window window;
    const auto excerpt = reader_of(window.part);
    for (auto at = window.made.base.position.value; at <= window.made.head.position.value; ++at) {
        auto mine = value_of(replay::replay(*excerpt, {.to = Position{at}}));
        auto theirs = value_of(replay::replay(*window.journal, {.to = Position{at}}));
        mine.fold.requests = theirs.fold.requests = Requests{};
        CHECK(mine.fold.save() == theirs.fold.save());
        CHECK(mine.head.at == theirs.head.at);
        CHECK(mine.beginning == window.made.base.position);
    }
}

TEST_CASE("nothing before the base is answered") {
    const Window window;
    const auto excerpt = reader_of(window.part);
    const Position base = window.made.base.position;
    REQUIRE(base.value > 1);
    CHECK(error_of(excerpt->event(base)).code == ErrorCode::not_found);
    CHECK(error_of(excerpt->event(Position{1})).text.find("begins after #") != std::string::npos);
    CHECK(value_of(excerpt->event(Position{base.value + 1})).position.value == base.value + 1);
    Heard heard;
    const auto within = excerpt->read({.position = Position{1}}, Position{99}, heard);
    CHECK(error_of(within).code == ErrorCode::not_found);
    CHECK(error_of(replay::replay(*excerpt, {.to = Position{base.value - 1}})).code ==
          ErrorCode::invalid_request);
    CHECK(error_of(replay::position_at(*excerpt, window.made.base.at - Duration{1})).code ==
          ErrorCode::invalid_request);
    CHECK(value_of(replay::position_at(*excerpt, window.made.base.at)) >= base);
    CHECK(value_of(excerpt->first_at(Time{})).value == base.value + 1);
    // Counted from before the base: nobody knows.
    CHECK(error_of(replay::replay(*excerpt, {.tally_after = Position{1}})).code ==
          ErrorCode::invalid_request);
    CHECK(error_of(replay::replay(*excerpt, {.recorded_by = {"cp-0", "run-cp-0"}}))
              .text.find("cp-0") != std::string::npos);
}

TEST_CASE("a window that is none is refused and nothing is left") {
    Window window;
    const auto excerpt = reader_of(window.part);
    const auto out = window.dir / "none.db";
    const auto head = value_of(window.journal->head()).position;
    const auto refused = [&](Reader& reader, std::int64_t after, std::int64_t to) {
        return error_of(
            write_excerpt(reader, {.path = out, .after = Position{after}, .to = Position{to}}));
    };
    CHECK(refused(*window.journal, 5, 5).code == ErrorCode::invalid_request);
    CHECK(refused(*window.journal, 6, 5).code == ErrorCode::invalid_request);
    CHECK(refused(*window.journal, 5, head.value + 1).code == ErrorCode::invalid_request);
    CHECK(refused(*excerpt, 5, 100).code == ErrorCode::invalid_request);
    for (const char* side : {"", "-wal", "-anchor"}) {
        REQUIRE(RawSqlite(out + side).run("CREATE TABLE t (x)") == "");
        CHECK(refused(*window.journal, 5, 9).code == ErrorCode::already_exists);
        std::filesystem::remove(out + side);
    }
    for (const auto& file : std::filesystem::directory_iterator(window.dir.path()))
        CHECK(file.path().string().find("none.db") == std::string::npos);
}

TEST_CASE("an excerpt is one file") {
    const Window window;
    std::size_t files = 0;
    for (const auto& file : std::filesystem::directory_iterator(window.dir.path()))
        files += file.path().filename().string().starts_with("part.db") ? 1 : 0;
    CHECK(files == 1);
}

TEST_CASE("a window of a window is one of the journal") {
    const Window window;
    const auto excerpt = reader_of(window.part);
    const auto inner = window.dir / "inner.db";
    value_of(write_excerpt(*excerpt, {.path = inner, .after = Position{70}, .to = Position{90}}));
    const auto reader = reader_of(inner);
    const auto base = value_of(reader->base());
    CHECK(base.source == value_of(window.journal->id()));
    CHECK(base.redacted.empty());
    CHECK(verified(inner).sound());
}

TEST_CASE("sealed history gives the same excerpt as rows") {
    const Window window;
    {
        auto journal = value_of(open_journal({.path = window.whole}));
        for (;;)
            if (!value_of(journal->seal({.last = Position{100}})).more) break;
    }
    const auto again = window.dir / "again.db";
    const auto sealed = reader_of(window.whole);
    const auto made = value_of(
        write_excerpt(*sealed, {.path = again, .after = Position{40}, .to = Position{120}}));
    CHECK(made.head == window.made.head);
    const auto one = reader_of(window.part), other = reader_of(again);
    CHECK(hear(*one).events == hear(*other).events);
    CHECK(value_of(one->base()).saved.state == value_of(other->base()).saved.state);
}

TEST_CASE("an excerpt can be sealed and its base stays where it is") {
    const Window window;
    const auto before = hear(*reader_of(window.part));
    {
        auto journal = value_of(open_journal({.path = window.part}));
        SealStep step{.more = true};
        while (step.more) step = value_of(journal->seal({.last = Position{110}}));
        CHECK(step.sealed.value > 100);
        CHECK(hear(*journal).events == before.events);
    }
    CHECK(RawSqlite(window.part).value("SELECT min(first) FROM segment") ==
          std::to_string(window.made.base.position.value + 1));
    CHECK(hear(*reader_of(window.part)).events == before.events);
    CHECK(verified(window.part).sound());
}

TEST_CASE("a damaged window is not handed on") {
    Window window;
    RawSqlite(window.whole)
        .run_without("event_update", "UPDATE event SET epoch = epoch + 1 WHERE position = 60");
    const auto damaged = reader_of(window.whole);
    const auto out = window.dir / "damaged.db";
    const auto error = error_of(
        write_excerpt(*damaged, {.path = out, .after = Position{40}, .to = Position{120}}));
    CHECK(error.code == ErrorCode::corrupt);
    CHECK(error.text.find("does not have the hash") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(out));
}

// --- a base that is not what it was

TEST_CASE("every changed value of a base is found") {
    Window window;
    std::string trigger = "base_update", change;
    SUBCASE("its position") {
        change = "UPDATE base SET position = position - 1";
    }
    SUBCASE("its chain") {
        change = "UPDATE base SET chain = zeroblob(32)";
    }
    SUBCASE("its texts") {
        change = "UPDATE base SET texts = texts + 1";
    }
    SUBCASE("its recorders") {
        change = "UPDATE base SET recorders = recorders - 1";
    }
    SUBCASE("its flushes") {
        change = "UPDATE base SET flushes = flushes + 1";
    }
    SUBCASE("its time") {
        change = "UPDATE base SET at = at + 1";
    }
    SUBCASE("its size") {
        change = "UPDATE base SET size = size + 1";
    }
    SUBCASE("a byte of its state") {
        change =
            "UPDATE base SET state = CAST(substr(state, 1, 99) || x'55' || substr(state, 101) "
            "AS BLOB)";
    }
    SUBCASE("its state cut short") {
        change = "UPDATE base SET state = substr(state, 1, length(state) - 1)";
    }
    SUBCASE("its digest") {
        change = "UPDATE base SET digest = zeroblob(32)";
    }
    SUBCASE("its seal") {
        change = "UPDATE base SET seal = zeroblob(32)";
    }
    SUBCASE("its source") {
        change = "UPDATE base SET source = source || 'x'";
    }
    SUBCASE("what it says of redaction") {
        change = "UPDATE base SET redacted = 'org'";
    }
    SUBCASE("its packing") {
        change = "UPDATE base SET format = 2";
    }
    SUBCASE("a name of before") {
        trigger = "text_update";
        change = "UPDATE text SET value = value || 'x' WHERE id = 3";
    }
    SUBCASE("a recorder of before") {
        trigger = "recorder_update";
        change = "UPDATE recorder SET instance = 'cp-x' WHERE id = 1";
    }
    SUBCASE("where a recorder began") {
        trigger = "recorder_update";
        change = "UPDATE recorder SET position = position + 1 WHERE id = 2";
    }
    SUBCASE("the base gone") {
        trigger = "base_delete";
        change = "DELETE FROM base";
    }
    REQUIRE(verified(window.part).sound());
    window.tamper(trigger, change);
    const auto found = verified(window.part);
    CHECK_FALSE(found.sound());
    REQUIRE_FALSE(found.findings.empty());
}

TEST_CASE("a store does not begin at a base that is damaged") {
    Window window;
    window.tamper("base_update", "UPDATE base SET at = at - 1");
    const auto store = LifecycleStore::open({.path = window.part, .instance = "cp-z"});
    CHECK(error_of(store).code == ErrorCode::corrupt);
    const auto reader = reader_of(window.part);
    CHECK(error_of(replay::replay(*reader)).code == ErrorCode::corrupt);
}

TEST_CASE("nobody else makes or changes a base") {
    Window window;
    RawSqlite part(window.part);
    CHECK(part.run("UPDATE base SET at = 1").find("never changed") != std::string::npos);
    CHECK(part.run("DELETE FROM base").find("never deleted") != std::string::npos);
    const std::string columns =
        "1, 1, zeroblob(32), 1, 0, 0, 0, 0, x'00', zeroblob(32), '', '', "
        "zeroblob(32))";
    CHECK(part.run("INSERT INTO base VALUES (" + columns).find("begins once") != std::string::npos);
    CHECK(RawSqlite(window.whole).run("INSERT INTO base VALUES (" + columns).find("begins once") !=
          std::string::npos);
    // What continues the window is let in: as in any journal.
    CHECK(part.run("INSERT INTO text SELECT max(id) + 1, 7, 'x' FROM text").find("gap") !=
          std::string::npos);
    CHECK(part.run("INSERT INTO flush SELECT ifnull(max(id), 0) + 2, 7, 1, x'00', zeroblob(32) "
                   "FROM flush")
              .find("gap") != std::string::npos);
}

// --- anchors

TEST_CASE("anchors of the journal hold for a window of it") {
    Window window;
    const auto id = anchored_name(value_of(window.journal->id()));
    const auto& head = window.made.head;
    const auto& base = window.made.base;
    const auto whole = value_of(window.journal->head());
    const replay::Anchor inside{head.position, head.chain, id};
    const replay::Anchor at_base{base.position, base.chain, id};
    const replay::Anchor before{Position{3}, ChainHash{7}, id};
    const replay::Anchor after{whole.position, whole.chain, id};
    CHECK(verified(window.part, {inside, at_base}).notes.empty());
    CHECK(verified(window.part, {inside, at_base}).sound());
    const auto told = verified(window.part, {before, after});
    CHECK(told.sound());
    REQUIRE(told.notes.size() == 2);
    CHECK(told.not_held == 2);
    CHECK(told.notes[0].what.find("before the base") != std::string::npos);
    CHECK(told.notes[1].what.find("after this window") != std::string::npos);
    // One that says something else about a place that is there.
    CHECK_FALSE(verified(window.part, {{head.position, ChainHash{9}, id}}).sound());
    CHECK_FALSE(verified(window.part, {{whole.position, whole.chain, {}}}).sound());
    CHECK_FALSE(verified(window.part, {{head.position, head.chain, "another"}}).sound());
}

TEST_CASE("a store goes on with an excerpt") {
    Window window;
    const auto before = window.made.head;
    {
        auto store = value_of(LifecycleStore::open({.path = window.part, .instance = "cp-new"}));
        CHECK(value_of(store->position()) == before.position);
        const Ask ask{.request_id = "first"};
        const auto spawned = value_of(store->spawn({.prefix = "w", .image = "img"}, ask));
        CHECK(spawned.position.value == before.position.value + 1);
        CHECK(value_of(store->spawn({.prefix = "w", .image = "img"}, ask)).replayed);
        REQUIRE(store->close().has_value());
    }
    const auto again = verified(window.part);
    CHECK(again.sound());
    CHECK(again.head.position.value == before.position.value + 1);
    auto store = value_of(LifecycleStore::open({.path = window.part, .instance = "cp-newer"}));
    CHECK(value_of(store->spawn({.prefix = "w", .image = "img"}, {.request_id = "first"}))
              .position.value > before.position.value);
    // The anchor that the store keeps is of this file, and its tail is watched as any other's.
    CHECK(std::filesystem::exists(window.part + "-anchor"));
}

TEST_SUITE_END();

}  // namespace fenceline::testing
