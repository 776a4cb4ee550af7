// A commit that is synced after the write lock was given on: others decide and append meanwhile,
// and nobody is told of anything that is not durable. No threads: the other store works inside of
// the first one's sync.

#include <filesystem>
#include <functional>
#include <memory>
#include <utility>

#include <doctest/doctest.h>
#include <sqlite3.h>

#include "journal/lifecycle_store.hpp"
#include "journal/open.hpp"
#include "projections/metrics.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/shim_vfs.hpp"
#include "tests/support/temp_dir.hpp"

namespace fenceline::testing {

TEST_SUITE_BEGIN("journal/late_sync");

namespace {

// Counts the syncs of the log, lets somebody work before one of them, or fails it.
class WatchedLog final : public ShimVfs {
  public:
    WatchedLog() : ShimVfs("watched-log") {}

    std::function<void()> before_next;  // once
    bool fail_next = false;
    int syncs = 0;

    std::unique_ptr<ShimFile> opened(const char*, int flags, sqlite3_file& real) override {
        if ((flags & SQLITE_OPEN_WAL) == 0) return std::make_unique<ShimFile>(real);
        return std::make_unique<File>(real, *this);
    }

  private:
    class File final : public ShimFile {
      public:
        File(sqlite3_file& real, WatchedLog& vfs) : ShimFile(real), vfs_(vfs) {}
        int sync(int flags) override {
            if (const auto work = std::exchange(vfs_.before_next, nullptr)) work();
            ++vfs_.syncs;
            if (std::exchange(vfs_.fail_next, false)) return SQLITE_IOERR_FSYNC;
            return ShimFile::sync(flags);
        }

      private:
        WatchedLog& vfs_;
    };
};

// Two stores on one journal, each past its first commit, which is anchored and synced at once.
struct Pool {
    explicit Pool(LateSync late_sync = LateSync::always) : late(late_sync) {
        a = open("cp-a");
        b = open("cp-b");
        REQUIRE(spawn(*a, "first")->transitioned());
        REQUIRE(spawn(*b, "second")->transitioned());
    }

    // What never came is not to come while the stores close.
    ~Pool() { log.before_next = nullptr; }

    JournalOptions options() const {
        return {.path = path,
                .create = true,
                .lock_timeout = milliseconds(1),
                .anchor_every = seconds(3600),
                .late_sync = late,
                .vfs = log.name()};
    }
    std::unique_ptr<LifecycleStore> open(const std::string& instance) const {
        auto journal = open_journal(options());
        REQUIRE_MESSAGE(journal, (journal ? "" : journal.error().text));
        auto store = LifecycleStore::open({.instance = instance}, std::move(*journal));
        REQUIRE(store);
        return std::move(*store);
    }
    static Result<Answer> spawn(LifecycleStore& store, const std::string& pod,
                                const std::string& request = "") {
        return store.spawn({.prefix = pod, .image = "duck"},
                           {.caller = "api", .request_id = request});
    }

