// Old history is dropped behind a base: everything after it stays as it was, what is pinned stays,
// and what was dropped is written down.

#include <filesystem>

#include <doctest/doctest.h>

#include "journal/anchor_file.hpp"
#include "journal/excerpt.hpp"
#include "tests/journal/retain_fixture.hpp"
#include "tests/support/faulty_vfs.hpp"
#include "tests/support/journal_script.hpp"
#include "tests/support/raw_sqlite.hpp"
#include "tests/support/temp_dir.hpp"

namespace fenceline::testing {

TEST_SUITE_BEGIN("journal/retain");

namespace {

std::string state_at(const std::string& path, Position to) {
    const auto reader = reader_of(path);
    return value_of(replay::replay(*reader, {.to = to})).fold.save();
}

}  // namespace

TEST_CASE("what is dropped leaves everything after it as it was") {
    TempDir dir;
    const auto path = dir / "pool.db";
    make_journal(path);
    auto journal = opened(path);
    const auto whole = hear(*journal);
    const auto head = value_of(journal->head());
    const auto before = state_at(path, head.position);
    const auto step = drop(*journal, {.before = Position{100}});
    REQUIRE(step.beginning.value > 60);
    REQUIRE(step.beginning.value < 100);
    CHECK(value_of(journal->head()) == head);
    CHECK(value_of(journal->beginning()).position == step.beginning);

    const auto left = hear(*journal);
    CHECK(left.texts == whole.texts);
    CHECK(left.recorders == whole.recorders);
    REQUIRE(left.events.size() ==
            whole.events.size() - static_cast<std::size_t>(step.beginning.value));
    CHECK(std::ranges::equal(left.events, std::span(whole.events).last(left.events.size())));
    CHECK(error_of(journal->event(step.beginning)).code == ErrorCode::not_found);
    CHECK(value_of(journal->event(Position{step.beginning.value + 1})) == left.events.front());
    journal.reset();
    CHECK(state_at(path, head.position) == before);
    const auto found = verified(path);
    CHECK(found.sound());
    CHECK(found.beginning.position == step.beginning);
    CHECK(RawSqlite(path).value("SELECT count(*) FROM checkpoint WHERE position <= " +
                                std::to_string(step.beginning.value)) == "0");
}

TEST_CASE("what was dropped is written down and holds together") {
    TempDir dir;
    const auto path = dir / "pool.db";
    make_journal(path);
    const auto at_40 = value_of(replay::replay(*reader_of(path), {.to = Position{40}}));
    auto journal = opened(path);
    const auto first = drop(*journal, {.before = Position{50}}).beginning;
    const auto second = drop(*journal, {.before = Position{110}}).beginning;
    REQUIRE(second > first);
    const auto base = value_of(journal->base());
    REQUIRE(base.drops.size() == 2);
    CHECK(base.drops[0].first == Position{1});
    CHECK(base.drops[0].last == first);
    CHECK(base.drops[0].before == ChainHash{});
    CHECK(base.drops[1].first.value == first.value + 1);
    CHECK(base.drops[1].last == second);
    CHECK(base.drops[1].before == base.drops[0].after);
    CHECK(base.drops[1].after == base.saved.head.chain);
    CHECK(base.drops[1].by == "a test");
    CHECK(base.drops[1].at.given());
    // Nothing left to do says so.
    CHECK(drop(*journal, {.before = Position{110}}).beginning == second);
    CHECK(value_of(journal->base()).drops.size() == 2);
    CHECK(at_40.fold.world.position == Position{40});
}

TEST_CASE("age and size and the newest positions say how much goes") {
    TempDir dir;
    const auto path = dir / "pool.db";
    make_journal(path);
    auto journal = opened(path);
    const auto events = hear(*journal).events;
    SUBCASE("age") {
        const auto limit = events[80].at;
        const auto step = drop(*journal, {.older_than = limit});
        const auto last = static_cast<std::size_t>(step.beginning.value);
        REQUIRE(last > 30);
        CHECK(events[last - 1].at < limit);
        // The next segment has an event that is young enough to stay.
        const auto next = RawSqlite(path).value("SELECT min(at_last) FROM segment");
        CHECK(std::stoll(next) >= limit.ns);
    }
    SUBCASE("size") {
        RawSqlite raw(path);
        const auto used = [&] {
            return (std::stoll(raw.value("PRAGMA page_count")) -
                    std::stoll(raw.value("PRAGMA freelist_count"))) *
                   4096;
        };
        CHECK(drop(*journal, {.most_bytes = used() + 1}).beginning == Position{});
        const auto step = drop(*journal, {.most_bytes = used() - 4'000});
        CHECK(step.beginning.given());
        CHECK(step.beginning.value < 200);
        CHECK(raw.value("SELECT count(*) FROM segment") != "0");
        drop(*journal, {.most_bytes = 1});
        CHECK(raw.value("SELECT count(*) FROM segment") == "0");
        CHECK(raw.value("SELECT count(*) FROM event") != "0");
    }
    SUBCASE("the newest positions") {
        const auto head = value_of(journal->head()).position.value;
        RetainRequest request{.most_bytes = 1, .keep = head - 50, .by = "a test"};
        RetainStep step{.more = true};
        while (step.more) step = value_of(journal->retain(request));
        CHECK(step.beginning.value <= 50);
        CHECK(step.beginning.value > 30);
        // As a rule a retry finds its answer for as long as it is remembered.
        request.keep = RetainRequest{}.keep;
        CHECK_FALSE(value_of(journal->retain(request)).more);
    }
    journal.reset();
    CHECK(verified(path).sound());
}

TEST_CASE("what is pinned stays and so does what comes after it") {
    TempDir dir;
    const auto path = dir / "pool.db";
    make_journal(path);
    auto journal = opened(path);
    REQUIRE(journal->pin({"incident-42", Position{70}, Position{72}}).has_value());
    CHECK(error_of(journal->pin({"incident-42", Position{1}, Position{2}})).code ==
          ErrorCode::already_exists);
    CHECK(error_of(journal->pin({"", Position{1}, Position{2}})).code ==
          ErrorCode::invalid_request);
    CHECK(error_of(journal->pin({"a", Position{5}, Position{4}})).code ==
          ErrorCode::invalid_request);
    CHECK(error_of(journal->pin({"a", Position{5}, Position{99'999}})).code ==
          ErrorCode::invalid_request);
    const auto step = drop(*journal, {.before = Position{120}});
    CHECK(step.pinned == "incident-42");
    CHECK(step.beginning.value < 70);
    CHECK(step.beginning.value > 40);
    CHECK(value_of(journal->event(Position{70})).position == Position{70});
    CHECK(value_of(journal->pins()) ==
          std::vector<Pin>{{"incident-42", Position{70}, Position{72}}});
    CHECK(error_of(journal->pin({"gone", Position{3}, Position{80}})).code ==
          ErrorCode::invalid_request);
    CHECK(error_of(journal->unpin("another")).code == ErrorCode::not_found);
    REQUIRE(journal->unpin("incident-42").has_value());
    CHECK(value_of(journal->pins()).empty());
    const auto more = drop(*journal, {.before = Position{120}});
    CHECK(more.pinned.empty());
    CHECK(more.beginning.value > 72);
}

TEST_CASE("a damaged segment is not dropped") {
    TempDir dir;
    const auto path = dir / "pool.db";
    make_journal(path);
    RawSqlite(path).run_without("text_update", "UPDATE text SET value = value || 'x' WHERE id = 2");
    auto journal = opened(path);
    const RetainRequest request{.before = Position{100}, .keep = 0, .by = "a test"};
    Result<RetainStep> step = RetainStep{.more = true};
    while (step && step->more) step = journal->retain(request);
    CHECK(error_of(step).code == ErrorCode::corrupt);
    CHECK(value_of(journal->beginning()) == Head{});
    CHECK(RawSqlite(path).value("SELECT min(first) FROM segment") == "1");
}

TEST_CASE("a fault at any write or sync while dropping loses nothing") {
    for (const Call call : {Call::write, Call::sync})
        for (int nth = 1;; ++nth) {
            CAPTURE(nth);
            TempDir dir;
            const auto path = dir / "pool.db";
            make_journal(path, 5, 25);
            const auto whole = hear(*reader_of(path));
            const auto head = value_of(reader_of(path)->head());
            FaultyVfs vfs;
            auto journal = opened(path, vfs.name());
            vfs.fail({.what = call,
                      .nth = nth,
                      .code = call == Call::write ? SQLITE_IOERR_WRITE : SQLITE_IOERR_FSYNC});
            const RetainRequest request{.before = Position{40}, .keep = 0, .by = "a test"};
            Result<RetainStep> step = RetainStep{.more = true};
            while (step && step->more) step = journal->retain(request);
            const bool fired = vfs.fired();
            CHECK((fired || step.has_value()));
            vfs.heal();
            journal.reset();
            journal = opened(path);
            CHECK(value_of(journal->head()) == head);
            const auto begins = value_of(journal->beginning()).position.value;
            const auto left = hear(*journal);
            CHECK(left.events.size() == whole.events.size() - static_cast<std::size_t>(begins));
            CHECK((begins == 0 || begins >= 30));
            CHECK(drop(*journal, {.before = Position{40}}).beginning.value >= 30);
            journal.reset();
            CHECK(verified(path).sound());
            if (!fired) break;
        }
}

TEST_CASE("an anchor of before the base is told of and no damage") {
    TempDir dir;
    const auto path = dir / "pool.db";
    make_journal(path);
    auto journal = opened(path);
    const auto seals = hear(*journal).seals;
    const auto id = anchored_name(value_of(journal->id()));
    const auto begins = drop(*journal, {.before = Position{100}}).beginning;
    const auto base = value_of(journal->base()).saved.head;
    const auto anchor_of = [&](const Seal& seal) {
        return replay::Anchor{seal.last, seal.chain, id};
    };
    journal.reset();
    const auto told = verified(path, {anchor_of(seals[3]), anchor_of(seals.back()),
                                      replay::Anchor{base.position, base.chain, id}});
    CHECK(told.sound());
    REQUIRE(told.notes.size() == 1);
    CHECK(told.notes[0].what.find("before the base") != std::string::npos);
    CHECK(told.not_held == 1);
    // The kept anchor is still held: a store opens the journal, and would not a cut one.
    REQUIRE(write_anchor(path + "-anchor", {id, Position{3}, 0, ChainHash{5}}).has_value());
    CHECK(open_journal({.path = path, .wal_reserve_bytes = 0}).has_value());
    CHECK(begins == base.position);
}

TEST_CASE("what was dropped cannot be unsaid") {
    TempDir dir;
    const auto path = dir / "pool.db";
    make_journal(path);
    drop(*opened(path), {.before = Position{100}});
    REQUIRE(verified(path).sound());
    const char* trigger = "dropped_update";
    const char* change = "";
    SUBCASE("who said so") {
        change = "UPDATE dropped SET by = 'nobody'";
    }
    SUBCASE("when") {
        change = "UPDATE dropped SET at = at + 1";
    }
    SUBCASE("from where on") {
        change = "UPDATE dropped SET first = first + 1";
    }
    SUBCASE("the hash before it") {
        change = "UPDATE dropped SET chain_before = randomblob(32)";
    }
    SUBCASE("all of it") {
        trigger = "dropped_delete";
        change = "DELETE FROM dropped";
    }
    {
        RawSqlite raw(path);
        CHECK(raw.run(change) != "");
        raw.run_without(trigger, change);
    }
    CHECK_FALSE(verified(path).sound());
}

TEST_CASE("compacting gives the room back and changes nothing else") {
    TempDir dir;
    const auto path = dir / "pool.db";
    make_journal(path, 7, 150);
    auto journal = opened(path);
    drop(*journal, {.most_bytes = 1});
    const auto left = hear(*journal);
    const auto head = value_of(journal->head());
    const auto before = std::filesystem::file_size(path);
    REQUIRE(journal->compact().has_value());
    CHECK(std::filesystem::file_size(path) < before);
    CHECK(RawSqlite(path).value("PRAGMA freelist_count") == "0");
    CHECK(hear(*journal).events == left.events);
    JournalScript script(*journal, "cp-after");
    CHECK(script.appends({drain_event()}).position.value == head.position.value + 1);
    journal.reset();
    CHECK(hear(*opened(path)).events.size() == left.events.size() + 1);
}

TEST_CASE("a window of a journal that was dropped from is one of that journal") {
    TempDir dir;
    const auto path = dir / "pool.db", part = dir / "part.db";
    make_journal(path);
    drop(*opened(path), {.before = Position{60}});
    const auto reader = reader_of(path);
    value_of(write_excerpt(*reader, {.path = part, .after = Position{90}, .to = Position{120}}));
    CHECK(verified(part).sound());
    CHECK(value_of(reader_of(part)->base()).drops.empty());
    // And it can be dropped from itself.
    {
        auto journal = opened(part);
        seal_all(*journal, Position{110});
        CHECK(drop(*journal, {.before = Position{115}}).beginning.value > 95);
    }
    CHECK(verified(part).sound());
    CHECK(value_of(reader_of(part)->base()).source == value_of(reader_of(path)->id()));
}

TEST_SUITE_END();

}  // namespace fenceline::testing
