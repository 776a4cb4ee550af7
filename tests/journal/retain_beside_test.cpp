// History is dropped while others write, read, pin and drop.

#include <atomic>
#include <map>
#include <thread>
#include <utility>

#include <doctest/doctest.h>

#include "events/limits.hpp"
#include "journal/lifecycle_store.hpp"
#include "journal/sqlite/checkpoint_row.hpp"
#include "journal/sqlite/sqlite.hpp"
#include "journal/start.hpp"
#include "tests/journal/retain_fixture.hpp"
#include "tests/support/journal_script.hpp"
#include "tests/support/raw_sqlite.hpp"
#include "tests/support/temp_dir.hpp"

namespace fenceline::testing {

TEST_SUITE_BEGIN("journal/retain");

TEST_CASE("a pin that comes while history is being folded keeps it") {
    TempDir dir;
    const auto path = dir / "pool.db";
    make_journal(path);
    auto journal = opened(path);
    auto other = opened(path);
    const RetainRequest request{.before = Position{100}, .keep = 0, .by = "a test"};
    REQUIRE(value_of(journal->retain(request)).more);
    REQUIRE(other->pin({"late", Position{1}, Position{5}}).has_value());
    RetainStep step{.more = true};
    while (step.more) step = value_of(journal->retain(request));
    CHECK(step.beginning == Position{});
    CHECK(step.pinned == "late");
    CHECK(value_of(other->event(Position{1})).position == Position{1});
}

TEST_CASE("two that drop at once drop it once") {
    TempDir dir;
    const auto path = dir / "pool.db";
    make_journal(path);
    auto one = opened(path), other = opened(path);
    const RetainRequest request{.before = Position{130}, .keep = 0, .by = "a test"};
    RetainStep mine{.more = true}, theirs{.more = true};
    while (mine.more || theirs.more) {
        if (mine.more) mine = value_of(one->retain(request));
        if (theirs.more) theirs = value_of(other->retain(request));
    }
    CHECK(mine.beginning == theirs.beginning);
    const auto base = value_of(one->base());
    CHECK(base.drops.size() == 1);
    one.reset();
    other.reset();
    CHECK(verified(path).sound());
}

TEST_CASE("what is being sealed may be sealed and dropped by another meanwhile") {
    TempDir dir;
    const auto path = dir / "pool.db";
    write_store_journal(path, 3, 60);
    auto one = opened(path), other = opened(path);
    const Position head = value_of(one->head()).position;
    auto step = value_of(one->seal({.last = Position{60}}));  // gathered
    REQUIRE(step.more);
    Position theirs = head;
    SUBCASE("all of it") {
        theirs = Position{80};
    }
    SUBCASE("a part of it") {
        theirs = Position{20};
    }
    seal_all(*other, theirs);
    drop(*other, {.before = head});
    while (step.more) step = value_of(one->seal({.last = head}));
    CHECK(step.sealed > Position{80});  // it goes on with the rest
    CHECK(value_of(one->beginning()).position <= theirs);
    one.reset();
    other.reset();
    CHECK(verified(path).sound());
}

TEST_CASE("many that seal and drop at once hinder neither each other nor who writes") {
    TempDir dir;
    const auto path = dir / "pool.db";
    const auto journal =
        value_of(open_journal({.path = path, .create = true, .wal_reserve_bytes = 0}));
    std::atomic<bool> over = false;
    std::atomic<int> refused = 0;
    std::vector<std::jthread> keepers;
    for (int k = 0; k < 6; ++k)
        keepers.emplace_back([&] {
            auto mine = open_journal({.path = path, .wal_reserve_bytes = 0});
            const auto done = [&](const auto& step) {
                if (!step) MESSAGE(step.error().text);
                if (!step) ++refused;
                return !step || !step->more;
            };
            while (mine && !over && refused == 0) {
                while (!done((*mine)->seal({.last = Position{1'000'000}, .least = 2}))) {
                }
                const RetainRequest request{.most_bytes = 1, .keep = 2, .by = "a keeper"};
                while (!done((*mine)->retain(request))) {
                }
            }
            if (!mine) ++refused;
        });
    {
        auto store = value_of(LifecycleStore::open({.path = path, .instance = "cp-a"}));
        for (int i = 0; i < 1'500; ++i)
            REQUIRE(store->spawn({.prefix = "w", .image = "img"}).has_value());
    }
    over = true;
    keepers.clear();
    CHECK(refused == 0);
    CHECK(value_of(journal->base()).drops.size() > 50);
    CHECK(verified(path).sound());
}

TEST_CASE("stores go on while history is dropped under them") {
    TempDir dir;
    const auto path = dir / "pool.db";
    make_journal(path);
    // One that has folded only what is going to be dropped.
    auto idle = value_of(LifecycleStore::open({.path = path, .instance = "cp-idle"}));
    const auto before = value_of(idle->position());
    {
        FakeClock clock(Time{1'879'616'800'000'000'000});
        StoreScript script(path, 9, clock);
        for (int i = 0; i < 20; ++i) script.batch();
    }
    {
        auto journal = opened(path);
        seal_all(*journal, value_of(journal->head()).position);
        const auto step = drop(*journal, {.most_bytes = 1});
        REQUIRE(step.beginning > before);
    }
    const auto spawned = value_of(idle->spawn({.prefix = "w", .image = "img"}));
    CHECK(spawned.position > before);
    CHECK(value_of(idle->position()) == spawned.position);
    REQUIRE(idle->close().has_value());
    CHECK(verified(path).sound());
}

// It could not say which of the dropped events were its own.
TEST_CASE("a store does not reopen behind what it has not seen and a new one does") {
    TempDir dir;
    const auto path = dir / "pool.db";
    make_journal(path);
    auto idle = value_of(LifecycleStore::open({.path = path, .instance = "cp-idle"}));
    REQUIRE(idle->spawn({.prefix = "w", .image = "img"}));
    REQUIRE(idle->reopen());
    {
        auto journal = opened(path);
        JournalScript script(*journal);
        for (int i = 0; i < 40; ++i) script.appends({drain_event()});
        seal_all(*journal, value_of(journal->head()).position);
        (void)drop(*journal, {.most_bytes = 1});
    }
    for (int i = 0; i < 2; ++i) {
        const auto reopened = idle->reopen();
        REQUIRE_FALSE(reopened);
        CHECK(reopened.error().code == ErrorCode::not_found);
        CHECK(reopened.error().text.starts_with("what became of the unknown commit was dropped"));
        CHECK(reopened.error().hint == "close this store and open a new one");
    }
    REQUIRE(idle->close());
    auto anew = value_of(LifecycleStore::open({.path = path, .instance = "cp-idle"}));
    CHECK(anew->spawn({.prefix = "w", .image = "img"}));
}

TEST_CASE("four writers go on while one seals and drops") {
    TempDir dir;
    const auto path = dir / "pool.db";
    auto keeper = value_of(open_journal({.path = path, .create = true, .wal_reserve_bytes = 0}));
    std::atomic<int> writing = 4;
    std::vector<std::vector<std::pair<std::int64_t, std::string>>> answered(4);
    std::vector<std::jthread> writers;
    for (std::size_t w = 0; w < answered.size(); ++w)
        writers.emplace_back([&, w] {
            const auto name = "cp-" + std::to_string(w);
            auto store = LifecycleStore::open({.path = path, .instance = name});
            if (!store) MESSAGE(store.error().text);
            for (int i = 0; store && i < 150; ++i) {
                const Ask ask{.request_id = name + "-" + std::to_string(i)};
                const auto answer = (*store)->spawn({.prefix = "w", .image = "img"}, ask);
                if (answer) answered[w].emplace_back(answer->position.value, ask.request_id);
            }
            --writing;
        });
    while (writing > 0) {
        const auto head = value_of(keeper->head()).position;
        REQUIRE(keeper->seal({.last = Position{head.value - 5}, .least = 10}).has_value());
        REQUIRE(keeper->retain({.most_bytes = 1, .keep = 100, .by = "keeper"}).has_value());
    }
    writers.clear();
    seal_all(*keeper, value_of(keeper->head()).position);
    drop(*keeper, {.before = Position{500}});
    const auto begins = value_of(keeper->beginning()).position.value;
    CHECK(begins > 100);
    std::map<std::int64_t, std::string> there;
    for (const Event& event : hear(*keeper).events) there[event.position.value] = event.request_id;
    for (const auto& answers : answered) {
        CHECK(answers.size() == 150);
        for (const auto& [position, id] : answers)
            CHECK((position <= begins || there[position] == id));
    }
    keeper.reset();
    CHECK(verified(path).sound());
}

TEST_CASE("a read whose place is dropped says so instead of leaving a gap") {
    TempDir dir;
    const auto path = dir / "pool.db";
    auto journal = value_of(open_journal({.path = path, .create = true, .wal_reserve_bytes = 0}));
    {
        auto store = value_of(LifecycleStore::open({.path = path, .instance = "cp-a"}));
        const std::vector<Command> beats(100, Command{{}, ControlPlaneHeartbeat{}});
        for (int i = 0; i < 50; ++i)
            for (const auto& answer : store->apply(beats)) REQUIRE(answer.has_value());
    }
    struct DropsMidway : Heard {
        Journal* journal = nullptr;
        bool event(const Event& event) override {
            if (event.position == Position{1'500}) {
                seal_all(*journal, Position{4'000});
                drop(*journal, {.before = Position{4'001}});
            }
            return Heard::event(event);
        }
    } sink;
    sink.journal = journal.get();
    const auto reader = reader_of(path);
    const auto read = reader->read({}, Position{9'999}, sink);
    CHECK(error_of(read).code == ErrorCode::not_found);
    CHECK(error_of(read).text.find("begins after #") != std::string::npos);
    CHECK(sink.events.size() == 2'000);
    CHECK(value_of(reader->beginning()).position.value > 3'000);
}

TEST_CASE("a read says so where only a flush is dropped between two of its pieces") {
    TempDir dir;
    const auto path = dir / "pool.db";
    auto journal = value_of(open_journal({.path = path, .create = true, .wal_reserve_bytes = 0}));
    JournalScript script(*journal);
    constexpr std::int64_t piece = 1'000;  // events that are read at once
    const std::vector<Event> many(piece, drain_event());
    script.appends(many);
    struct DropsMidway : Heard {
        Journal* journal = nullptr;
        JournalScript* script = nullptr;
        bool event(const Event& event) override {
            if (event.position == Position{piece}) {
                script->flushes(took(Position{1}, {7}));
                script->appends({drain_event(), drain_event()});
                seal_all(*journal, event.position);
                drop(*journal, {.before = Position{piece + 1}});
            }
            return Heard::event(event);
        }
    } sink;
    sink.journal = journal.get();
    sink.script = &script;
    const auto reader = reader_of(path);
    const auto read = reader->read({}, Position{9'999}, sink);
    REQUIRE(value_of(reader->beginning()).position == Position{piece});
    CHECK(error_of(read).code == ErrorCode::not_found);
    CHECK(sink.events.size() == piece);
}

// As a page that follows the journal does, or a store.
TEST_CASE("a read that goes on from before a dropped flush says so") {
    TempDir dir;
    const auto path = dir / "pool.db";
    auto journal = value_of(open_journal({.path = path, .create = true, .wal_reserve_bytes = 0}));
    JournalScript script(*journal);
    const Head seen = script.appends({drain_event(), drain_event()});
    script.flushes(took(Position{1}, {7}));
    script.appends({drain_event(), drain_event()});
    seal_all(*journal, Position{2});
    drop(*journal, {.before = Position{3}});
    REQUIRE(value_of(journal->beginning()).position == seen.position);
    Heard heard;
    const auto other = reader_of(path);
    for (Reader* reader : {static_cast<Reader*>(journal.get()), other.get()}) {
        const auto error = error_of(reader->read(seen, Position{99}, heard));
        CHECK(error.code == ErrorCode::not_found);
        CHECK(error.text.find("flush") != std::string::npos);
    }
    CHECK(heard.order.empty());
    CHECK(hear(*journal, {.position = seen.position}).order == "rees");
}

namespace {

// Two events, a flush and twenty more; a segment to #10 that may be dropped.
std::unique_ptr<Journal> journal_with_a_flush(const std::string& path) {
    auto journal = value_of(open_journal({.path = path, .create = true, .wal_reserve_bytes = 0}));
    JournalScript script(*journal);
    script.appends({drain_event(), drain_event()});
    script.flushes(took(Position{1}, {7}));
    for (int i = 0; i < 20; ++i) script.appends({drain_event()});
    seal_all(*journal, Position{10});
    return journal;
}

}  // namespace

TEST_CASE("a read of what stays is not held up by what is dropped before it begins") {
    TempDir dir;
    const auto path = dir / "pool.db";
    auto journal = journal_with_a_flush(path);
    struct DropsFirst : Heard {
        Journal* journal = nullptr;
        mutable bool dropped = false;
        bool wants_chain() const override {  // asked between the start and the first piece
            if (!std::exchange(dropped, true)) drop(*journal, {.before = Position{11}});
            return true;
        }
    } sink;
    sink.journal = journal.get();
    REQUIRE(reader_of(path)->read({.position = Position{15}}, Position{20}, sink).has_value());
    CHECK(value_of(journal->beginning()).position == Position{10});
    CHECK(sink.events.size() == 5);
}

TEST_CASE("a checkpoint that lies about its flushes is only ever an error") {
    TempDir dir;
    const auto path = dir / "pool.db";
    auto journal = journal_with_a_flush(path);
    drop(*journal, {.before = Position{11}});
    auto start = value_of(fold_up_to(*journal, Position{15}));
    journal.reset();
    start.head.flushes = 0;
    const Checkpoint lie{start.head, start.fold.save()};
    {
        auto database =
            value_of(sqlite::Connection::open(path, {.access = sqlite::Access::read_write}));
        auto insert = value_of(database.prepare(sqlite::insert_checkpoint_sql));
        const auto packed = value_of(sqlite::pack(lie));
        sqlite::bind_checkpoint(insert, lie, packed);
        REQUIRE(insert.run().has_value());
    }
    {
        RawSqlite raw(path);
        const std::string of_events =
            "FROM sqlite_schema WHERE type = 'trigger' AND "
            "tbl_name = 'event'";
        const auto triggers = raw.values("SELECT sql " + of_events);
        for (const auto& name : raw.values("SELECT name " + of_events))
            REQUIRE(raw.run("DROP TRIGGER " + name) == "");
        REQUIRE(raw.run("DELETE FROM event WHERE position = 18") == "");
        for (const auto& trigger : triggers) REQUIRE(raw.run(trigger) == "");
    }
    CHECK_FALSE(fold_up_to(*reader_of(path), Position{22}));
    CHECK_FALSE(LifecycleStore::open({.path = path, .instance = "cp-a"}));
}

TEST_CASE("a store drops by itself what is old enough") {
    TempDir dir;
    FakeClock clock;
    const auto path = dir / "pool.db";
    auto store = value_of(LifecycleStore::open({.path = path,
                                                .create = true,
                                                .instance = "cp-a",
                                                .clock = &clock,
                                                .wal_reserve_bytes = 0,
                                                .seal_after = 500,
                                                .retain_for = seconds(60),
                                                .retain_positions = 1'000}));
    const std::vector<Command> beats(limits::batch_operations,
                                     Command{{}, ControlPlaneHeartbeat{}});
    for (int i = 0; i < 140; ++i) {
        clock.advance(seconds(2));
        for (const auto& answer : store->apply(beats)) REQUIRE(answer.has_value());
    }
    const auto head = value_of(store->position());
    REQUIRE(store->close().has_value());
    const auto reader = reader_of(path);
    const auto base = value_of(reader->base());
    CHECK(base.saved.head.position.value >= limits::segment_events);
    CHECK(base.drops.back().by == "cp-a");
    CHECK(value_of(reader->head()).position == head);
    CHECK(verified(path).sound());
}

TEST_CASE("a store whose history is as old as it may be drops nothing") {
    TempDir dir;
    FakeClock clock;
    const auto path = dir / "pool.db";
    const std::vector<Command> beats(limits::batch_operations,
                                     Command{{}, ControlPlaneHeartbeat{}});
    StoreOptions options{.path = path,
                         .create = true,
                         .instance = "cp-a",
                         .clock = &clock,
                         .wal_reserve_bytes = 0,
                         .seal_after = 500,
                         .retain_positions = 1'000};
    {
        const auto store = value_of(LifecycleStore::open(options));
        for (int i = 0; i < 60; ++i)
            for (const auto& answer : store->apply(beats)) REQUIRE(answer.has_value());
    }
    // The clock stands still: what is older is what is older than 1970.
    options.retain_for = clock.now() - Time{};
    {
        const auto store = value_of(LifecycleStore::open(options));
        for (int i = 0; i < 20; ++i)
            for (const auto& answer : store->apply(beats)) REQUIRE(answer.has_value());
    }
    CHECK(value_of(reader_of(path)->beginning()).position == Position{});
}

TEST_SUITE_END();

}  // namespace fenceline::testing
