// Several openings of one journal, in several processes: one order, no gap, no overtaking.

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include <doctest/doctest.h>

#include "journal/chain.hpp"
#include "journal/open.hpp"
#include "journal/sqlite/lock.hpp"
#include "tests/support/journal_script.hpp"
#include "tests/support/opened.hpp"
#include "tests/support/temp_dir.hpp"

namespace fenceline::testing {

TEST_SUITE_BEGIN("journal/sqlite_process");

namespace {

using sqlite::LockFile;

void last_for(std::chrono::nanoseconds span) {
    const auto until = std::chrono::steady_clock::now() + span;
    while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
}

JournalOptions options_for(const std::string& path) {
    return {.path = path, .create = true, .wal_reserve_bytes = 0};
}

// A child process. It must not use doctest: it ends with what `work` returned.
class Child {
  public:
    explicit Child(const std::function<bool()>& work) : pid_(::fork()) {
        REQUIRE(pid_ >= 0);
        if (pid_ == 0) ::_exit(work() ? 0 : 1);
    }
    ~Child() {
        if (waited_) return;
        ::kill(pid_, SIGKILL);  // it may be stopped
        (void)wait();
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    [[nodiscard]] int wait() {
        int status = -1;
        ::waitpid(pid_, &status, 0);
        waited_ = true;
        return status;
    }
    void kill() const { ::kill(pid_, SIGKILL); }
    void stop() const {
        ::kill(pid_, SIGSTOP);
        int status = 0;
        ::waitpid(pid_, &status, WUNTRACED);
    }
    void go_on() const { ::kill(pid_, SIGCONT); }

  private:
    pid_t pid_;
    bool waited_ = false;
};

// A byte through a pipe: how processes tell each other how far they are.
class Signal {
  public:
    Signal() { REQUIRE(::pipe(ends_) == 0); }
    ~Signal() {
        ::close(ends_[0]);
        ::close(ends_[1]);
    }
    Signal(const Signal&) = delete;
    Signal& operator=(const Signal&) = delete;
    void give() const { (void)!::write(ends_[1], "x", 1); }
    void await() const {
        char byte = 0;
        (void)!::read(ends_[0], &byte, 1);
    }

