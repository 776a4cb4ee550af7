#include "journal/sqlite/schema.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>

#include <doctest/doctest.h>

#include "events/codec.hpp"
#include "journal/open.hpp"
#include "journal/sqlite/creation.hpp"
#include "journal/sqlite/event_batch.hpp"
#include "journal/sqlite/event_row.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/journal_script.hpp"
#include "tests/support/raw_sqlite.hpp"
#include "tests/support/temp_dir.hpp"

namespace fenceline::testing {

TEST_SUITE_BEGIN("journal/sqlite_schema");

namespace {

template <typename Value>
Error error_of(Result<Value> result) {
    REQUIRE_FALSE(result.has_value());
    return result.error();
}

JournalOptions options_for(const std::string& path) {
    return {.path = path, .create = true, .wal_reserve_bytes = 0};
}

void write_file(const std::string& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
}

// Three events in two commits, written by an older program: through SQL, in that format.
std::vector<Event> write_format(const std::string& path, int format) {
    const auto files = sqlite::resolve(path);
    REQUIRE(files.has_value());
    REQUIRE(sqlite::make_journal(*files, options_for(path), format).has_value());
    auto database = sqlite::Connection::open(path, {.access = sqlite::Access::read_write});
    REQUIRE(database.has_value());
    REQUIRE(database
                ->execute("INSERT INTO text VALUES (1, 1, 'acme');"
                          "INSERT INTO recorder VALUES (1, 1, 'cp-a', 'run-1')")
                .has_value());
    auto rows = sqlite::EventBatch::prepare(*database);
    REQUIRE(rows.has_value());
    std::vector<Event> events;
    ChainHash chain{};
    for (std::int64_t position = 1; position <= 3; ++position) {
        Event event = drain_event();
        event.position = Position{position};
        event.at = Time{position * 1'000};
        event.recorder = RecorderId{1};
        event.org = TextId{1};
        chain[0] = static_cast<std::uint8_t>(position);
        std::string payload;
        codec::encode(event.payload, payload);
        const sqlite::SealBytes seal{sqlite::bytes_of(chain), {}};
        const sqlite::NewEventRow row{&event, payload, position == 1 ? nullptr : &seal};
        REQUIRE((*rows)->insert({&row, 1}).has_value());
        events.push_back(std::move(event));
    }
    return events;
}

}  // namespace

// --- migrations

TEST_CASE("a new journal has the newest format and says who made it") {
    TempDir dir;
    FakeClock clock;
    auto options = options_for(dir / "pool.db");
    options.id = "journal-of-a-test";
    options.clock = &clock;
    REQUIRE(create_journal(options).has_value());
    RawSqlite raw(options.path);
    CHECK(raw.value("PRAGMA application_id") == std::to_string(0x464E434C));
    CHECK(raw.value("PRAGMA user_version") == std::to_string(sqlite::newest_format()));
    CHECK(raw.value("PRAGMA journal_mode") == "wal");
    CHECK(raw.value("SELECT value FROM meta WHERE name = 'journal_id'") == options.id);
    CHECK(raw.value("SELECT value FROM meta WHERE name = 'created_at'") == to_rfc3339(clock.now()));
    CHECK(raw.value("PRAGMA integrity_check") == "ok");
}

TEST_CASE("two new journals have ids of their own") {
    TempDir dir;
    REQUIRE(create_journal(options_for(dir / "a.db")).has_value());
    REQUIRE(create_journal(options_for(dir / "b.db")).has_value());
    const char* id = "SELECT value FROM meta WHERE name = 'journal_id'";
    CHECK(RawSqlite(dir / "a.db").value(id) != RawSqlite(dir / "b.db").value(id));
    CHECK(RawSqlite(dir / "a.db").value(id).size() == 36);
}

TEST_CASE("a journal of format 1 is read as it is") {
    TempDir dir;
    const auto path = dir / "old.db";
    const auto events = write_format(path, 1);
    auto reader = open_reader(path);
    REQUIRE(reader.has_value());
    const auto heard = hear(**reader);
    CHECK(heard.events == events);
    CHECK(heard.order == "rteeses");
    CHECK((*reader)->checkpoints()->empty());
    CHECK(error_of((*reader)->checkpoint(Position{3})).code == ErrorCode::not_found);
    CHECK(RawSqlite(path).value("PRAGMA user_version") == "1");
}

TEST_CASE("a journal of each older format is lifted when a store opens it") {
    for (int format = 1; format < sqlite::newest_format(); ++format) {
        CAPTURE(format);
        TempDir dir;
        const auto path = dir / "old.db";
        const auto events = write_format(path, format);
        CHECK(RawSqlite(path).value("PRAGMA user_version") == std::to_string(format));
        {
            auto journal = open_journal(options_for(path));
            REQUIRE_MESSAGE(journal.has_value(), (journal ? "" : journal.error().text));
            CHECK(hear(**journal).events == events);
            CHECK(*(*journal)->beginning() == Head{});
            CHECK((*journal)->pins()->empty());
            JournalScript script(**journal, "cp-b");
            const auto head = script.appends({drain_event()});
            CHECK(head.position == Position{4});
            CHECK((*journal)->save_checkpoint({head, "fold"}).has_value());
            CHECK((*journal)->pin({"kept", Position{1}, Position{4}}).has_value());
        }
        RawSqlite raw(path);
        CHECK(raw.value("PRAGMA user_version") == std::to_string(sqlite::newest_format()));
        CHECK(raw.value("SELECT operation FROM events WHERE position = 1") == "drain");
        auto reader = open_reader(path);
        CHECK((*reader)->checkpoint(Position{9})->state == "fold");
    }
}

TEST_CASE("a journal of each older format is read as it is") {
    for (int format = 1; format < sqlite::newest_format(); ++format) {
        CAPTURE(format);
        TempDir dir;
        const auto path = dir / "old.db";
        const auto events = write_format(path, format);
        auto reader = open_reader(path);
        REQUIRE(reader.has_value());
        CHECK(hear(**reader).events == events);
        CHECK(*(*reader)->beginning() == Head{});
        CHECK(error_of((*reader)->base()).code == ErrorCode::not_found);
        CHECK((*reader)->pins()->empty());
        CHECK(RawSqlite(path).value("PRAGMA user_version") == std::to_string(format));
    }
}

TEST_CASE("a newer format is refused and both numbers are named") {
    TempDir dir;
    const auto path = dir / "pool.db";
    REQUIRE(create_journal(options_for(path)).has_value());
    for (const int newer : {sqlite::newest_format() + 1, 77}) {
        const auto number = std::to_string(newer);
        REQUIRE(RawSqlite(path).run("PRAGMA user_version = " + number).empty());
        for (const auto& error :
             {error_of(open_journal(options_for(path))), error_of(open_reader(path))}) {
            CHECK(error.code == ErrorCode::unsupported_format);
            CHECK(error.text.find("has format " + number + ";") != std::string::npos);
            CHECK(error.text.find("up to " + std::to_string(sqlite::newest_format())) !=
                  std::string::npos);
        }
        CHECK(RawSqlite(path).value("PRAGMA user_version") == number);
    }
}

TEST_CASE("a schema that is not ours is refused") {
    TempDir dir;
    const auto path = dir / "pool.db";
    REQUIRE(create_journal(options_for(path)).has_value());
    const char* change = "";
    SUBCASE("a table more") {
        change = "CREATE TABLE more (x)";
    }
    SUBCASE("a trigger less") {
        change = "DROP TRIGGER event_delete";
    }
    SUBCASE("an index") {
        change = "CREATE INDEX slow ON event (worker)";
    }
    SUBCASE("a view in a table's place") {
        change =
            "DROP VIEW events; DROP TABLE text; CREATE VIEW text AS WITH RECURSIVE n(i) AS "
            "(SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS id, 1 AS position, 'x' AS "
            "value FROM n";
    }
    REQUIRE(RawSqlite(path).run(change).empty());
    CHECK(error_of(open_journal(options_for(path))).code == ErrorCode::corrupt);
    CHECK(error_of(open_reader(path)).code == ErrorCode::corrupt);
}

// --- what is no journal

TEST_CASE("what is no journal is refused and left alone") {
    TempDir dir;
    const auto path = dir / "thing";
    auto code = ErrorCode::unsupported_format;
    SUBCASE("garbage") {
        write_file(path, std::string(10'000, '\x5a'));
    }
    SUBCASE("a short text") {
        write_file(path, "hello\n");
    }
    SUBCASE("an empty file") {
        write_file(path, "");
    }
    SUBCASE("another program's database") {
        RawSqlite raw(path);
        REQUIRE(raw.run("CREATE TABLE t (x); INSERT INTO t VALUES (1)").empty());
    }
    SUBCASE("a directory") {
        std::filesystem::create_directory(path);
    }
    SUBCASE("a symbolic link") {
        REQUIRE(create_journal(options_for(dir / "real.db")).has_value());
        std::filesystem::create_symlink(dir / "real.db", path);
    }
    SUBCASE("a pipe") {
        REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    }
    SUBCASE("beside a rollback journal") {
        REQUIRE(create_journal(options_for(path)).has_value());
        write_file(path + "-journal", "anything");
        code = ErrorCode::corrupt;
    }
    const auto before = sqlite::state_of(path);
    CHECK(error_of(open_journal(options_for(path))).code == code);
    CHECK(error_of(open_reader(path)).code == code);
    CHECK(error_of(create_journal(options_for(path))).code == ErrorCode::already_exists);
    CHECK(sqlite::state_of(path) == before);
    CHECK_FALSE(sqlite::state_of(path + "-wal").exists);
}

TEST_CASE("a journal cut short is corrupt") {
    TempDir dir;
    const auto path = dir / "pool.db";
    {
        auto journal = create_journal(options_for(path));
        JournalScript script(**journal);
        for (int i = 0; i < 100; ++i) script.appends({drain_event(), drain_event()});
    }
    const auto size = std::filesystem::file_size(path);
    std::filesystem::resize_file(path, size / 2 / 4096 * 4096);
    auto reader = open_reader(path);
    Heard heard;
    const auto read = reader ? (*reader)->read({}, Position{999}, heard)
                             : Result<void>(tl::unexpect, reader.error());
    CHECK(error_of(read).code == ErrorCode::corrupt);
}

TEST_CASE("a path without a journal is not found") {
    TempDir dir;
    CHECK(error_of(open_journal({.path = dir / "none.db"})).code == ErrorCode::not_found);
    CHECK(error_of(open_reader(dir / "none.db")).code == ErrorCode::not_found);
    CHECK(error_of(open_reader(dir / "no/where.db")).code == ErrorCode::not_found);
    CHECK(error_of(open_journal({.path = "", .create = true})).code == ErrorCode::invalid_request);
    CHECK(std::filesystem::is_empty(dir.path()));
}

TEST_CASE("any name may be a journal's") {
    TempDir dir;
    for (const auto* name : {"a b?c=d#e%41.db", "\xc3\xa9.db", "file:x", "'; DROP--"}) {
        const auto path = dir / name;
        {
            auto journal = create_journal(options_for(path));
            REQUIRE_MESSAGE(journal.has_value(), (journal ? "" : journal.error().text));
            JournalScript(**journal).appends({drain_event()});
        }
        CHECK(std::filesystem::exists(path));
        CHECK((*open_reader(path))->head()->position == Position{1});
    }
}

// --- append-only

TEST_CASE("no other program can change what was appended") {
    TempDir dir;
    const auto path = dir / "pool.db";
    {
        auto journal = create_journal(options_for(path));
        JournalScript script(**journal);
        script.names({"a", "b"}).appends({drain_event(), drain_event()});
        script.flushes(took(Position{1}, {5, 6}));
    }
    RawSqlite raw(path);
    const auto row = [](int position) {
        return "INTO event SELECT " + std::to_string(position) +
               ", at, recorder, operation, outcome, failed_check, origin, caller, worker, image, "
               "org, owner, epoch, state_from, state_to, 0, count, request_id, kind, payload, "
               "chain, measured FROM event WHERE position = 1";
    };
    const std::string hash = "x'" + std::string(64, '0') + "'";
    const std::string statements[] = {
        "UPDATE event SET org = 1",
        "DELETE FROM event WHERE position = 2",
        "INSERT OR REPLACE " + row(2),
        "INSERT OR REPLACE " + row(1),
        "INSERT " + row(4),
        "INSERT " + row(0),
        "UPDATE text SET value = 'x' WHERE id = 2",
        "DELETE FROM text",
        "INSERT OR REPLACE INTO text VALUES (2, 3, 'x')",
        "INSERT INTO text VALUES (4, 3, 'x')",
        "INSERT INTO text VALUES (3, 1, 'x')",
        "UPDATE recorder SET run = 'x'",
        "DELETE FROM recorder",
        "INSERT INTO recorder VALUES (3, 3, 'x', 'y')",
        "UPDATE flush SET position = 0",
        "DELETE FROM flush",
        "INSERT INTO flush VALUES (3, 2, 1, x'00', " + hash + ")",
        "INSERT INTO flush VALUES (2, 1, 1, x'00', " + hash + ")",
        "UPDATE meta SET value = 'x'",
        "DELETE FROM meta",
    };
    const auto everything =
        "SELECT * FROM event UNION ALL SELECT id, position, value, "
        "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0 FROM text";
    const auto before = raw.values(everything);
    for (const auto& statement : statements) {
        CAPTURE(statement);
        CHECK(raw.run(statement) != "");
        CHECK(raw.values(everything) == before);
    }
    CHECK(raw.run("INSERT " + row(3)) == "");
}

TEST_CASE("values out of range are refused by the tables") {
    TempDir dir;
    const auto path = dir / "pool.db";
    { JournalScript(**create_journal(options_for(path))).appends({drain_event()}); }
    RawSqlite raw(path);
    using Changes = std::map<std::string, std::string>;
    const auto with = [](const Changes& changes) {
        std::string sql = "INSERT INTO event SELECT 2";
        for (const char* name :
             {"at",         "recorder", "operation", "outcome", "failed_check", "origin",
              "caller",     "worker",   "image",     "org",     "owner",        "epoch",
              "state_from", "state_to", "version",   "count",   "request_id",   "kind",
              "payload",    "chain",    "measured"}) {
            const auto change = changes.find(name);
            sql += ", " + (change != changes.end() ? change->second : std::string(name));
        }
        return sql + " FROM event WHERE position = 1";
    };
    const Changes wrong[] = {
        {{"at", "'noon'"}},  {{"at", "NULL"}},          {{"operation", "256"}},
        {{"outcome", "-1"}}, {{"caller", "-1"}},        {{"org", "4294967296"}},
        {{"recorder", "0"}}, {{"epoch", "-1"}},         {{"version", "2"}},
        {{"outcome", "3"}},  // refused, and moved all the same
        {{"count", "-1"}},   {{"chain", "x'00'"}},      {{"chain", "NULL"}, {"measured", "x'00'"}},
        {{"payload", "1"}},  {{"request_id", "x'00'"}},
    };
    for (const auto& changes : wrong) {
        CAPTURE(changes.begin()->first);
        CHECK(raw.run(with(changes)) != "");
        CHECK(raw.value("SELECT count(*) FROM event") == "1");
    }
    CHECK(raw.run(with({{"outcome", "3"}, {"state_to", "state_from"}})) == "");
}

TEST_CASE("the readable view resolves numbers and times") {
    TempDir dir;
    const auto path = dir / "pool.db";
    {
        auto journal = create_journal(options_for(path));
        JournalScript script(**journal);
        Event event = drain_event();
        event.at = Time{1'779'616'800'123'456'789};
        event.org = TextId{1};
        event.request_id = "r-1";
        script.names({"acme"}).appends({event});
        Event unknown = drain_event();
        unknown.operation = Operation{200};
        script.appends({unknown});
    }
    RawSqlite raw(path);
    CHECK(raw.values("SELECT at, recorder, operation, outcome, origin, org, owner, state_from, "
                     "state_to, request_id, payload FROM events WHERE position = 1") ==
          std::vector<std::string>{"2026-05-24T10:00:00.123456789Z", "cp-a", "drain",
                                   "transitioned", "worker_drain", "acme", "", "hot", "draining",
                                   "r-1", "lease_exercised"});
    CHECK(raw.value("SELECT operation FROM events WHERE position = 2") == "200");
}

TEST_SUITE_END();

}  // namespace fenceline::testing
