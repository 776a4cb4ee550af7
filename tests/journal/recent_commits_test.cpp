// The newest commits in memory that stores share: heard as the journal has them, or not at all.

#include "journal/sqlite/recent_commits.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>

#include <doctest/doctest.h>
#include <sqlite3.h>

#include "journal/lifecycle_store.hpp"
#include "journal/memory/memory_journal.hpp"
#include "journal/open.hpp"
#include "tests/journal/retain_fixture.hpp"
#include "tests/support/dice.hpp"
#include "tests/support/journal_script.hpp"
#include "tests/support/opened.hpp"
#include "tests/support/shim_vfs.hpp"
#include "tests/support/temp_dir.hpp"

namespace fenceline::testing {

TEST_SUITE_BEGIN("journal/recent_commits");

namespace {

using sqlite::JournalEnd;
using sqlite::RecentCommits;

JournalEnd end_of(const Head& head) {
    return {head.position, head.chain};
}

// A journal of commits of every form, the head after each, and the bytes that its hash is of.
struct Course {
    Course() {
        heads.push_back(Head{});
        add({drain_event(), drain_event()}, {"acme", "img"});
        add({drain_event()});
        add({}, {}, took(Position{1}, {5, 6}));
        add({drain_event(WorkerId{7})}, {"late"}, took(Position{3}, {7}));
        Event retried = drain_event(WorkerId{8});
        retried.request_id = "req-1";
        add({retried, drain_event(WorkerId{9})});
    }
    void add(std::vector<Event> events, std::vector<std::string> texts = {}, Measurements m = {}) {
        const bool first = !script.self().id.given();
        script.names(texts).measures(m);
        const Head before = heads.back();
        const auto written = script.written.size();
        heads.push_back(script.appends(std::move(events)));
        const auto& self = script.self();
        std::string of;
        const Commit commit{.events = std::span(script.written).subspan(written),
                            .texts = texts,
                            .recorder = first ? &self : nullptr,
                            .by = self.id,
                            .measured = m};
        REQUIRE(seal_commit(before.chain, commit, before.texts, &of) == heads.back().chain);
        bytes.push_back(of);
    }
    void note(RecentCommits& recent, std::size_t commit) const {
        recent.note(heads[commit].chain, bytes[commit], heads[commit + 1].chain);
    }
    // Whether it hears all from there to the end, and what.
    [[nodiscard]] bool hears(RecentCommits& recent, std::size_t after) {
        if (!recent.prove(heads[after], end_of(heads.back()))) return false;
        CHECK(recent.head() == heads.back());
        CHECK(recent.proved(heads[after], heads.back()));
        Heard heard;
        recent.deliver(heard);
        auto& truth = truths[after];
        if (truth.order.empty()) truth = hear(*journal, heads[after]);
        CHECK(heard.order == truth.order);
        CHECK(heard.events == truth.events);
        CHECK(heard.texts == truth.texts);
        CHECK(heard.recorders == truth.recorders);
        REQUIRE(heard.seals.size() == truth.seals.size());
        for (std::size_t i = 0; i < heard.seals.size(); ++i) {
            CHECK(heard.seals[i].first == truth.seals[i].first);
            CHECK(heard.seals[i].last == truth.seals[i].last);
            CHECK(heard.seals[i].recorder == truth.seals[i].recorder);
            CHECK(heard.seals[i].chain == truth.seals[i].chain);
            CHECK(heard.seals[i].measured == truth.seals[i].measured);
        }
        return true;
    }