  private:
    int ends_[2] = {};
};

// Appends `commits` of one to three events each, as one recorder of its own.
bool append_many(const std::string& path, int commits, std::int64_t worker) {
    auto journal = open_journal(options_for(path));
    if (!journal) return false;
    Recorder self{{}, "cp-" + std::to_string(worker), "run", {}};
    for (int i = 0; i < commits; ++i) {
        const auto head = (*journal)->begin_write();
        if (!head) return false;
        const bool first = !self.id.given();
        if (first) {
            self.id = RecorderId{head->recorders + 1};
            self.first = Position{head->position.value + 1};
        }
        std::vector<Event> events(static_cast<std::size_t>(1 + i % 3),
                                  drain_event(WorkerId{worker}));
        auto position = head->position;
        for (Event& event : events) {
            event.position = Position{++position.value};
            event.at = Time{position.value};
            event.recorder = self.id;
            event.count = static_cast<std::uint32_t>(i + 1);
        }
        if (!(*journal)->append(
                {.events = events, .recorder = first ? &self : nullptr, .by = self.id}))
            return false;
        if (i % 16 == 0 && !(*journal)->maintain()) return false;
    }
    return true;
}

struct Verify : Sink {
    CommitHasher hasher;
    ChainHash last{};
    std::vector<Event> events;
    Verify() { hasher.begin(last); }
    bool recorder(const Recorder& recorder) override {
        hasher.recorder(recorder);
        return true;
    }
    bool event(const Event& event) override {
        hasher.event(event);
        events.push_back(event);
        return true;
    }
    bool seal(const Seal& seal) override {
        last = hasher.finish(seal.recorder);
        CHECK(last == seal.chain);
        hasher.begin(last);
        return true;
    }
};

sqlite::JournalFiles files_of(const std::string& path) {
    auto files = sqlite::resolve(path);
    REQUIRE(files.has_value());
    return *files;
}

}  // namespace

TEST_CASE("processes that append at the same time share one order without a gap") {
    constexpr int commits = 120;
    TempDir dir;
    const auto path = dir / "pool.db";
    {
        Child a([&] { return append_many(path, commits, 1); });
        Child b([&] { return append_many(path, commits, 2); });
        Child c([&] { return append_many(path, commits, 3); });
        CHECK(a.wait() == 0);
        CHECK(b.wait() == 0);
        CHECK(c.wait() == 0);
    }
    Verify verify;
    auto reader = open_reader(path);
    REQUIRE((*reader)->read({}, Position{1'000'000}, verify).has_value());
    REQUIRE(verify.events.size() == 3 * 2 * commits);
    std::map<std::int64_t, std::uint32_t> seen;
    for (std::size_t i = 0; i < verify.events.size(); ++i) {
        const Event& event = verify.events[i];
        REQUIRE(event.position.value == static_cast<std::int64_t>(i) + 1);
        // Each process's commits in its own order.
        REQUIRE(event.count >= seen[event.worker.value]);
        seen[event.worker.value] = event.count;
    }
    CHECK_FALSE(std::filesystem::exists(path + "-wal"));
}

TEST_CASE("threads with journals of their own exclude each other like processes") {
    TempDir dir;
    const auto path = dir / "pool.db";
    { REQUIRE(create_journal(options_for(path)).has_value()); }
    bool done[3] = {};
    {
        std::jthread a([&] { done[0] = append_many(path, 60, 1); });
        std::jthread b([&] { done[1] = append_many(path, 60, 2); });
        std::jthread c([&] { done[2] = append_many(path, 60, 3); });
    }
    for (const bool each : done) CHECK(each);
    Verify verify;
    REQUIRE((*open_reader(path))->read({}, Position{1'000'000}, verify).has_value());
    CHECK(verify.events.size() == 360);
}

TEST_CASE("a process that dies with the lock leaves it free and its batch undone") {
    TempDir dir;
    const auto path = dir / "pool.db";
    { JournalScript(**create_journal(options_for(path))).appends({drain_event()}); }
    Signal holding;
    Child child([&] {
        auto journal = open_journal(options_for(path));
        if (!journal || !(*journal)->begin_write()) return false;
        holding.give();
        ::pause();
        return false;
    });
    holding.await();
    child.kill();
    CHECK(WIFSIGNALED(child.wait()));
    auto journal = open_journal(options_for(path));
    REQUIRE(journal.has_value());
    CHECK(JournalScript(**journal, "cp-b").appends({drain_event()}).position == Position{2});
}

TEST_CASE("a journal does not work in a child process and the parent keeps its lock") {
    TempDir dir;
    const auto path = dir / "pool.db";
    auto journal = open_journal(options_for(path));
    JournalScript script(**journal);
    script.appends({drain_event()});
    REQUIRE((*journal)->begin_write().has_value());
    {
        Child child([&] {
            const auto refused = (*journal)->head();
            Heard heard;
            const auto read = (*journal)->read({}, Position{1}, heard);
            (*journal)->cancel_write();
            journal->reset();
            return !refused && refused.error().code == ErrorCode::invalid_request && !read;
        });
        CHECK(child.wait() == 0);
    }
    auto options = options_for(path);
    options.lock_timeout = milliseconds(1);
    const auto other = open_journal(options);
    REQUIRE_FALSE(other.has_value());
    CHECK(other.error().code == ErrorCode::busy);
    (*journal)->cancel_write();
    CHECK(script.appends({drain_event()}).position == Position{2});
}

// --- the lock

TEST_CASE("who waits longer goes first") {
    TempDir dir;
    const auto files = files_of(dir / "pool.db");
    auto holder = LockFile::open(files, LockFile::Role::store);
    REQUIRE(holder.has_value());
    REQUIRE(holder->acquire(seconds(30)).has_value());
    constexpr int waiters = 5;
    Signal done[waiters];
    std::vector<int> order;
    std::mutex mutex;  // the lock guards it too, but in the kernel, where no sanitizer sees it
    std::vector<std::jthread> threads;
    for (int i = 0; i < waiters; ++i) {
        auto before = holder->waiting();
        threads.emplace_back([&, i] {
            auto lock = LockFile::open(files, LockFile::Role::store);
            const bool got = lock && lock->acquire(seconds(30)).has_value();
            if (got) {
                const std::lock_guard guard(mutex);
                order.push_back(i);
            }
            if (got) lock->release();
            done[i].give();
        });
        while (holder->waiting() == before) std::this_thread::yield();
    }
    holder->release();
    // Whoever comes back queues behind them all.
    REQUIRE(holder->acquire(seconds(30)).has_value());
    {
        const std::lock_guard guard(mutex);
        CHECK(order == std::vector{0, 1, 2, 3, 4});
    }
    holder->release();
    for (const auto& each : done) each.await();
}

TEST_CASE("a waiter that dies or gives up does not hold up the others") {
    TempDir dir;
    const auto files = files_of(dir / "pool.db");
    auto holder = LockFile::open(files, LockFile::Role::store);
    REQUIRE(holder->acquire(seconds(30)).has_value());
    auto impatient = LockFile::open(files, LockFile::Role::store);
    const auto busy = impatient->acquire(milliseconds(1));
    REQUIRE_FALSE(busy.has_value());
    CHECK(busy.error().code == ErrorCode::busy);
    CHECK(busy.error().effect == Effect::not_applied);
    const auto before = holder->waiting();
    Child child([&] {
        auto lock = LockFile::open(files, LockFile::Role::store);
        return lock && lock->acquire(seconds(30)).has_value();
    });
    while (holder->waiting() == before) std::this_thread::yield();
    child.kill();
    (void)child.wait();
    holder->release();
    CHECK(impatient->acquire(seconds(30)).has_value());
}

namespace {

// Two openings of one lock, held by the first, and a process that is stopped in line for it.
struct StoppedInLine {
    StoppedInLine() {
        REQUIRE(holder.acquire(seconds(30)).has_value());
        child = std::make_unique<Child>([this] {
            auto lock = LockFile::open(files, LockFile::Role::store);
            return lock && lock->acquire(seconds(30)).has_value();
        });
        while (holder.waiting() == 0) std::this_thread::yield();
        child->stop();
    }
    TempDir dir;
    sqlite::JournalFiles files = files_of(dir / "pool.db");
    LockFile holder = value_of(LockFile::open(files, LockFile::Role::store));
    LockFile other = value_of(LockFile::open(files, LockFile::Role::store));
    std::unique_ptr<Child> child;
};

}  // namespace

TEST_CASE("a waiter that is stopped does not hold up the others") {
    StoppedInLine line;
    line.holder.release();
    CHECK(line.other.acquire(seconds(30)).has_value());
    line.other.release();
    // Nor does it cost those who come later the same wait again.
    CHECK(line.holder.acquire(seconds(30)).has_value());
    CHECK_FALSE(line.holder.contended());
    line.holder.release();
    line.child->go_on();
    CHECK(line.child->wait() == 0);
}

TEST_CASE("who was overtaken in line stands in line again") {
    StoppedInLine line;
    auto& holder = line.holder;
    holder.release();
    REQUIRE(line.other.acquire(seconds(30)).has_value());
    line.other.release();
    REQUIRE(holder.acquire(seconds(30)).has_value());
    REQUIRE_FALSE(holder.contended());
    line.child->go_on();
    // With another ticket: else nobody would wake it, and all who come later would go before.
    for (int i = 0; i < 20'000 && !holder.contended(); ++i) last_for(std::chrono::milliseconds(1));
    CHECK(holder.contended());
    holder.release();
    CHECK(line.child->wait() == 0);
}

TEST_CASE("who comes after a holder that died leaves nobody in line") {
    TempDir dir;
    const auto files = files_of(dir / "pool.db");
    auto looker = LockFile::open(files, LockFile::Role::store);
    auto waiter = LockFile::open(files, LockFile::Role::store);
    Child holder([&] {
        auto lock = LockFile::open(files, LockFile::Role::store);
        if (!lock || !lock->acquire(seconds(30))) return false;
        for (;;) ::pause();
    });
    while (looker->acquire(milliseconds(1))) looker->release();
    std::jthread waiting([&] {
        if (waiter->acquire(seconds(30))) waiter->release();
    });
    while (looker->waiting() == 0) std::this_thread::yield();
    holder.kill();
    waiting.join();
    REQUIRE(looker->acquire(seconds(30)).has_value());
    CHECK_FALSE(looker->contended());
}

TEST_CASE("who went out of turn and was woken in turn leaves nobody in line") {
    TempDir dir;
    const auto files = files_of(dir / "pool.db");
    auto holder = LockFile::open(files, LockFile::Role::store);
    auto other = LockFile::open(files, LockFile::Role::store);
    for (int i = 0; i < 20; ++i) {
        REQUIRE(holder->acquire(seconds(30)).has_value());
        std::jthread waiter([&] {
            if (other->acquire(seconds(30))) other->release();
        });
        while (holder->waiting() == 0) std::this_thread::yield();
        // Every other time after a short wait: it looks for 500 us, sleeps for 20 ms, tries out of
        // turn, and is woken while it waits again.
        if (i % 2 == 1) last_for(std::chrono::microseconds(20'550 + 20 * i));
        holder->release();
        waiter.join();
        REQUIRE(holder->acquire(seconds(30)).has_value());
        CHECK_FALSE(holder->contended());
        holder->release();
    }
}

// It looks for the lock the first time, for 500 us at most, and not again while waits are long.
TEST_CASE("a store that waits for long sleeps") {
    TempDir dir;
    const auto files = files_of(dir / "pool.db");
    auto holder = LockFile::open(files, LockFile::Role::store);
    constexpr int holds = 20;
    std::atomic<int> held = 0;
    int looked_first = 0, looked_later = 0;
    std::jthread waiter([&] {
        auto lock = LockFile::open(files, LockFile::Role::store);
        for (int had = 0; had < holds; ++had) {
            held.wait(had);
            int& looked = had == 0 ? looked_first : looked_later;
            if (!lock->acquire(seconds(30), [&] { ++looked; })) return;
            lock->release();
        }
    });
    for (int i = 0; i < holds; ++i) {
        REQUIRE(holder->acquire(seconds(30)).has_value());
        held = i + 1;
        held.notify_one();
        while (holder->waiting() == 0) std::this_thread::yield();
        last_for(std::chrono::milliseconds(3));
        holder->release();
    }
    waiter.join();
    CHECK(looked_first > 0);
    CHECK(looked_later == 0);
}

TEST_CASE("whatever the lock file holds two never have the lock") {
    TempDir dir;
    const auto files = files_of(dir / "pool.db");
    auto a = LockFile::open(files, LockFile::Role::store);
    auto b = LockFile::open(files, LockFile::Role::store);
    {
        std::FILE* file = std::fopen(files.lock().c_str(), "r+b");
        REQUIRE(file != nullptr);
        for (int i = 0; i < 4096; ++i) std::fputc(i * 37 + 255, file);
        std::fclose(file);
    }
    for (int i = 0; i < 3; ++i) {
        REQUIRE(a->acquire(seconds(30)).has_value());
        CHECK_FALSE(b->acquire(milliseconds(1)).has_value());
        a->release();
        REQUIRE(b->acquire(seconds(30)).has_value());
        CHECK_FALSE(a->acquire(milliseconds(1)).has_value());
        b->release();
    }
}

TEST_CASE("who finds the lock free and nobody in line draws no ticket") {
    TempDir dir;
    const auto files = files_of(dir / "pool.db");
    auto a = LockFile::open(files, LockFile::Role::store);
    auto b = LockFile::open(files, LockFile::Role::store);
    const auto tickets = [&] {
        std::uint64_t drawn = 0;
        std::ifstream(files.lock(), std::ios::binary)
            .read(reinterpret_cast<char*>(&drawn), sizeof drawn);
        return drawn;
    };
    for (int i = 0; i < 3; ++i) {
        REQUIRE(a->acquire(seconds(30)).has_value());
        a->release();
        REQUIRE(b->acquire(seconds(30)).has_value());
        b->release();
    }
    CHECK(tickets() == 0);
    // Whoever gave up is no longer in line either.
    REQUIRE(a->acquire(seconds(30)).has_value());
    CHECK_FALSE(b->acquire(milliseconds(1)).has_value());
    CHECK(tickets() == 1);
    a->release();
    REQUIRE(b->acquire(seconds(30)).has_value());
    b->release();
    CHECK(tickets() == 1);
}

TEST_CASE("a name leads to the same file however it is asked") {
    TempDir dir;
    const auto path = dir / "file";
    CHECK_FALSE(sqlite::identity_of(path).exists);
    std::ofstream(path) << "some bytes";
    CHECK(sqlite::identity_of(path).same_file(sqlite::state_of(path)));
    std::filesystem::create_symlink(path, dir / "link");
    CHECK_FALSE(sqlite::identity_of(dir / "link").same_file(sqlite::state_of(path)));
    std::filesystem::rename(path, dir / "moved");
    CHECK_FALSE(sqlite::identity_of(path).same_file(sqlite::state_of(dir / "moved")));
}

TEST_CASE("readers know whether a store is open") {
    TempDir dir;
    const auto files = files_of(dir / "pool.db");
    CHECK_FALSE(LockFile::open(files, LockFile::Role::reader)->present());
    CHECK_FALSE(std::filesystem::exists(files.lock()));
    auto store = LockFile::open(files, LockFile::Role::store);
    auto reader = LockFile::open(files, LockFile::Role::reader);
    CHECK_FALSE(reader->store_open());
    REQUIRE(store->announce_store().has_value());
    CHECK(reader->store_open());
    auto second = LockFile::open(files, LockFile::Role::store);
    REQUIRE(second->announce_store().has_value());
    CHECK_FALSE(store->only_store());
    second->withdraw_store();
    CHECK(store->only_store());
    store->withdraw_store();
    CHECK_FALSE(reader->store_open());
    const auto mode = std::filesystem::status(files.lock()).permissions();
    CHECK((mode & std::filesystem::perms::others_all) == std::filesystem::perms::none);
}

TEST_SUITE_END();

}  // namespace fenceline::testing
