// A sync that fails may take away what was written, and other stores have seen it already: they
// read through an index of a log that does not hold it any more.

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

// Two stores that sync after the lock, each past its first commit, which is anchored.
struct Pool {
    TempDir dir;
    std::string path = dir / "pool.db";
    FaultyVfs vfs;
    std::unique_ptr<LifecycleStore> a = open("cp-a"), b = open("cp-b");

    Pool() {
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
    std::unique_ptr<LifecycleStore> open(const std::string& instance) const {
        return value_of(
            LifecycleStore::open({.instance = instance}, value_of(open_journal(options()))));
    }
    static bool spawns(LifecycleStore& store) {
        return store.spawn({.prefix = "w", .image = "duck"}).has_value();
    }
};

// What one connection wrote into the database since its last sync goes back to what was there, when
// that sync fails; at the first of these writes somebody works.
class DroppedDatabase final : public ShimVfs {
  public:
    DroppedDatabase() : ShimVfs("dropped-database") {}

    std::function<void()> at_the_first;  // once
    bool fails = false;                  // the next sync after a write, once

    std::unique_ptr<ShimFile> opened(const char*, int flags, sqlite3_file& real) override {
        if ((flags & SQLITE_OPEN_MAIN_DB) == 0) return std::make_unique<ShimFile>(real);
        return std::make_unique<File>(real, *this);
    }

  private:
    class File final : public ShimFile {
      public:
        File(sqlite3_file& real, DroppedDatabase& vfs) : ShimFile(real), vfs_(vfs) {}
        int write(const void* in, int amount, sqlite3_int64 offset) override {
            if (const auto work = std::exchange(vfs_.at_the_first, nullptr)) work();
            std::string& was = replaced_.emplace_back(offset, std::string()).second;
            was.resize(static_cast<std::size_t>(amount));
            ShimFile::read(was.data(), amount, offset);
            return ShimFile::write(in, amount, offset);
        }
        int sync(int flags) override {
            const auto replaced = std::exchange(replaced_, {});
            if (replaced.empty() || !std::exchange(vfs_.fails, false)) return ShimFile::sync(flags);
            for (const auto& [offset, was] : std::views::reverse(replaced))
                ShimFile::write(was.data(), static_cast<int>(was.size()), offset);
            return SQLITE_IOERR_FSYNC;
        }

      private:
        DroppedDatabase& vfs_;
        std::vector<std::pair<sqlite3_int64, std::string>> replaced_;
    };
};

}  // namespace

TEST_CASE("a late sync that drops its commit leaves the others the journal without it") {
    Pool pool;
    pool.vfs.fail(
        {.what = Call::sync, .code = SQLITE_IOERR_FSYNC, .leaves = Fault::Leaves::nothing});
    const auto lost = pool.a->spawn({.prefix = "w", .image = "duck"});
    pool.vfs.heal();
    REQUIRE(pool.vfs.fired());
    REQUIRE_FALSE(lost);
    CHECK(lost.error().effect == Effect::unknown);
    CHECK(value_of(open_reader(pool.path))->head()->position == Position{2});
    CHECK(Pool::spawns(*pool.b));
    pool.a.reset();
    pool.a = pool.open("cp-a");
    CHECK(Pool::spawns(*pool.a));
    CHECK(pool.a->status().position == Position{4});
    pool.a.reset();
    pool.b.reset();
    CHECK(verified(pool.path).sound());
}

// The store that heard of it died before it could do anything.
TEST_CASE("no store opens beside others a log that lacks what its index names") {
    Pool pool;
    const auto log = pool.path + "-wal";
    const auto bytes = [&] {
        std::ifstream file(log, std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(file), {});
    };
    const std::string before = bytes();
    REQUIRE(Pool::spawns(*pool.a));
    {
        std::fstream file(log, std::ios::binary | std::ios::in | std::ios::out);
        file.write(before.data(), static_cast<std::streamsize>(before.size()));
        REQUIRE(file.good());
    }
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
    CHECK(Pool::spawns(*pool.a));
    pool.a.reset();
    CHECK(verified(pool.path).sound());
}

// SQLite counts them as moved without a sync of its own, as somebody has committed meanwhile.
TEST_CASE("pages that a move's sync dropped stay in the log") {
    DroppedDatabase vfs;
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