    TempDir dir;
    std::string path = dir / "pool.db";
    WatchedLog log;
    LateSync late;
    std::unique_ptr<LifecycleStore> a, b;
};

}  // namespace

TEST_CASE("others append while a commit is synced and each is answered after a sync of its own") {
    Pool pool;
    Result<Answer> inner;
    int synced_for_inner = 0;
    pool.log.before_next = [&] {
        const int before = pool.log.syncs;
        inner = Pool::spawn(*pool.b, "inner");
        synced_for_inner = pool.log.syncs - before;
    };
    const auto outer = Pool::spawn(*pool.a, "outer");
    REQUIRE(outer);
    REQUIRE(inner);
    CHECK(outer->position.value + 1 == inner->position.value);
    CHECK(synced_for_inner == 1);
}

TEST_CASE("without late syncs the write lock is held until the commit is durable") {
    Pool pool(LateSync::never);
    Result<Answer> inner;
    pool.log.before_next = [&] { inner = Pool::spawn(*pool.b, "inner"); };
    REQUIRE(Pool::spawn(*pool.a, "outer"));
    REQUIRE_FALSE(inner);
    CHECK(inner.error().code == ErrorCode::busy);
}

TEST_CASE("stores that take turns sync late also where none waits and one that is alone does not") {
    Pool pool(LateSync::when_contended);
    const auto another_gets_in = [&] {
        Result<Answer> inner;
        pool.log.before_next = [&] { inner = Pool::spawn(*pool.b, "inner"); };
        REQUIRE(Pool::spawn(*pool.a, "outer"));
        return inner.has_value();
    };
    CHECK_FALSE(another_gets_in());  // the first turn shows that there is another
    REQUIRE(Pool::spawn(*pool.b, "again"));
    CHECK(another_gets_in());
    CHECK(another_gets_in());
    REQUIRE(Pool::spawn(*pool.a, "alone"));
    REQUIRE(Pool::spawn(*pool.a, "alone still"));
    CHECK_FALSE(another_gets_in());
}

// What is anchored never goes back: it is durable before anybody else appends.
TEST_CASE("a commit that is anchored is synced under the lock also after late ones") {
    FakeClock clock;
    Pool pool;
    auto options = pool.options();
    options.anchor_every = seconds(1);
    options.clock = &clock;
    auto journal = open_journal(options);
    REQUIRE(journal);
    auto store = LifecycleStore::open({.instance = "cp-c", .clock = &clock}, std::move(*journal));
    REQUIRE(store);
    const auto held_up = [&] {
        bool synced = false, busy = false;
        pool.log.before_next = [&] {
            synced = true;
            busy = !Pool::spawn(*pool.b, "inner");
        };
        REQUIRE(Pool::spawn(**store, "outer"));
        REQUIRE(synced);
        return busy;
    };
    CHECK(held_up());
    CHECK_FALSE(held_up());
    clock.advance(seconds(1));
    CHECK(held_up());
    CHECK_FALSE(held_up());
}

TEST_CASE("a query that sees a commit before its sync is answered after one") {
    Pool pool;
    int first = 0, second = 0;
    pool.log.before_next = [&] {
        const int before = pool.log.syncs;
        CHECK(pool.b->position() == Position{3});
        first = pool.log.syncs - before;
        CHECK(pool.b->position() == Position{3});
        second = pool.log.syncs - before - first;
    };
    REQUIRE(Pool::spawn(*pool.a, "outer"));
    CHECK(first == 1);
    CHECK(second == 0);
}

TEST_CASE("what another store has synced is not synced again for a query") {
    Pool pool;
    REQUIRE(Pool::spawn(*pool.a, "outer"));
    const int before = pool.log.syncs;
    CHECK(pool.b->position() == Position{3});
    CHECK(pool.log.syncs == before);
}

TEST_CASE("a request told again from a commit before its sync is answered after one") {
    Pool pool;
    int synced = 0;
    Result<Answer> again;
    pool.log.before_next = [&] {
        const int before = pool.log.syncs;
        again = Pool::spawn(*pool.b, "outer", "r-1");
        synced = pool.log.syncs - before;
    };
    const auto first = Pool::spawn(*pool.a, "outer", "r-1");
    REQUIRE(first);
    REQUIRE(again);
    CHECK(again->replayed);
    CHECK(again->position == first->position);
    CHECK(synced == 1);
}

TEST_CASE("a page is made of what is durable") {
    Pool pool;
    int synced = 0;
    pool.log.before_next = [&] {
        const int before = pool.log.syncs;
        StoreStatus status;
        CHECK(pool.b->metrics({}, status));
        synced = pool.log.syncs - before;
    };
    REQUIRE(Pool::spawn(*pool.a, "outer"));
    CHECK(synced >= 1);
}

TEST_CASE("a sync that fails after the lock was given on leaves the commit unknown") {
    Pool pool;
    pool.log.fail_next = true;
    const auto failed = Pool::spawn(*pool.a, "outer", "r-1");
    REQUIRE_FALSE(failed);
    CHECK(failed.error().effect == Effect::unknown);
    const auto refused = Pool::spawn(*pool.a, "later");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::poisoned);
    auto journal = open_journal(pool.options());
    REQUIRE(journal);
    REQUIRE(pool.a->reopen(std::move(*journal)));
    const auto again = Pool::spawn(*pool.a, "outer", "r-1");
    REQUIRE(again);
    CHECK(again->transitioned());
    CHECK(pool.b->observe(again->worker)->has_value());
}

TEST_CASE("a query whose sync fails is no answer and its store takes nothing more") {
    Pool pool;
    Result<Position> seen;
    pool.log.before_next = [&] {
        pool.log.fail_next = true;
        seen = pool.b->position();
    };
    REQUIRE(Pool::spawn(*pool.a, "outer"));
    REQUIRE_FALSE(seen);
    CHECK(seen.error().effect == Effect::unknown);
    CHECK(pool.b->status().poisoned);
    const auto refused = Pool::spawn(*pool.b, "later");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::poisoned);
}

// The lock file outlives its stores, and the machine.
TEST_CASE("what an earlier day's stores had synced is forgotten by the first to open") {
    Pool pool;
    const std::string early = pool.dir / "early.db";
    REQUIRE(backup_journal(pool.path, early));
    for (int i = 0; i < 8; ++i) REQUIRE(Pool::spawn(*pool.a, "later"));
    pool.a.reset();
    pool.b.reset();
    std::filesystem::rename(early, pool.path);
    std::filesystem::remove(pool.path + "-anchor");
    pool.a = pool.open("cp-a");
    pool.b = pool.open("cp-b");
    REQUIRE(Pool::spawn(*pool.a, "anchored"));
    int synced = 0;
    pool.log.before_next = [&] {
        const int before = pool.log.syncs;
        CHECK(pool.b->position() == Position{4});
        synced = pool.log.syncs - before;
    };
    REQUIRE(Pool::spawn(*pool.a, "outer"));
    CHECK(synced == 1);
}

TEST_SUITE_END();

}  // namespace fenceline::testing