    std::unique_ptr<Journal> journal = make_memory_journal();
    JournalScript script{*journal};
    std::vector<Head> heads;         // before each commit, and after the last
    std::vector<std::string> bytes;  // of each commit
    std::map<std::size_t, Heard> truths;
};

// What two stores share, and one of each.
struct Shared {
    explicit Shared(std::size_t size = 4096) : memory(size / sizeof(std::uint64_t)) {
        writer.attach(bytes());
        reader.attach(bytes());
    }
    [[nodiscard]] std::span<std::byte> bytes() { return std::as_writable_bytes(std::span(memory)); }
    std::vector<std::uint64_t> memory;
    RecentCommits writer, reader;
};

}  // namespace

TEST_CASE("what was noted is heard as the journal has it") {
    Course course;
    Shared shared;
    for (std::size_t i = 0; i < course.bytes.size(); ++i) course.note(shared.writer, i);
    for (std::size_t after = 0; after < course.heads.size(); ++after)
        CHECK(course.hears(shared.reader, after));
}

TEST_CASE("what was looked at before the lock is not looked at again") {
    Course course;
    Shared shared;
    for (std::size_t i = 0; i < course.bytes.size(); ++i) {
        course.note(shared.writer, i);
        shared.reader.look(course.heads[0]);
    }
    std::ranges::fill(shared.memory, 0);
    CHECK(course.hears(shared.reader, 0));
    CHECK_FALSE(course.hears(shared.reader, 1));
}

TEST_CASE("nothing is heard that does not lead to the journal's end") {
    Course course;
    Shared shared;
    SUBCASE("from somewhere else") {
        course.note(shared.writer, 3);
        course.note(shared.writer, 4);
        CHECK_FALSE(course.hears(shared.reader, 2));
        CHECK(course.hears(shared.reader, 3));
    }
    SUBCASE("behind a commit that another program did not note") {
        for (const std::size_t i : {0, 1, 3, 4}) course.note(shared.writer, i);
        CHECK_FALSE(course.hears(shared.reader, 0));
        CHECK_FALSE(course.hears(shared.reader, 2));
        CHECK(course.hears(shared.reader, 3));
    }
    SUBCASE("not up to the end") {
        for (const std::size_t i : {0, 1, 2, 3}) course.note(shared.writer, i);
        CHECK_FALSE(course.hears(shared.reader, 0));
    }
    SUBCASE("beyond an end that went back with a sync that failed") {
        for (std::size_t i = 0; i < course.bytes.size(); ++i) course.note(shared.writer, i);
        for (std::size_t end = 0; end + 1 < course.heads.size(); ++end)
            CHECK_FALSE(shared.reader.prove(course.heads[0], end_of(course.heads[end])));
        CHECK(course.hears(shared.reader, 0));
    }
    SUBCASE("where there is no memory") {
        for (const std::size_t size : {0, 8, 32}) {
            Shared small(size);
            course.note(small.writer, 4);
            CHECK_FALSE(course.hears(small.reader, 4));
        }
    }
}

TEST_CASE("memory that is full begins anew with the newest") {
    Course course;
    std::size_t all = 0;
    for (const auto& each : course.bytes) all += each.size();
    int kept_some = 0;
    for (std::size_t size = 64; size < all + 128; size += 8) {
        Shared shared(size);
        for (std::size_t i = 0; i < course.bytes.size(); ++i) course.note(shared.writer, i);
        std::size_t heard = 0;
        for (std::size_t after = 0; after < course.bytes.size(); ++after)
            heard += course.hears(shared.reader, after) ? 1 : 0;
        kept_some += heard > 0 && heard < course.bytes.size() ? 1 : 0;
    }
    CHECK(kept_some > 10);
}

TEST_CASE("whatever the memory holds nothing is heard that is not in the journal") {
    Course course;
    Shared shared;
    for (std::size_t i = 0; i < course.bytes.size(); ++i) course.note(shared.writer, i);
    const auto sound = shared.memory;
    const auto bytes = shared.bytes();
    int heard = 0, unheard = 0;
    const auto listen = [&](RecentCommits& recent) {
        for (std::size_t after = 0; after < course.bytes.size(); ++after)
            ++(course.hears(recent, after) ? heard : unheard);
    };
    SUBCASE("a bit is another") {
        const auto used = std::size_t{1'500};
        for (std::size_t bit = 0; bit < 8 * used; ++bit) {
            bytes[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
            listen(shared.reader);
            bytes[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
        }
        CHECK(heard > 1'000);
        CHECK(unheard > 1'000);
    }
    SUBCASE("it ends elsewhere") {
        for (std::uint64_t used = 0; used < 5'000; ++used) {
            shared.memory[0] = used;
            listen(shared.reader);
        }
        CHECK(heard > 0);
        CHECK(unheard > 1'000);
    }
    SUBCASE("anything") {
        Dice dice(7);
        for (int round = 0; round < 2'000; ++round) {
            shared.memory = sound;
            for (int i = dice.below(12); i >= 0; --i)
                bytes[static_cast<std::size_t>(dice.below(1'500))] =
                    static_cast<std::byte>(dice.below(256));
            listen(shared.reader);
        }
        CHECK(unheard > 1'000);
    }
    shared.memory = sound;
    CHECK(course.hears(shared.reader, 0));
}

TEST_CASE("whatever the memory holds nothing is noted outside of it") {
    Course course;
    for (const std::uint64_t used : {4'097ULL, 1ULL << 40, ~0ULL, ~7ULL}) {
        Shared shared;
        course.note(shared.writer, 3);
        shared.memory[0] = used;
        course.note(shared.writer, 4);
        CHECK(course.hears(shared.reader, 4));
        CHECK_FALSE(course.hears(shared.reader, 3));
    }
}

TEST_CASE("what was looked at while it was being written is looked at again") {
    Course course;
    Shared shared;
    for (std::size_t i = 0; i + 1 < course.bytes.size(); ++i) course.note(shared.writer, i);
    shared.reader.look(course.heads[0]);
    course.note(shared.writer, course.bytes.size() - 1);
    // Half of a number: it reads, and is not what was committed.
    const auto sound = shared.memory;
    const auto& last = course.bytes.back();
    const auto memory = shared.bytes();
    const auto found = std::ranges::search(memory, std::as_bytes(std::span(last)));
    REQUIRE_FALSE(found.empty());
    const auto at = static_cast<std::size_t>(found.begin() - memory.begin());
    const std::size_t worker_of_first = 15 + 32 + 1 + 8 + 8 + 8 + 4 + 4;
    memory[at + worker_of_first] ^= std::byte{1};
    shared.reader.look(course.heads[0]);
    shared.memory = sound;
    CHECK(course.hears(shared.reader, 0));
}

// --- in a journal

namespace {

// Counts what is read of the log.
class CountedLog final : public ShimVfs {
  public:
    CountedLog() : ShimVfs("counted-log") {}
    int reads = 0;
    std::unique_ptr<ShimFile> opened(const char*, int flags, sqlite3_file& real) override {
        if ((flags & SQLITE_OPEN_WAL) == 0) return std::make_unique<ShimFile>(real);
        return std::make_unique<File>(real, *this);
    }

  private:
    class File final : public ShimFile {
      public:
        File(sqlite3_file& real, CountedLog& vfs) : ShimFile(real), vfs_(vfs) {}
        int read(void* out, int amount, sqlite3_int64 offset) override {
            ++vfs_.reads;
            return ShimFile::read(out, amount, offset);
        }

      private:
        CountedLog& vfs_;
    };
};

// Two stores that take turns, so that each knows of the other.
struct Turns {
    explicit Turns(const std::function<void(const std::string& path)>& before = {}) {
        if (before) before(path);
        for (int i = 0; i < 2; ++i) {
            auto journal = open_journal({.path = path, .create = true, .vfs = log.name()});
            REQUIRE(journal);
            journals.push_back(journal->get());
            auto store = LifecycleStore::open(
                {.instance = "cp-" + std::to_string(i), .heartbeat_resolution = {}},
                std::move(*journal));
            REQUIRE(store);
            stores.push_back(std::move(*store));
        }
        for (int i = 0; i < 4; ++i) spawn(i % 2, 1);
    }
    // Of the log, by a store that catches up with what the other one appended.
    int reads_to_catch_up(bool spoiled = false) {
        spawn(0, 400);
        if (spoiled) spoil();
        const int before = log.reads;
        spawn(1, 1);
        return log.reads - before;
    }
    void spawn(int store, int workers) {
        std::vector<Command> commands(static_cast<std::size_t>(workers),
                                      Command{{}, Spawn{.image = "duck"}});
        for (const auto& answer : stores[static_cast<std::size_t>(store)]->apply(commands)) {
            REQUIRE(answer);
            CHECK(answer->worker == WorkerId{++spawned});
        }
    }
    // Overwrites what the stores share behind the page of the lock.
    void spoil() const {
        std::fstream file(path + "-lock", std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(4096);
        const std::string garbage(4096, '\x5a');
        for (int i = 0; i < 32; ++i) file << garbage;
        REQUIRE(file.good());
    }

    TempDir dir;
    std::string path = dir / "pool.db";
    CountedLog log;
    std::vector<Journal*> journals;
    std::vector<std::unique_ptr<LifecycleStore>> stores;
    std::int64_t spawned = 0;
};

}  // namespace

TEST_CASE("stores that take turns read each other's commits from memory") {
    Turns turns;
    const int from_memory = turns.reads_to_catch_up();
    const int from_database = turns.reads_to_catch_up(true);
    MESSAGE(from_memory, " reads of the log against ", from_database);
    CHECK(from_memory + 5 < from_database);
    CHECK(turns.reads_to_catch_up() + 5 < from_database);  // and go on so
}

// No row counts the flushes then.
TEST_CASE("stores share memory also where flushes were dropped with history") {
    Turns turns([](const std::string& path) {
        auto journal = value_of(open_journal({.path = path, .create = true}));
        JournalScript script(*journal);
        script.appends({drain_event(), drain_event()});
        script.flushes(took(Position{1}, {7}));
        for (int i = 0; i < 20; ++i) script.appends({drain_event()});
        seal_all(*journal, Position{10});
        drop(*journal, {.before = Position{11}});
        REQUIRE(value_of(journal->head()).flushes == 1);
        REQUIRE(value_of(journal->beginning()).position == Position{10});
    });
    const int from_memory = turns.reads_to_catch_up();
    CHECK(from_memory + 5 < turns.reads_to_catch_up(true));
}

// A checkpoint of its own changes the database, too.
TEST_CASE("a store that shares its journal with nobody shares no memory") {
    TempDir dir;
    const auto path = dir / "pool.db";
    auto store = LifecycleStore::open({.path = path, .create = true, .checkpoint_events = 10});
    REQUIRE(store);
    for (int i = 0; i < 30; ++i) REQUIRE((*store)->spawn({.image = "duck"}));
    CHECK(std::filesystem::file_size(path + "-lock") == 4096);
    CHECK_FALSE(value_of(value_of(open_reader(path))->checkpoints()).empty());
}

TEST_CASE("the memory that stores share has its room on the disk") {
    const Turns turns;
    struct stat lock {};
    REQUIRE(::stat((turns.path + "-lock").c_str(), &lock) == 0);
    CHECK(lock.st_size == 33 * 4096);
    CHECK(lock.st_blocks * 512 >= lock.st_size);
}

// Under the lock, once it knows what came after its own commit.
TEST_CASE("a journal hears of a range what is in it though another one is in memory") {
    TempDir dir;
    const auto path = dir / "pool.db";
    const JournalOptions options{.path = path, .create = true};
    auto ours = value_of(open_journal(options)), theirs = value_of(open_journal(options));
    JournalScript a(*ours), b(*theirs, "cp-b");
    std::vector<Head> heads{Head{}};
    for (int i = 0; i < 3; ++i) {
        heads.push_back(a.appends({drain_event(), drain_event()}));
        heads.push_back(b.appends({drain_event(), drain_event()}));
    }
    const Head mine = heads[heads.size() - 2], end = heads.back();
    REQUIRE(value_of(ours->begin_write()) == end);
    CHECK(value_of(ours->was_head(mine)));
    for (const Head& head : heads) CHECK(value_of(ours->was_head(head)));
    Head wrong = mine;
    wrong.chain[3] ^= 1;
    CHECK_FALSE(value_of(ours->was_head(wrong)));

    const auto positions = [&](const Head& after, Position to) {
        std::string out;
        for (const Event& event : hear(*ours, after, to).events)
            out += std::to_string(event.position.value) + " ";
        return out;
    };
    CHECK(positions(mine, end.position) == "11 12 ");
    CHECK(positions(mine, Position{11}) == "11 ");
    CHECK(positions(heads[4], end.position) == "9 10 11 12 ");
    CHECK(positions(Head{}, Position{3}) == "1 2 3 ");
    struct Stored : Heard {
        int payloads = 0;
        [[nodiscard]] bool wants_stored() const override { return true; }
        bool stored(std::uint8_t, std::string_view) override { return ++payloads, true; }
    } stored;
    REQUIRE(ours->read(mine, end.position, stored));
    CHECK(stored.payloads == 2);
    CHECK(stored.events.size() == 2);
    ours->cancel_write();
}

TEST_SUITE_END();

}  // namespace fenceline::testing
