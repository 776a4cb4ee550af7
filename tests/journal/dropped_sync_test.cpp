// A sync that fails may take away what was written, and other stores have seen it already: they
// read through an index of a log that does not hold it any more.

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <sqlite3.h>

#include "journal/lifecycle_store.hpp"
#include "journal/open.hpp"
#include "tests/support/faulty_vfs.hpp"
#include "tests/support/journal_script.hpp"
#include "tests/support/opened.hpp"
#include "tests/support/shim_vfs.hpp"
#include "tests/support/temp_dir.hpp"

namespace fenceline::testing {

TEST_SUITE_BEGIN("journal/dropped_sync");

namespace {

bool spawns(LifecycleStore& store) {
    return store.spawn({.prefix = "w", .image = "duck"}).has_value();
}

// Two stores that sync after the lock, each past its first commit, which is anchored.
template <typename Vfs>
struct Pool {
    TempDir dir;
    std::string path = dir / "pool.db";
    Vfs vfs;
    std::unique_ptr<LifecycleStore> a, b;

    template <typename... Of>
    explicit Pool(Of... of) : vfs(of...) {
        a = open("cp-a");
        b = open("cp-b");
        REQUIRE(spawns(*a));
        REQUIRE(spawns(*b));
    }
    JournalOptions options() const {
        return {.path = path,
                .create = true,
                .anchor_every = seconds(3600),
                .late_sync = LateSync::always,
                .vfs = vfs.name()};
    }
    std::string log() const {
        std::ifstream file(path + "-wal", std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(file), {});
    }
    void write_log(std::string_view bytes) const {
        std::fstream file(path + "-wal", std::ios::binary | std::ios::in | std::ios::out);
        file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        REQUIRE(file.good());
    }
    std::unique_ptr<LifecycleStore> open(const std::string& instance) const {
        return value_of(
            LifecycleStore::open({.instance = instance}, value_of(open_journal(options()))));
    }
};

// What one connection wrote into a kind of file since its last sync goes back to what was there,
// when that sync fails. Somebody works at the first of these writes, or before that sync.
class DroppedWrites final : public ShimVfs {
  public:
    explicit DroppedWrites(int kind) : ShimVfs("dropped-writes"), kind_(kind) {}

    std::function<void()> at_the_first, before_it_fails, after_it_failed;  // once
    bool fails = false;  // once: the next sync after a write, or before which somebody works

    std::unique_ptr<ShimFile> opened(const char*, int flags, sqlite3_file& real) override {
        if ((flags & kind_) == 0) return std::make_unique<ShimFile>(real);
        return std::make_unique<File>(real, *this);
    }

  private:
    class File final : public ShimFile {
      public:
        File(sqlite3_file& real, DroppedWrites& vfs) : ShimFile(real), vfs_(vfs) {}
        int write(const void* in, int amount, sqlite3_int64 offset) override {
            if (const auto work = std::exchange(vfs_.at_the_first, nullptr)) work();
            std::string& was = replaced_.emplace_back(offset, std::string()).second;
            was.resize(static_cast<std::size_t>(amount));
            ShimFile::read(was.data(), amount, offset);
            return ShimFile::write(in, amount, offset);
        }
        int sync(int flags) override {
            const auto replaced = std::exchange(replaced_, {});
            const bool goes = !replaced.empty() || vfs_.before_it_fails;
            if (!goes || !std::exchange(vfs_.fails, false)) return ShimFile::sync(flags);
            if (const auto work = std::exchange(vfs_.before_it_fails, nullptr)) work();
            for (const auto& [offset, was] : std::views::reverse(replaced))
                ShimFile::write(was.data(), static_cast<int>(was.size()), offset);
            if (const auto work = std::exchange(vfs_.after_it_failed, nullptr)) work();
            return SQLITE_IOERR_FSYNC;
        }

      private:
        DroppedWrites& vfs_;
        std::vector<std::pair<sqlite3_int64, std::string>> replaced_;
    };

