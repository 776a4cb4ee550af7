// Moving the log beside the commits: nobody waits for it, and what fails in it is heard.

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <string_view>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "journal/lifecycle_store.hpp"
#include "tests/support/faulty_vfs.hpp"
#include "tests/support/journal_script.hpp"
#include "tests/support/opened.hpp"
#include "tests/support/power_cut_vfs.hpp"
#include "tests/support/shim_vfs.hpp"
#include "tests/support/temp_dir.hpp"

namespace fenceline::testing {

TEST_SUITE_BEGIN("journal/log_move");

namespace {

JournalOptions options_for(const std::string& path, const std::string& vfs = {}) {
    return {.path = path, .create = true, .wal_reserve_bytes = 0, .wal_move_bytes = 1, .vfs = vfs};
}

// Once, at the first write to the database's own file: only a moved log is written there.
class AtTheMove final : public ShimVfs {
  public:
    AtTheMove() : ShimVfs("at_the_move") {}
    void meanwhile(std::function<void()> work) {
        work_ = std::move(work);
        armed_ = true;
    }
    std::unique_ptr<ShimFile> opened(const char* name, int flags, sqlite3_file& real) override {
        const bool database = name != nullptr && (flags & SQLITE_OPEN_MAIN_DB) != 0;
        return std::make_unique<File>(real, database ? this : nullptr);
    }

  private:
    struct File final : ShimFile {
        File(sqlite3_file& file, AtTheMove* told) : ShimFile(file), vfs(told) {}
        int write(const void* in, int amount, sqlite3_int64 offset) override {
            if (vfs != nullptr && vfs->armed_.exchange(false)) vfs->work_();
            return ShimFile::write(in, amount, offset);
        }
        AtTheMove* vfs;
    };

    std::atomic<bool> armed_ = false;
    std::function<void()> work_;
};

std::unique_ptr<LifecycleStore> store_of(const JournalOptions& options, const char* instance,
                                         bool upkeep_thread = true) {
    return value_of(LifecycleStore::open({.instance = instance, .upkeep_thread = upkeep_thread},
                                         value_of(open_journal(options))));
}

bool spawned(LifecycleStore& store) {
    return store.spawn({.prefix = "w", .image = "img"}).has_value();
}

// A store whose next operation has the log moved, and what is done in the middle of that.
struct Moving {
    TempDir dir;
    AtTheMove vfs;
    std::string path = dir / "pool.db";
    std::unique_ptr<LifecycleStore> store;
    std::promise<void> over;

    explicit Moving(bool upkeep_thread)
        : store(store_of(options_for(path, vfs.name()), "cp-a", upkeep_thread)) {
        // The first commits make the log; what they have moved is not looked at.
        REQUIRE(spawned(*store));
    }
    // `beside` is done by the caller, once it has its answer.
    void moves(const std::function<void()>& meanwhile, const std::function<void()>& beside = {}) {
        vfs.meanwhile([&] {
            meanwhile();
            over.set_value();
        });
        REQUIRE(spawned(*store));
        if (beside) beside();
        REQUIRE(over.get_future().wait_for(std::chrono::seconds(60)) == std::future_status::ready);
    }
    ~Moving() {
        CHECK(store->close().has_value());
        CHECK(verified(path).sound());
    }
};

// A move of a log that holds one commit, begun.
struct Begun {
    TempDir dir;
    std::string path = dir / "pool.db";
    FaultyVfs vfs;
    std::unique_ptr<Journal> journal = value_of(open_journal(options_for(path, vfs.name())));
    JournalScript script{*journal};
    LongWork* work = begin();

    LongWork* begin() {
        script.appends({drain_event()});
        auto* begun = value_of(journal->begin_maintenance());
        REQUIRE(begun != nullptr);
        return begun;
    }
    void runs_into(Fault fault) {
        vfs.fail(fault);
        work->run();
        REQUIRE(vfs.fired());
        vfs.heal();
    }
};

// One journal moved the log aside while another committed, so that SQLite counts pages as moved
// before the sync of ours; and that failed, as it does on Linux.
struct HalfMoved {
    TempDir dir;
    PowerCutVfs vfs;
    std::unique_ptr<Journal> one = value_of(open_journal(options()));
    std::unique_ptr<Journal> other = value_of(open_journal(options()));
    JournalScript beside{*other, "cp-b"};

