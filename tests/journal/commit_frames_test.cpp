// The frames of a commit go to the log in one write, and mean there what SQLite's own would.

#include <filesystem>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/faulty_vfs.hpp"
#include "tests/support/journal_script.hpp"
#include "tests/support/opened.hpp"
#include "tests/support/temp_dir.hpp"

namespace fenceline::testing {

TEST_SUITE_BEGIN("journal/commit_frames");

namespace {

// With SQLite's sync after its frames, and without: ours comes after the lock.
LateSync each_sync() {
    auto late_sync = LateSync::when_contended;
    SUBCASE("synced by SQLite") {}
    SUBCASE("synced after the lock") {
        late_sync = LateSync::always;
    }
    return late_sync;
}

std::unique_ptr<Journal> opened(const std::string& path, LateSync late_sync,
                                const FaultyVfs* vfs = nullptr) {
    return value_of(open_journal({.path = path,
                                  .create = true,
                                  .late_sync = late_sync,
                                  .vfs = vfs != nullptr ? vfs->name() : std::string()}));
}

// What is there for whoever comes after all have died: the log as it is, without its index.
Heard after_death(const TempDir& dir, const std::string& path) {
    const auto copy = dir / "copy.db";
    std::filesystem::copy_file(path, copy);
    std::filesystem::copy_file(path + "-wal", copy + "-wal");
    return hear(*value_of(open_journal({.path = copy})));
}

// More than SQLite keeps of one transaction: it writes pages to the log before the commit, changes
// some of them again, and makes the sums of all frames from there on anew.
std::vector<std::string> long_names() {
    std::vector<std::string> names;
    for (int i = 0; i < 16'000; ++i)
        names.push_back(std::to_string(i * 7'919 % 16'001) + std::string(200, 'x'));
    return names;
}

}  // namespace

TEST_CASE("a commit is one write however many pages it takes") {
    const auto late_sync = each_sync();
    TempDir dir;
    FaultyVfs vfs;
    auto journal = opened(dir / "pool.db", late_sync, &vfs);
    JournalScript script(*journal);
    script.appends({drain_event()});
    for (const std::size_t events : {1, 2, 64, 200}) {
        const int before = vfs.calls(Call::write);
        script.appends(std::vector(events, drain_event()));
        CHECK(vfs.calls(Call::write) == before + 1);
    }
    CHECK(after_death(dir, dir / "pool.db").events == script.written);
}

TEST_CASE("a commit that SQLite had begun to write is whole") {
    const auto late_sync = each_sync();
    TempDir dir;
    auto journal = opened(dir / "pool.db", late_sync);
    JournalScript script(*journal);
    script.appends({drain_event()});
    script.prepares().names(long_names()).appends(std::vector(100, drain_event()));
    script.appends({drain_event()});
    const auto left = after_death(dir, dir / "pool.db");
    CHECK(left.events == script.written);
    CHECK(left.texts.size() == 16'000);
}

TEST_CASE("what a refused commit left is not written by the next one") {
    TempDir dir;
    FaultyVfs vfs;
    auto journal = opened(dir / "pool.db", LateSync::when_contended, &vfs);
    JournalScript script(*journal);
    script.appends({drain_event()});
    for (int part = 0; part < 16; ++part) {
        vfs.fail({.what = Call::write, .code = SQLITE_FULL, .sixteenths = part});
        REQUIRE_FALSE(script.append(std::vector(300, drain_event())).has_value());
        script.appends({drain_event()});
    }
    CHECK(after_death(dir, dir / "pool.db").events == script.written);
}

// More pages than are held back at once.
TEST_CASE("a long commit of which any write fails is not there") {
    int code = SQLITE_FULL;
    auto effect = Effect::not_applied;
    SUBCASE("for want of room") {}
    SUBCASE("for another reason") {
        code = SQLITE_IOERR_WRITE;
        effect = Effect::unknown;
    }
    int failed = 0;
    for (int nth = 1; nth <= 4; ++nth) {
        CAPTURE(nth);
        TempDir dir;
        FaultyVfs vfs;
        auto journal = opened(dir / "pool.db", LateSync::when_contended, &vfs);
        JournalScript script(*journal);
        script.appends({drain_event()});
        vfs.fail({.what = Call::write, .nth = nth, .code = code});
        auto names = long_names();
        names.resize(600);
        const auto answer = script.names(names).append({drain_event()});
        if (!vfs.fired()) CHECK(answer.has_value());
        if (vfs.fired()) {
            ++failed;
            REQUIRE_FALSE(answer.has_value());
            CHECK(answer.error().effect == effect);
            if (effect == Effect::not_applied) script.appends({drain_event()});
        }
        CHECK(after_death(dir, dir / "pool.db").events == script.written);
    }
    CHECK(failed >= 2);
}

// A commit ends with the number of pages of the database in its last frame: all of its bytes count.
TEST_CASE("a commit ends whatever the size of the database is") {
    TempDir dir;
    auto journal = opened(dir / "pool.db", LateSync::always);
    JournalScript script(*journal);
    // Half a page each, beyond the 256th.
    const auto names = long_names();
    for (std::size_t i = 0; i < 700; ++i) {
        const std::span some(&names[8 * i], 8);
        script.names({some.begin(), some.end()}).appends({drain_event()});
    }
    CHECK(after_death(dir, dir / "pool.db").events == script.written);
}

TEST_SUITE_END();

}  // namespace fenceline::testing