    int kind_;
};

}  // namespace

TEST_CASE("a late sync that drops its commit leaves the others the journal without it") {
    Pool<FaultyVfs> pool;
    pool.vfs.fail(
        {.what = Call::sync, .code = SQLITE_IOERR_FSYNC, .leaves = Fault::Leaves::nothing});
    const auto lost = pool.a->spawn({.prefix = "w", .image = "duck"});
    pool.vfs.heal();
    REQUIRE(pool.vfs.fired());
    REQUIRE_FALSE(lost);
    CHECK(lost.error().effect == Effect::unknown);
    CHECK(value_of(open_reader(pool.path))->head()->position == Position{2});
    CHECK(spawns(*pool.b));
    pool.a.reset();
    pool.a = pool.open("cp-a");
    CHECK(spawns(*pool.a));
    CHECK(pool.a->status().position == Position{4});
    pool.a.reset();
    pool.b.reset();
    CHECK(verified(pool.path).sound());
}

TEST_CASE("a store that has folded what a sync dropped folds the journal anew") {
    Pool<DroppedWrites> pool(SQLITE_OPEN_WAL);
    pool.vfs.fails = true;
    pool.vfs.before_it_fails = [&] { CHECK(pool.b->position() == Position{3}); };
    CHECK(error_of(pool.a->spawn({.prefix = "w", .image = "duck"})).effect == Effect::unknown);
    REQUIRE_FALSE(pool.vfs.before_it_fails);
    pool.a.reset();
    pool.a = pool.open("cp-a");
    SUBCASE("and finds less than it had") {}
    SUBCASE("and finds other events at the same positions") {
        for (int i = 0; i < 2; ++i) REQUIRE(pool.a->cp_heartbeat());
    }
    const auto spawned = value_of(pool.b->spawn({.prefix = "w", .image = "duck"}));
    CHECK(spawned.worker == WorkerId{3});
    pool.a.reset();
    pool.b.reset();
    CHECK(verified(pool.path).sound());
}

// Whoever syncs the log may lose what another left unsynced when it died.
TEST_CASE("a sync that fails under the lock takes what is gone out of the others' sight") {
    Pool<DroppedWrites> pool(SQLITE_OPEN_WAL);
    auto options = pool.options();
    options.late_sync = LateSync::never;
    options.wal_move_bytes = 1;
    auto journal = value_of(open_journal(options));
    JournalScript script(*journal, "cp-c");
    script.appends({drain_event()});
    const std::string before = pool.log();
    REQUIRE(spawns(*pool.a));  // as if it had died before its sync
    CHECK(pool.b->position() == Position{4});
    pool.vfs.fails = true;
    pool.vfs.before_it_fails = [&] { pool.write_log(before); };
    SUBCASE("in a commit") {
        CHECK(error_of(script.append({drain_event()})).effect == Effect::unknown);
    }
    SUBCASE("in a move of the log") {
        CHECK(error_of(journal->maintain()).effect == Effect::unknown);
    }
    SUBCASE("before a move beside the commits") {
        CHECK(error_of(journal->begin_maintenance()).effect == Effect::unknown);
    }
    SUBCASE("at closing") {
        CHECK_FALSE(journal->close());
    }
    SUBCASE("while the file is made anew") {
        CHECK(error_of(journal->compact()).effect == Effect::unknown);
        CHECK(error_of(journal->head()).code == ErrorCode::poisoned);
    }
    SUBCASE("at opening") {
        pool.vfs.after_it_failed = pool.vfs.before_it_fails;  // what it wrote anew is gone, too
        CHECK(error_of(open_journal(options)).effect == Effect::not_applied);
    }
    REQUIRE_FALSE(pool.vfs.before_it_fails);
    CHECK(value_of(open_reader(pool.path))->head()->position == Position{3});
    CHECK(spawns(*pool.b));
    CHECK(pool.b->status().position == Position{4});
    // As after the death of all.
    const TempDir dead;
    for (const char* end : {"", "-wal"})
        std::filesystem::copy_file(pool.path + end, dead / (std::string("pool.db") + end));
    CHECK(hear(*value_of(open_journal({.path = dead / "pool.db"}))).events.size() == 4);
    journal.reset();
    journal = value_of(open_journal(options));
    journal.reset();
    pool.a.reset();
    pool.b.reset();
    CHECK(hear(*reader_of(pool.path)).events.size() == 4);
}

TEST_CASE("what a sync dropped is not sealed in the place of what came instead") {
    Pool<DroppedWrites> pool(SQLITE_OPEN_WAL);
    auto options = pool.options();
    options.late_sync = LateSync::never;
    auto keeper = value_of(open_journal(options)), journal = value_of(open_journal(options));
    JournalScript script(*journal, "cp-c");
    const std::string before = pool.log();
    for (int i = 0; i < 2; ++i) REQUIRE(spawns(*pool.a));  // not synced yet
    const SealRequest request{.last = Position{3}};
    REQUIRE(value_of(keeper->seal(request)).more);  // gathered
    pool.vfs.fails = true;
    pool.vfs.before_it_fails = [&] { pool.write_log(before); };
    CHECK(error_of(script.append({drain_event()})).effect == Effect::unknown);
    for (int i = 0; i < 2; ++i) REQUIRE(spawns(*pool.b));
    const auto answered = value_of(reader_of(pool.path)->event(Position{3}));
    auto step = value_of(keeper->seal(request));
    while (step.more) step = value_of(keeper->seal(request));
    CHECK(step.sealed == Position{3});
    CHECK(value_of(reader_of(pool.path)->event(Position{3})) == answered);
    keeper.reset();
    journal.reset();
    pool.a.reset();
    pool.b.reset();
    CHECK(verified(pool.path).sound());
}

// The move holds the log still: what is owed to the log is done when it ends.
TEST_CASE("a sync that fails while the log is moved mends it after the move") {
    Pool<DroppedWrites> pool(SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_DB);
    auto options = pool.options();
    options.late_sync = LateSync::never;
    options.wal_move_bytes = 1;
    options.lock_timeout = milliseconds(10);
    auto journal = value_of(open_journal(options));
    JournalScript script(*journal, "cp-c");
    script.appends({drain_event()});
    auto* work = value_of(journal->begin_maintenance());
    REQUIRE(work != nullptr);
    pool.vfs.at_the_first = [&] {
        const std::string before = pool.log();
        REQUIRE(spawns(*pool.a));  // as if it had died before its sync
        pool.vfs.fails = true;
        pool.vfs.before_it_fails = [&, before] { pool.write_log(before); };
        CHECK(error_of(script.append({drain_event()})).effect == Effect::unknown);
    };
    work->run();
    REQUIRE_FALSE(pool.vfs.before_it_fails);
    CHECK(error_of(journal->end_maintenance()).code == ErrorCode::poisoned);
    CHECK(value_of(open_reader(pool.path))->head()->position == Position{3});
    CHECK(spawns(*pool.b));
    CHECK(pool.b->status().position == Position{4});
    journal.reset();
    pool.a.reset();
    pool.b.reset();
    CHECK(hear(*reader_of(pool.path)).events.size() == 4);
}

// The store that heard of it died before it could do anything.
TEST_CASE("no store opens beside others a log that lacks what its index names") {
    Pool<FaultyVfs> pool;
    const std::string before = pool.log();
    REQUIRE(spawns(*pool.a));
    pool.write_log(before);
    const auto refused = error_of(open_journal(pool.options()));
    CHECK(refused.code == ErrorCode::io);
    CHECK(refused.hint.find("close every program") == 0);
    // Linux tells each descriptor that was open, so that nobody moves such a log.
    pool.vfs.fail(
        {.what = Call::sync, .code = SQLITE_IOERR_FSYNC, .lasts = Fault::Lasts::for_ever});
    pool.a.reset();
    CHECK(error_of(open_journal(pool.options())).code == ErrorCode::io);
    pool.b.reset();
    pool.vfs.heal();
    pool.a = pool.open("cp-a");
    CHECK(pool.a->status().position == Position{2});
    CHECK(spawns(*pool.a));
    pool.a.reset();
    CHECK(verified(pool.path).sound());
}

TEST_CASE("no store opens beside others a log whose beginning is gone") {
    Pool<FaultyVfs> pool;
    std::string nothing(32, '\0');
    SUBCASE("zeros") {}
    SUBCASE("pages of four gigabytes") {
        nothing.replace(0, 4, "\x37\x7f\x06\x82");
        nothing.replace(8, 4, "\xff\xff\xff\xf0");
    }
    pool.write_log(nothing);
    CHECK(error_of(open_journal(pool.options())).code == ErrorCode::io);
}

// SQLite counts them as moved without a sync of its own, as somebody has committed meanwhile.
TEST_CASE("pages that a move's sync dropped stay in the log") {
    DroppedWrites vfs(SQLITE_OPEN_MAIN_DB);
    const TempDir dir;
    const JournalOptions options{.path = dir / "pool.db",
                                 .create = true,
                                 .wal_reserve_bytes = 0,
                                 .wal_move_bytes = 1,
                                 .vfs = vfs.name()};
    auto one = value_of(open_journal(options)), other = value_of(open_journal(options));
    JournalScript(*one, "cp-a").appends({drain_event()});
    JournalScript beside(*other, "cp-b");
    beside.appends({drain_event()});
    auto* work = value_of(one->begin_maintenance());
    REQUIRE(work != nullptr);
    vfs.fails = true;
    vfs.at_the_first = [&] { beside.appends({drain_event()}); };
    work->run();
    REQUIRE_FALSE(vfs.fails);
    CHECK(error_of(one->end_maintenance()).effect == Effect::unknown);
    one.reset();
    // Each moves what there is, so that the next one starts the log anew.
    for (int i = 0; i < 3; ++i) {
        beside.appends({drain_event()});
        CHECK(other->maintain().has_value());
    }
    CHECK(hear(*other).events.size() == 6);
    other.reset();
    CHECK(hear(*reader_of(options.path)).events.size() == 6);
}

TEST_SUITE_END();

}  // namespace fenceline::testing