    enum class One { hears, dies_before };
    HalfMoved(std::uint64_t seed, One fate) {
        JournalScript(*one, "cp-a").appends({drain_event()});
        beside.appends({drain_event()});
        auto* work = value_of(one->begin_maintenance());
        REQUIRE(work != nullptr);
        vfs.meanwhile([&] { beside.appends({drain_event()}); });
        constexpr int sync_of_ours = 3;  // after that commit's, and the log's
        vfs.fail_sync_at(sync_of_ours, seed);
        work->run();
        REQUIRE(vfs.has_failed());
        if (fate == One::hears) CHECK(error_of(one->end_maintenance()).effect == Effect::unknown);
        one.reset();
    }
    JournalOptions options() const { return options_for(dir / "pool.db", vfs.name()); }

    std::size_t events_after_a_power_cut(std::uint64_t seed) {
        vfs.cut_at(1);
        one.reset();
        other.reset();
        vfs.power_on(seed);
        auto journal = open_journal(options());
        if (!journal) return 0;
        Heard heard;
        return (*journal)->read_all(Position{1'000'000}, heard) ? heard.events.size() : 0;
    }
};

// A case once so, once so.
bool with_and_without_thread() {
    bool upkeep_thread = true;
    SUBCASE("by the thread of the store") {}
    SUBCASE("by a caller") {
        upkeep_thread = false;
    }
    return upkeep_thread;
}

}  // namespace

TEST_CASE("operations are answered while the log is being moved") {
    Moving moving(with_and_without_thread());
    std::future<int> answered;
    auto waited = std::future_status::deferred;
    moving.moves([&] {
        answered = std::async(std::launch::async, [&] {
            int answers = 0;
            for (int i = 0; i < 3; ++i) answers += spawned(*moving.store);
            return answers;
        });
        waited = answered.wait_for(std::chrono::seconds(20));
    });
    CHECK(waited == std::future_status::ready);
    REQUIRE(answered.valid());
    CHECK(answered.get() == 3);
    CHECK(value_of(moving.store->position()) == Position{5});
}

// Where the disk does not keep up with it: the log has a length.
TEST_CASE("operations wait for a move once the log is sixteen times as long as one begins") {
    Moving moving(with_and_without_thread());
    std::future<int> answered;
    std::uintmax_t held_at = 0;
    const auto log_bytes = [&] { return std::filesystem::file_size(moving.path + "-wal"); };
    moving.moves([&] {
        answered = std::async(std::launch::async, [&] {
            int answers = 0;
            for (int i = 0; i < 100; ++i) answers += spawned(*moving.store);
            return answers;
        });
        CHECK(answered.wait_for(std::chrono::milliseconds(300)) == std::future_status::timeout);
        held_at = log_bytes();
    });
    CHECK(answered.get() == 100);
    // A page more or less for each operation that was on its way.
    CHECK(held_at < 40 * 4096);
}

TEST_CASE("the log is moved by the thread of the store unless a caller shall") {
    const bool upkeep_thread = with_and_without_thread();
    Moving moving(upkeep_thread);
    std::thread::id mover;
    sigset_t blocked;
    moving.moves([&] {
        mover = std::this_thread::get_id();
        ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    });
    CHECK((mover != std::this_thread::get_id()) == upkeep_thread);
    // The signals of the host go to the threads of the host.
    CHECK(::sigismember(&blocked, SIGTERM) == static_cast<int>(upkeep_thread));
    CHECK(::sigismember(&blocked, SIGSEGV) == 0);
}

TEST_CASE("a child forked while the thread moves the log is refused and ends") {
    Moving moving(true);
    std::promise<void> moved, forked;
    int status = -1;
    moving.moves(
        [&] {
            moved.set_value();
            forked.get_future().wait_for(std::chrono::seconds(60));
        },
        [&] {
            moved.get_future().wait_for(std::chrono::seconds(60));
            const pid_t child = ::fork();
            if (child == 0) {
                ::alarm(20);
                const bool refused = !spawned(*moving.store) && !moving.store->position();
                moving.store.reset();
                ::_exit(refused ? 0 : 1);
            }
            ::waitpid(child, &status, 0);
            forked.set_value();
        });
    CHECK(status == 0);
    CHECK(spawned(*moving.store));
}

TEST_CASE("many callers of two stores lose nothing while the log is moved after every commit") {
    TempDir dir;
    const auto path = dir / "pool.db";
    constexpr int callers = 3, calls = 60;
    std::atomic<int> answered = 0;
    {
        const auto one = store_of(options_for(path), "cp-a");
        const auto other = store_of(options_for(path), "cp-b");
        std::vector<std::jthread> threads;
        for (const auto* store : {&one, &other})
            for (int i = 0; i < callers; ++i)
                threads.emplace_back([&, store] {
                    for (int call = 0; call < calls; ++call) answered += spawned(**store);
                });
    }
    CHECK(answered == 2 * callers * calls);
    CHECK(std::ssize(hear(*reader_of(path)).events) == answered);
    CHECK(verified(path).sound());
}

TEST_CASE("a sync that fails while the log is moved aside ends the store's work") {
    Begun move;
    move.runs_into({.what = Call::sync, .code = SQLITE_IOERR_FSYNC});
    CHECK(error_of(move.journal->end_maintenance()).effect == Effect::unknown);
    CHECK(error_of(move.journal->begin_write()).code == ErrorCode::poisoned);
    move.journal.reset();
    const auto again = value_of(open_journal(options_for(move.path)));
    CHECK(hear(*again).events == move.script.written);
}

// Linux tells each descriptor that was open, and none that is opened later.
TEST_CASE("a store whose first move comes after another's sync failed hears of it") {
    HalfMoved log(1, HalfMoved::One::hears);
    CHECK(error_of(log.other->begin_maintenance()).effect == Effect::unknown);
    CHECK(error_of(log.other->begin_write()).code == ErrorCode::poisoned);
    CHECK(log.events_after_a_power_cut(1) == 3);
}

TEST_CASE("pages counted as moved before a sync failed are not lost when the log starts anew") {
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
        HalfMoved log(seed, HalfMoved::One::dies_before);
        log.one = value_of(open_journal(log.options()));
        // No new names: their pages are not written again.
        for (int i = 0; i < 2; ++i) log.beside.appends({drain_event()});
        CHECK(log.events_after_a_power_cut(seed) == 5);
    }
}

