// What else happens to the files of a journal while a store works: other programs copy, rename,
// remove and replace them, open them with a plain SQLite shell, hold a read open for long, or
// stay silent on an open connection. Each is harmless, or is noticed before the next answer; no
// operation that was answered as done is ever lost without a word.

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>
#include <thread>

#include <doctest/doctest.h>

#include "journal/lifecycle_store.hpp"
#include "journal/open.hpp"
#include "journal/sqlite/unsynced_vfs.hpp"
#include "replay/verify.hpp"
#include "tests/support/journal_script.hpp"
#include "tests/support/program.hpp"
#include "tests/support/temp_dir.hpp"

namespace fenceline::testing {

namespace {

// A store of this process, and what it and others were answered.
class Pool {
  public:
    explicit Pool(std::int64_t wal_move_bytes = 16 << 20) : wal_move_bytes_(wal_move_bytes) {
        open();
    }
    // In a folder below its own.
    explicit Pool(const std::string& below) : path(dir / (below + "pool.db")) {
        std::filesystem::create_directories(dir / below);
        open();
    }

    void open() {
        auto journal = open_journal({.path = path,
                                     .create = true,
                                     .wal_reserve_bytes = 0,
                                     .wal_move_bytes = wal_move_bytes_,
                                     .anchor_every = Duration{},
                                     .vfs = sqlite::unsynced_vfs()});
        REQUIRE_MESSAGE(journal.has_value(), (journal ? "" : journal.error().text));
        auto opened = LifecycleStore::open({.instance = "cp-mine"}, std::move(*journal));
        REQUIRE(opened.has_value());
        store = std::move(*opened);
    }

    // How many of these were answered as done.
    int spawn(int n = 1) {
        int done = 0;
        for (int i = 0; i < n; ++i) {
            const auto id = "mine-" + std::to_string(++asked_);
            const auto answer = store->spawn({.image = "i"}, {.request_id = id});
            if (!answer) last_error = answer.error();
            if (answer) answered[id] = answer->position;
            done += answer.has_value();
        }
        return done;
    }

    // Whatever was answered is there once. Everybody has closed it.
    [[nodiscard]] std::string lacks() const { return lacks(path); }
    [[nodiscard]] std::string lacks(const std::string& journal) const {
        auto reader = open_reader(journal);
        if (!reader) return reader.error().text;
        Heard heard;
        if (auto read = (*reader)->read({}, Position{1'000'000}, heard); !read)
            return read.error().text;
        for (const auto& [id, position] : answered) {
            if (std::ranges::count(heard.events, id, &Event::request_id) != 1)
                return id + " is not there once";
            if (heard.events[static_cast<std::size_t>(position.value - 1)].request_id != id)
                return id + " is elsewhere";
        }
        return "";
    }
    [[nodiscard]] int verify() const { return run_program({"verify", path}).code; }

    TempDir dir;
    std::string path = dir / "pool.db";
    std::unique_ptr<LifecycleStore> store;
    std::map<std::string, Position> answered;
    Error last_error;

  private:
    std::int64_t wal_move_bytes_ = 16 << 20;
    int asked_ = 0;
};

// A store in another process.
class Other {
  public:
    explicit Other(Pool& pool)
        : pool_(pool), talk_(FENCELINE_PROGRAM, {"exec", pool.path, "--as", "cp-other"}) {}

    int spawn(int n = 1) {
        int done = 0;
        for (int i = 0; i < n; ++i) {
            const auto id = "other-" + std::to_string(++asked_);
            const auto line =
                talk_.ask(R"({"op":"spawn","image":"i","request_id":")" + id + R"("})");
            const auto seq = line.find("\"seq\":");
            if (line.find("\"transitioned\":true") == std::string::npos) continue;
            pool_.answered[id] = Position{std::stoll(line.substr(seq + 6))};
            ++done;
        }
        return done;
    }
    int end() { return talk_.end(); }

