#include "journal/sqlite/sqlite_reader.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>

#include <doctest/doctest.h>

#include "journal/chain.hpp"
#include "journal/open.hpp"
#include "tests/support/journal_script.hpp"
#include "tests/support/payload_samples.hpp"
#include "tests/support/raw_sqlite.hpp"
#include "tests/support/temp_dir.hpp"

namespace fenceline::testing {

TEST_SUITE_BEGIN("journal/sqlite_reader");

namespace {

using sqlite::SqliteReader;

JournalOptions options_for(const std::string& path) {
    return {.path = path, .create = true, .wal_reserve_bytes = 0};
}

// Every file of a directory: its bytes, and when they were written.
std::map<std::string, std::pair<std::string, std::filesystem::file_time_type>> contents(
    const TempDir& dir) {
    std::map<std::string, std::pair<std::string, std::filesystem::file_time_type>> out;
    for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
        std::ifstream in(entry.path(), std::ios::binary);
        out[entry.path().filename()] = {std::string(std::istreambuf_iterator<char>(in), {}),
                                        entry.last_write_time()};
    }
    return out;
}

// Asks everything that a reader can be asked.
Heard ask_everything(Reader& reader) {
    const auto head = reader.head();
    REQUIRE(head.has_value());
    CHECK(reader.event(head->position).has_value());
    CHECK(reader.event(Position{1}).has_value());
    CHECK(reader.checkpoints().has_value());
    (void)reader.checkpoint(head->position);
    CHECK(reader.first_at(Time{0}) == Position{1});
    return hear(reader);
}

// In a process of its own, which ends without closing anything.
void in_killed_process(const std::function<bool()>& what) {
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const bool done = what();
        ::_exit(done ? 0 : 1);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(status == 0);
}

// Appends without doctest, for a child process.
bool append(Journal& journal, int commits) {
    for (int i = 0; i < commits; ++i) {
        const auto head = journal.begin_write();
        if (!head) return false;
        Event event = drain_event();
        event.position = Position{head->position.value + 1};
        event.at = Time{event.position.value * 1'000};
        event.recorder = RecorderId{1};
        const Recorder recorder{RecorderId{1}, "cp-a", "run-1", Position{1}};
        const bool first = head->recorders == 0;
        if (!journal.append({.events = {&event, 1},
                             .recorder = first ? &recorder : nullptr,
                             .by = RecorderId{1}}))
            return false;
    }
    return true;
}

// A store that died: the log holds what the database does not.
void leave_a_log_behind(const std::string& path, int commits) {
    in_killed_process([&] {
        auto journal = open_journal(options_for(path));
        return journal && append(*journal->release(), commits);
    });
    REQUIRE(std::filesystem::exists(path + "-wal"));
}

// Does something when a given event comes by.
struct Interrupting : Heard {
    Position at;
    std::function<void()> act;
    bool event(const Event& event) override {
        if (event.position == at) act();
        return Heard::event(event);
    }
};

}  // namespace

// --- nothing is changed

TEST_CASE("reading a journal at rest changes no file") {
    TempDir dir;
    const auto path = dir / "pool.db";
    { REQUIRE(append(**create_journal(options_for(path)), 5)); }
    REQUIRE_FALSE(std::filesystem::exists(path + "-wal"));
    SUBCASE("as the store left it") {}
    SUBCASE("copied without the lock file") {
        std::filesystem::remove(path + "-lock");
    }
    const auto before = contents(dir);
    {
        auto reader = SqliteReader::open(path);
        REQUIRE(reader.has_value());
        CHECK((*reader)->way() == SqliteReader::Way::at_rest);
        CHECK(ask_everything(**reader).events.size() == 5);
    }
    CHECK(contents(dir) == before);
}

TEST_CASE("reading a journal whose store died changes no file and misses no event") {
    TempDir dir;
    const auto path = dir / "pool.db";
    leave_a_log_behind(path, 5);
    const auto before = contents(dir);
    {
        auto reader = SqliteReader::open(path);
        REQUIRE_MESSAGE(reader.has_value(), (reader ? "" : reader.error().text));
        CHECK((*reader)->way() == SqliteReader::Way::copied);
        CHECK(ask_everything(**reader).events.size() == 5);
    }
    CHECK(contents(dir) == before);
}

TEST_CASE("reading a live journal changes neither database nor log") {
    TempDir dir;
    const auto path = dir / "pool.db";
    auto journal = create_journal(options_for(path));
    REQUIRE(append(**journal, 5));
    auto before = contents(dir);
    {
        auto reader = SqliteReader::open(path);
        REQUIRE_MESSAGE(reader.has_value(), (reader ? "" : reader.error().text));
        CHECK((*reader)->way() == SqliteReader::Way::live);
        CHECK(ask_everything(**reader).events.size() == 5);
    }
    auto after = contents(dir);
    before.erase("pool.db-shm");  // readers say in it what they are reading
    after.erase("pool.db-shm");
    CHECK(after == before);
    REQUIRE(append(**journal, 1));
}

// --- following

TEST_CASE("a reader follows stores that come and go") {
    TempDir dir;
    const auto path = dir / "pool.db";
    { REQUIRE(append(**create_journal(options_for(path)), 2)); }
    auto reader = SqliteReader::open(path);
    REQUIRE(reader.has_value());
    CHECK((*reader)->head()->position == Position{2});
    for (std::int64_t round = 0; round < 3; ++round) {
        auto journal = open_journal(options_for(path));
        REQUIRE(journal.has_value());
        REQUIRE(append(**journal, 2));
        CHECK((*reader)->head()->position == Position{4 + 2 * round});
        CHECK((*reader)->way() == SqliteReader::Way::live);
        CHECK(hear(**reader).events.size() == static_cast<std::size_t>(4 + 2 * round));
        journal->reset();
        CHECK((*reader)->head()->position == Position{4 + 2 * round});
    }
}

TEST_CASE("a reader of a copy sees the store that recovers the journal") {
    TempDir dir;
    const auto path = dir / "pool.db";
    leave_a_log_behind(path, 3);
    auto reader = SqliteReader::open(path);
    REQUIRE((*reader)->way() == SqliteReader::Way::copied);
    CHECK((*reader)->head()->position == Position{3});
    auto journal = open_journal(options_for(path));
    REQUIRE(journal.has_value());
    REQUIRE(append(**journal, 1));
    CHECK((*reader)->head()->position == Position{4});
    CHECK((*reader)->way() == SqliteReader::Way::live);
}

TEST_CASE("a read goes on while its sink lets others append") {
    constexpr std::int64_t count = 2'500;  // several slices
    TempDir dir;
    const auto path = dir / "pool.db";
    { REQUIRE(append(**create_journal(options_for(path)), count)); }
    auto reader = open_reader(path);
    REQUIRE(reader.has_value());
    std::unique_ptr<Journal> journal;
    Interrupting sink;
    sink.at = Position{700};
    sink.act = [&] {
        auto opened = open_journal(options_for(path));
        REQUIRE(opened.has_value());
        journal = std::move(*opened);
        // A log moved into the database would change pages under a reader that takes no locks.
        REQUIRE(append(*journal, 10));
        SUBCASE("and stay") {}
        SUBCASE("and leave") {
            journal.reset();
        }
    };
    REQUIRE((*reader)->read({}, Position{count}, sink).has_value());
    REQUIRE(sink.events.size() == count);
    for (std::int64_t i = 0; i < count; ++i)
        REQUIRE(sink.events[static_cast<std::size_t>(i)].position == Position{i + 1});
    CHECK((*reader)->head()->position == Position{count + 10});
}

TEST_CASE("another journal of the same name is not taken for the first") {
    TempDir dir;
    const auto path = dir / "pool.db";
    { REQUIRE(append(**create_journal(options_for(path)), 2)); }
    { REQUIRE(append(**create_journal(options_for(dir / "other.db")), 9)); }
    auto reader = open_reader(path);
    REQUIRE((*reader)->head().has_value());
    std::filesystem::rename(dir / "other.db", path);
    const auto head = (*reader)->head();
    REQUIRE_FALSE(head.has_value());
    CHECK(head.error().code == ErrorCode::io);
}

TEST_CASE("a reader does not work in a child process") {
    TempDir dir;
    const auto path = dir / "pool.db";
    { REQUIRE(append(**create_journal(options_for(path)), 2)); }
    auto reader = open_reader(path);
    in_killed_process([&] {
        const auto head = (*reader)->head();
        reader->reset();
        return !head && head.error().code == ErrorCode::invalid_request;
    });
    CHECK((*reader)->head()->position == Position{2});
}

// --- order and bytes

TEST_CASE("names come with their own commit across slices") {
    TempDir dir;
    auto journal = create_journal(options_for(dir / "pool.db"));
    JournalScript script(**journal);
    std::vector<std::string> many;
    std::uint32_t named = 0;
    for (int commit = 0; commit < 60; ++commit) {
        many.clear();
        for (int i = 0; i < 600; ++i) many.push_back("text " + std::to_string(named++));
        script.names(many).appends(std::vector<Event>(40, drain_event()));
    }
    REQUIRE(named > sqlite::Slice::most_texts);

    struct Check : Sink {
        std::uint32_t texts = 0;
        std::int64_t events = 0, seals = 0;
        bool text(TextId id, std::string_view value) override {
            REQUIRE(value == "text " + std::to_string(texts));
            REQUIRE(id.value == ++texts);
            REQUIRE(events % 40 == 0);
            return true;
        }
        bool event(const Event& event) override {
            REQUIRE(event.position.value == ++events);
            REQUIRE(texts == ((events - 1) / 40 + 1) * 600);
            return true;
        }
        bool seal(const Seal& seal) override {
            REQUIRE(seal.last.value == events);
            REQUIRE(seal.first.value == events - 39);
            ++seals;
            return true;
        }
    } sink;
    REQUIRE((*journal)->read({}, Position{1'000'000}, sink).has_value());
    CHECK(sink.seals == 60);
    CHECK(sink.texts == named);
}

TEST_CASE("more flushes than a slice takes come in their place") {
    TempDir dir;
    auto journal = create_journal(options_for(dir / "pool.db"));
    JournalScript script(**journal);
    script.appends({drain_event(), drain_event()});
    const auto head = *(*journal)->head();
    const auto flushes = static_cast<int>(sqlite::Slice::most_flushes) + 200;
    for (int i = 0; i < flushes; ++i) script.flushes(took(Position{1}, {i}));
    script.appends({drain_event()});
    const auto heard = hear(**journal, head);
    CHECK(heard.order == std::string(static_cast<std::size_t>(flushes), 's') + "es");
    for (int i = 0; i < flushes; ++i)
        REQUIRE(heard.seals[static_cast<std::size_t>(i)].measured == took(Position{1}, {i}));
}

TEST_CASE("a seal names its whole commit when the read began inside of it") {
    TempDir dir;
    auto journal = create_journal(options_for(dir / "pool.db"));
    JournalScript script(**journal);
    script.names({"a"}).appends({drain_event(), drain_event()});
    script.appends({drain_event(), drain_event(), drain_event()});
    const auto heard = hear(**journal, {.position = Position{3}});
    REQUIRE(heard.seals.size() == 1);
    CHECK(heard.seals[0].first == Position{3});
    CHECK(heard.events.front().position == Position{4});
}

TEST_CASE("the chain can be computed from the stored bytes in one read") {
    TempDir dir;
    auto journal = create_journal(options_for(dir / "pool.db"));
    JournalScript script(**journal);
    script.names({"a", "b", "c", "d", "e", "f", "g", "h", "i"});
    for (int round = 0; round < 40; ++round) {
        std::vector<Event> events;
        for (const auto& sample : payload_samples()) {
            events.push_back(drain_event());
            events.back().payload = sample.payload;
            events.back().request_id = "r" + std::to_string(round);
        }
        script.measures(took(Position{1}, {round, 2})).appends(events);
        script.flushes(took(Position{1}, {round}));
    }

    struct Verify : Sink {
        CommitHasher hasher;
        ChainHash last{};
        std::uint8_t kind = 0;
        std::string payload, measured;
        int seals = 0;
        Verify() { hasher.begin(last); }
        bool wants_stored() const override { return true; }
        bool stored(std::uint8_t stored_kind, std::string_view bytes) override {
            kind = stored_kind;
            payload = bytes;
            return true;
        }
        bool stored_measured(std::string_view bytes) override {
            measured = bytes;
            return true;
        }
        bool recorder(const Recorder& recorder) override {
            hasher.recorder(recorder);
            return true;
        }
        bool text(TextId id, std::string_view value) override {
            hasher.text(id, value);
            return true;
        }
        bool event(const Event& event) override {
            hasher.event(event, kind, payload);
            return true;
        }
        bool seal(const Seal& seal) override {
            hasher.measured(std::string_view(measured));
            last = hasher.finish(seal.recorder);
            REQUIRE(to_hex(last) == to_hex(seal.chain));
            hasher.begin(last);
            ++seals;
            return true;
        }
    } verify;
    REQUIRE((*journal)->read({}, Position{1'000'000}, verify).has_value());
    CHECK(verify.seals == 80);
    CHECK(verify.last == (*journal)->head()->chain);
}

// --- hostile bytes

TEST_CASE("a value that no program of ours wrote is corrupt and names its position") {
    TempDir dir;
    const auto path = dir / "pool.db";
    {
        auto journal = create_journal(options_for(path));
        JournalScript script(**journal);
        script.names({"a"}).appends({drain_event(), drain_event(), drain_event()});
        script.flushes(took(Position{1}, {1}));
    }
    const std::string schema = "SELECT sql FROM sqlite_schema WHERE name = 'event_update'";
    const std::string trigger = RawSqlite(path).value(schema);
    std::string change, where = "event 2";
    auto code = ErrorCode::corrupt;
    SUBCASE("text where a number belongs") {
        change = "UPDATE event SET worker = 'x'";
    }
    SUBCASE("a real") {
        change = "UPDATE event SET at = 1.5";
    }
    SUBCASE("a state beyond a byte") {
        change = "UPDATE event SET state_from = 300";
    }
    SUBCASE("a text without number") {
        change = "UPDATE event SET org = 7";
    }
    SUBCASE("a recorder without number") {
        change = "UPDATE event SET recorder = 7";
    }
    SUBCASE("a payload of garbage") {
        change = "UPDATE event SET payload = x'01ff'";
    }
    SUBCASE("a payload of a newer program") {
        change = "UPDATE event SET kind = 200";
        code = ErrorCode::unsupported_format;
    }
    SUBCASE("a request id that is no text") {
        change = "UPDATE event SET request_id = x'00ff'";
    }
    SUBCASE("a request id of bad UTF-8") {
        change = "UPDATE event SET request_id = CAST(x'ff' AS TEXT)";
    }
    SUBCASE("a hash too short") {
        change = "UPDATE event SET chain = x'00'";
    }
    SUBCASE("durations without a hash") {
        change = "UPDATE event SET measured = x'00'";
    }
    SUBCASE("a value of megabytes") {
        change = "UPDATE event SET payload = zeroblob(5000000)";
    }
    SUBCASE("an event less") {
        change = "DELETE FROM event";
    }
    {
        RawSqlite raw(path);
        REQUIRE(raw.run("DROP TRIGGER event_update; PRAGMA ignore_check_constraints = ON;"
                        "PRAGMA writable_schema = ON;"
                        "UPDATE sqlite_schema SET sql = replace(sql, ') STRICT', ')') "
                        "WHERE name = 'event'; PRAGMA writable_schema = RESET")
                    .empty());
        const bool deletes = change.starts_with("DELETE");
        const std::string kept = "SELECT sql FROM sqlite_schema WHERE name = 'event_delete'";
        const auto other = raw.value(kept);
        if (deletes) REQUIRE(raw.run("DROP TRIGGER event_delete").empty());
        REQUIRE(raw.run(change + " WHERE position = 2") == "");
        if (deletes) REQUIRE(raw.run(other).empty());
        REQUIRE(raw.run(trigger + ";PRAGMA writable_schema = ON;"
                                  "UPDATE sqlite_schema SET sql = sql || ' STRICT' "
                                  "WHERE name = 'event'; PRAGMA writable_schema = RESET")
                    .empty());
    }
    auto reader = open_reader(path);
    REQUIRE_MESSAGE(reader.has_value(), (reader ? "" : reader.error().text));
    Heard heard;
    const auto read = (*reader)->read({}, Position{3}, heard);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == code);
    if (!change.ends_with("(5000000)")) CHECK(read.error().text.find(where) != std::string::npos);
}