TEST_CASE("a write that fails while the log is moved aside is tried again") {
    Begun move;
    move.runs_into({.what = Call::write});
    CHECK(error_of(move.journal->end_maintenance()).effect == Effect::not_applied);
    for (int i = 0; i < 2; ++i) move.script.appends({drain_event()});
    move.begin()->run();
    CHECK(move.journal->end_maintenance().has_value());
    CHECK(hear(*move.journal).events == move.script.written);
}

// It reads pages and writes them back: the move must not write others in between.
TEST_CASE("who opens a journal waits while the log is being moved") {
    Moving moving(false);
    auto options = options_for(moving.path);
    options.lock_timeout = milliseconds(5);
    Result<std::unique_ptr<Journal>> opened;
    moving.moves([&] { opened = open_journal(options); });
    CHECK(error_of(opened).code == ErrorCode::busy);
    CHECK(open_journal(options).has_value());
}

TEST_CASE("one moves the log at a time and who closes meanwhile leaves one file") {
    TempDir dir;
    const auto path = dir / "pool.db";
    auto one = value_of(open_journal(options_for(path)));
    auto other = value_of(open_journal(options_for(path)));
    JournalScript writing(*one, "cp-a"), beside(*other, "cp-b");
    writing.appends({drain_event()});
    beside.appends({drain_event()});
    auto* work = value_of(one->begin_maintenance());
    REQUIRE(work != nullptr);
    CHECK(value_of(other->begin_maintenance()) == nullptr);
    CHECK(other->maintain().has_value());
    SUBCASE("before it ran") {}
    SUBCASE("after it ran") {
        work->run();
    }
    REQUIRE(other->close().has_value());
    REQUIRE(one->close().has_value());
    CHECK_FALSE(std::filesystem::exists(path + "-wal"));
    CHECK(hear(*reader_of(path)).events.size() == 2);
}

TEST_SUITE_END();

}  // namespace fenceline::testing