  private:
    Pool& pool_;
    Conversation talk_;
    int asked_ = 0;
};

int shell(const std::string& command) {
    return run("/bin/sh", {"-c", command}, {}).code;
}
std::string sql(const std::string& path, const std::string& statements) {
    const auto ran = run("/usr/bin/sqlite3", {path, statements}, {});
    REQUIRE(ran.code != 127);
    return ran.out + ran.err;
}

const char* const sides[] = {"", "-wal", "-shm", "-lock", "-anchor"};

}  // namespace

TEST_SUITE_BEGIN("crash/neighbours");

// --- files

TEST_CASE("a file that was removed is noticed before the next answer") {
    int operations = 3;
    SUBCASE("soon") {}
    SUBCASE("when the names are watched") {
        operations = 40;
    }
    for (const std::string side : sides) {
        CAPTURE(side);
        Pool pool;
        REQUIRE(pool.spawn(operations) == operations);
        REQUIRE(shell("rm " + pool.path + side) == 0);
        {
            Other other(pool);
            (void)other.spawn(2);
            CHECK(pool.spawn(2) == (side == "-anchor" ? 2 : 0));
            (void)other.spawn(1);
            (void)other.end();
        }
        if (side != "-anchor") {
            CHECK(pool.last_error.code == ErrorCode::io);
            CHECK(pool.last_error.effect == Effect::not_applied);
            CHECK_FALSE(pool.last_error.hint.empty());
        }
        (void)pool.store->close();
        pool.store.reset();
        if (side.empty()) continue;  // it is gone, and was never answered from again
        CHECK(pool.lacks() == "");
        CHECK(pool.verify() == 0);
        pool.open();
        CHECK(pool.spawn(2) == 2);
    }
}

TEST_CASE("a file that was replaced by a copy is noticed before the next answer") {
    for (const std::string side : sides) {
        CAPTURE(side);
        Pool pool;
        REQUIRE(pool.spawn(3) == 3);
        const auto file = pool.path + side;
        REQUIRE(shell("cp " + file + " " + file + ".2 && mv " + file + ".2 " + file) == 0);
        {
            // With another lock than a living store's it is not opened.
            const bool opens = side != "-lock";
            Other other(pool);
            CHECK(other.spawn(2) == (opens ? 2 : 0));
            CHECK(pool.spawn(2) == (side == "-anchor" ? 2 : 0));
            CHECK(other.spawn(1) == (opens ? 1 : 0));
            CHECK(other.end() == (opens ? 0 : 3));
        }
        (void)pool.store->close();
        pool.store.reset();
        CHECK(pool.lacks() == "");
        CHECK(pool.verify() == 0);
        pool.open();
        CHECK(pool.spawn(2) == 2);
    }
}

TEST_CASE("a file that was moved away stops the store until it is back") {
    for (const std::string side : sides) {
        CAPTURE(side);
        Pool pool;
        REQUIRE(pool.spawn(3) == 3);
        REQUIRE(shell("mv " + pool.path + side + " " + pool.dir.path().string() + "/away") == 0);
        CHECK(pool.spawn(2) == (side == "-anchor" ? 2 : 0));
        CHECK(pool.store->position().has_value() == (side == "-anchor"));
        REQUIRE(shell("mv " + pool.dir.path().string() + "/away " + pool.path + side) == 0);
        CHECK(pool.spawn(2) == 2);
        CHECK(pool.store->close().has_value());
        pool.store.reset();
        CHECK(pool.lacks() == "");
        CHECK(pool.verify() == 0);
    }
}

TEST_CASE("a directory on the way that was moved stops the store until it is back") {
    for (const std::string up : {"a/b", "a"}) {
        CAPTURE(up);
        Pool pool("a/b/");
        const auto top = pool.dir.path().string() + "/";
        REQUIRE(pool.spawn(3) == 3);
        REQUIRE(shell("mv " + top + up + " " + top + "away") == 0);
        CHECK(pool.spawn(2) == 0);
        CHECK(pool.last_error.code == ErrorCode::io);
        REQUIRE(shell("mv " + top + "away " + top + up) == 0);
        CHECK(pool.spawn(2) == 2);
        CHECK(pool.store->close().has_value());
        CHECK(pool.lacks() == "");
    }
}

// The log alone has them when its name leads nowhere any more.
TEST_CASE("a store that closes without its files' names moves what they hold to safety") {
    for (const std::string side : {"-wal", "-shm", "-lock"}) {
        CAPTURE(side);
        Pool pool;
        REQUIRE(pool.spawn(50) == 50);
        REQUIRE(shell("rm " + pool.path + side) == 0);
        CHECK(pool.spawn() == 0);
        (void)pool.store->close();
        pool.store.reset();
        CHECK(pool.lacks() == "");
        CHECK(pool.verify() == 0);
    }
}

TEST_CASE("a copy made by another program is a part of the history or is refused") {
    Pool pool(64 << 10);  // the log is moved again and again
    constexpr int copies = 60;
    const auto target = [&](int i) { return pool.dir / ("copy-" + std::to_string(i) + ".db"); };
    std::string script;
    for (int i = 0; i < copies; ++i) {
        for (const char* side : {"", "-wal", "-shm"})
            if (i % 3 == 0 || std::string(side).empty() || (i % 3 == 1 && side[1] == 'w'))
                script += "cp " + pool.path + side + " " + target(i) + side + "\n";
    }
    REQUIRE(pool.spawn(20) == 20);
    std::atomic<bool> copied = false;
    {
        const std::jthread copying([&] {
            (void)shell(script);
            copied = true;
        });
        while (!copied) REQUIRE(pool.spawn() == 1);
    }
    REQUIRE(pool.store->close().has_value());
    const auto whole = hear(**open_reader(pool.path)).events;
    CHECK(pool.lacks() == "");
    int parts = 0, refused = 0;
    for (int i = 0; i < copies; ++i) {
        CAPTURE(i);
        const auto reader = open_reader(target(i));
        const auto verified = reader ? replay::verify(**reader)
                                     : Result<replay::Verification>(tl::unexpect, reader.error());
        if (!verified || !verified->sound()) {
            ++refused;
            continue;
        }
        ++parts;
        const auto part = hear(**reader).events;
        REQUIRE(part.size() <= whole.size());
        CHECK(std::ranges::equal(part, std::span(whole).first(part.size())));
    }
    MESSAGE(parts << " copies are a part of the history, " << refused << " are refused");
    CHECK(parts > 0);
}

// The control: what the log alone holds is missed when the log is.
TEST_CASE("a copy without its log is seen to lack what was answered") {
    Pool pool;
    REQUIRE(pool.spawn(3) == 3);
    const auto copy = pool.dir / "copy.db";
    REQUIRE(shell("cp " + pool.path + " " + copy) == 0);
    CHECK(pool.lacks(copy) == "mine-1 is not there once");
    CHECK(run_program({"verify", copy, "--anchor", pool.path + "-anchor"}).code == 1);
}

// --- a plain shell

TEST_CASE("a shell that looks or tidies does no harm") {
    for (const std::string statements :
         {"SELECT count(*) FROM event", "PRAGMA integrity_check", "PRAGMA wal_checkpoint(PASSIVE)",
          "PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "REINDEX", "PRAGMA journal_mode = DELETE"}) {
        CAPTURE(statements);
        Pool pool;
        REQUIRE(pool.spawn(20) == 20);
        (void)sql(pool.path, statements);
        CHECK(pool.spawn(5) == 5);
        (void)sql(pool.path, statements);
        CHECK(pool.spawn(5) == 5);
        CHECK(pool.store->close().has_value());
        pool.store.reset();
        CHECK(pool.lacks() == "");
    }
}

TEST_CASE("what a shell writes is found or does no harm") {
    int found = 0;
    for (const std::string statements :
         {"INSERT INTO meta VALUES ('mine', 'x')", "DELETE FROM event WHERE position = 2",
          "UPDATE event SET worker = 9 WHERE position = 3",
          "INSERT INTO event SELECT * FROM event WHERE position = 3",
          "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE type = 'trigger';",
          "DROP TABLE event", "ANALYZE", "CREATE TABLE mine (x)",
          "CREATE INDEX i ON event (worker)", "PRAGMA user_version = 99",
          "PRAGMA application_id = 1",
          "CREATE TRIGGER t AFTER INSERT ON event BEGIN DELETE FROM event; END",
          "DROP TRIGGER event_is_kept; DELETE FROM event", "DELETE FROM recorder",
          "UPDATE text SET value = 'other' WHERE id = 2"}) {
        CAPTURE(statements);
        Pool pool;
        REQUIRE(pool.spawn(20) == 20);
        (void)sql(pool.path, statements);
        (void)pool.spawn(5);
        (void)pool.store->close();
        pool.store.reset();
        const int code = pool.verify();
        found += code != 0;
        if (code == 0)
            CHECK(pool.lacks() == "");
        else
            CHECK((code == 1 || code == 3));
    }
    CHECK(found >= 5);
}

TEST_CASE("a shell that holds the database's own lock delays and is heard of") {
    Pool pool;
    REQUIRE(pool.spawn(3) == 3);
    Conversation holder("/usr/bin/sqlite3", {pool.path});
    CHECK(holder.ask("BEGIN IMMEDIATE; SELECT 'held';") == "held");
    CHECK(pool.spawn() == 0);
    CHECK(pool.last_error.code == ErrorCode::busy);
    CHECK(pool.last_error.effect == Effect::not_applied);
    CHECK(holder.ask("ROLLBACK; SELECT 'free';") == "free");
    CHECK(pool.spawn(3) == 3);
    CHECK(holder.end() == 0);
    CHECK(pool.store->close().has_value());
    CHECK(pool.lacks() == "");
    CHECK(pool.verify() == 0);
}

// --- a child

TEST_CASE("a child after fork is refused and its end takes nothing from the parent") {
    Pool pool;
    REQUIRE(pool.spawn(3) == 3);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const auto refused = pool.store->spawn({.image = "i"}, {.request_id = "child"});
        const auto unread = pool.store->position();
        pool.store.reset();
        const bool right = !refused && refused.error().code == ErrorCode::invalid_request &&
                           refused.error().effect == Effect::not_applied && !unread;
        ::_exit(right ? 0 : 1);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK(pool.spawn(3) == 3);
    {
        // The parent is still announced: whoever comes and goes leaves the log to it.
        Other other(pool);
        CHECK(other.spawn(2) == 2);
        CHECK(pool.spawn(2) == 2);
        CHECK(other.end() == 0);
    }
    CHECK(std::filesystem::exists(pool.path + "-wal"));
    CHECK(pool.spawn(2) == 2);
    CHECK(pool.store->close().has_value());
    CHECK(pool.lacks() == "");
    CHECK(pool.verify() == 0);
}

// --- readers

// While it reads, the log cannot start anew: it grows by what is written and by nothing else.
TEST_CASE("a read that is held open stops no writer and its end stops the log's growth") {
    constexpr std::int64_t move_bytes = 256 << 10;
    Pool pool(move_bytes);
    const auto log_bytes = [&] { return std::filesystem::file_size(pool.path + "-wal"); };
    REQUIRE(pool.spawn(500) == 500);
    const auto before = log_bytes();
    // It is moved beside the operations, which go on meanwhile.
    CHECK(before < 8 * move_bytes);
    Conversation reader("/usr/bin/sqlite3", {pool.path});
    CHECK(reader.ask("BEGIN; SELECT count(*) FROM event;") == "500");
    REQUIRE(pool.spawn(2'000) == 2'000);
    const auto held = log_bytes();
    CHECK(held > before);
    CHECK(reader.ask("SELECT count(*) FROM event;") == "500");
    CHECK(reader.ask("COMMIT; SELECT count(*) FROM event;") == "2500");
    CHECK(reader.end() == 0);
    REQUIRE(pool.spawn(2'000) == 2'000);
    MESSAGE("the log: " << before << " bytes, " << held << " while 2000 operations were kept by a "
                        << "reader, " << log_bytes() << " 2000 operations after it had gone");
    CHECK(log_bytes() < held + held / 2);
    CHECK(pool.store->close().has_value());
    CHECK_FALSE(std::filesystem::exists(pool.path + "-wal"));
    CHECK(pool.lacks() == "");
    CHECK(pool.verify() == 0);
}

TEST_CASE("half of a request from each of 64 scrapers silences no page and no store") {
    Pool pool;
    REQUIRE(pool.spawn(3) == 3);
    Conversation serve(FENCELINE_PROGRAM, {"serve", pool.path, "--listen", "127.0.0.1:0"});
    const auto where = serve.hear_error();
    const auto port = std::stoi(where.substr(where.rfind(':') + 1));
    const auto connect = [&](std::string_view bytes) {
        const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
        REQUIRE(::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
                static_cast<ssize_t>(bytes.size()));
        return socket;
    };
    std::vector<int> half_open;
    for (int i = 0; i < 64; ++i) half_open.push_back(connect("GET /metrics HTTP/1.1\r\nHost: a"));
    REQUIRE(pool.spawn(50) == 50);
    const int whole = connect("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    std::string page;
    char buffer[4096];
    for (ssize_t n = 0; (n = ::read(whole, buffer, sizeof buffer)) > 0;)
        page.append(buffer, static_cast<std::size_t>(n));
    CHECK(page.find("\"position\":53") != std::string::npos);
    ::close(whole);
    // What never ends is heard for no longer than a request may be.
    const int endless = connect("GET /");
    const std::string more(64 * 1024, 'a');
    std::size_t sent = 0;
    for (ssize_t n = 0; sent < 64'000'000 && n >= 0; sent += static_cast<std::size_t>(n)) {
        n = ::send(endless, more.data(), more.size(), MSG_NOSIGNAL);
        if (n < 0) break;
    }
    CHECK(sent < 64'000'000);
    ::close(endless);
    for (const int each : half_open) ::close(each);
    serve.signal(SIGTERM);
    CHECK(serve.end() == 0);
    CHECK(pool.store->close().has_value());
    CHECK(pool.lacks() == "");
    CHECK(pool.verify() == 0);
}

TEST_SUITE_END();

}  // namespace fenceline::testing