TEST_CASE("a damaged checkpoint is corrupt and the events are still read") {
    TempDir dir;
    const auto path = dir / "pool.db";
    {
        auto journal = create_journal(options_for(path));
        JournalScript script(**journal);
        const auto head = script.appends({drain_event()});
        REQUIRE((*journal)->save_checkpoint({head, std::string(10'000, 'x')}).has_value());
    }
    const char* change = "";
    SUBCASE("its state") {
        change = "UPDATE checkpoint SET state = zeroblob(length(state))";
    }
    SUBCASE("its size") {
        change = "UPDATE checkpoint SET size = size + 1";
    }
    SUBCASE("its place") {
        change = "UPDATE checkpoint SET position = 0";
    }
    SUBCASE("its texts") {
        change = "UPDATE checkpoint SET texts = 9";
    }
    SUBCASE("a size beyond every limit") {
        change = "UPDATE checkpoint SET size = 1 << 60";
    }
    REQUIRE(RawSqlite(path).run(change).empty());
    auto reader = open_reader(path);
    const auto checkpoint = (*reader)->checkpoint(Position{1});
    REQUIRE_FALSE(checkpoint.has_value());
    CHECK(checkpoint.error().code == ErrorCode::corrupt);
    CHECK(hear(**reader).events.size() == 1);
}

// --- backup

TEST_CASE("a backup of a live journal is one file with everything committed") {
    TempDir dir;
    const auto path = dir / "pool.db", copy = dir / "copy.db";
    auto journal = create_journal(options_for(path));
    REQUIRE(append(**journal, 30));
    REQUIRE(backup_journal(path, copy).has_value());
    REQUIRE(append(**journal, 1));
    CHECK(std::filesystem::exists(copy));
    for (const char* side : {"-wal", "-shm", "-journal", "-new", "-lock"})
        CHECK_FALSE(std::filesystem::exists(copy + side));
    auto reader = SqliteReader::open(copy);
    REQUIRE(reader.has_value());
    CHECK((*reader)->way() == SqliteReader::Way::at_rest);
    CHECK(hear(**reader).events.size() == 30);
    // It is a journal like any other.
    REQUIRE(append(**open_journal(options_for(copy)), 1));
    CHECK((*reader)->head()->position == Position{31});
}

TEST_CASE("a backup of a journal whose store died has its log in it") {
    TempDir dir;
    const auto path = dir / "pool.db", copy = dir / "copy.db";
    leave_a_log_behind(path, 7);
    const auto before = contents(dir);
    REQUIRE(backup_journal(path, copy).has_value());
    CHECK((*open_reader(copy))->head()->position == Position{7});
    std::filesystem::remove(copy);
    CHECK(contents(dir) == before);
}

TEST_CASE("a backup never overwrites") {
    TempDir dir;
    const auto path = dir / "pool.db", copy = dir / "copy.db";
    { REQUIRE(append(**create_journal(options_for(path)), 1)); }
    std::ofstream(copy) << "precious";
    const auto backup = backup_journal(path, copy);
    REQUIRE_FALSE(backup.has_value());
    CHECK(backup.error().code == ErrorCode::already_exists);
    CHECK(std::filesystem::file_size(copy) == 8);
    CHECK_FALSE(backup_journal(dir / "none.db", dir / "new.db").has_value());
    CHECK_FALSE(std::filesystem::exists(dir / "new.db"));
    const auto nowhere = backup_journal(path, dir / "nowhere/copy.db");
    REQUIRE_FALSE(nowhere.has_value());
    CHECK(nowhere.error().text.find("no copy at " + (dir / "nowhere/copy.db")) == 0);
}

TEST_SUITE_END();

}  // namespace fenceline::testing
