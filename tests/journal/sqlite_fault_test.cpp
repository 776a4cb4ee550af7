// Storage that fails: every write, sync and truncation of a small history, one after the other.
// Whatever happens, a commit is whole or absent, and what its caller was told is true.

#include <algorithm>
#include <filesystem>
#include <random>

#include <doctest/doctest.h>

#include "journal/open.hpp"
#include "tests/support/faulty_vfs.hpp"
#include "tests/support/journal_script.hpp"
#include "tests/support/temp_dir.hpp"

namespace fenceline::testing {

TEST_SUITE_BEGIN("journal/sqlite_fault");

namespace {

using Leaves = Fault::Leaves;
using Lasts = Fault::Lasts;

JournalOptions options_for(const std::string& path, const std::string& vfs = {}) {
    return {.path = path, .create = true, .wal_reserve_bytes = 0, .vfs = vfs};
}

std::unique_ptr<Journal> opened(const JournalOptions& options) {
    auto journal = open_journal(options);
    REQUIRE_MESSAGE(journal.has_value(), (journal ? "" : journal.error().text));
    return std::move(*journal);
}

// Bytes that zstd cannot shrink: a checkpoint of these fills the log at once.
std::string noise(std::size_t bytes) {
    std::mt19937_64 random(7);
    std::string out(bytes, '\0');
    for (char& c : out) c = static_cast<char>(random());
    return out;
}

// What a writer was told, and what is there when the journal is opened again.
struct History {
    std::vector<std::vector<Event>> commits;  // each answered as durable, in order
    std::vector<Event> doubtful;              // answered unknown, at most one commit
    std::int64_t flushes = 0;
    bool flush_doubtful = false;
};

class Writer {
  public:
    explicit Writer(std::unique_ptr<Journal> journal)
        : journal_(std::move(journal)), script_(*journal_) {}

    // Three commits, a flush, a checkpoint and housekeeping; goes on after what was not applied.
    void work(History& history) {
        for (std::size_t i = 0; i < 3; ++i) {
            commit(history, 1 + i);
            if (i == 1) flush(history);
        }
        const auto head = journal_->head();
        if (head) note(journal_->save_checkpoint({*head, state()}));
        note(journal_->maintain());
        commit(history, 2);
    }

  private:
    static const std::string& state() {
        static const std::string bytes = noise(17 << 20);  // more frames than the log may hold
        return bytes;
    }
    void note(const Result<void>& result) {
        if (!result && result.error().effect == Effect::unknown) poisoned_ = true;
    }
    void commit(History& history, std::size_t events) {
        const auto before = script_.written.size();
        auto head = script_.names({"text " + std::to_string(before)})
                        .append(std::vector<Event>(events, drain_event()));
        if (head) {
            CHECK_FALSE(poisoned_);
            history.commits.emplace_back(script_.written.begin() + static_cast<long>(before),
                                         script_.written.end());
        } else if (poisoned_) {
            CHECK(head.error().code == ErrorCode::poisoned);
            CHECK(head.error().effect == Effect::not_applied);
        } else if (head.error().effect == Effect::unknown) {
            poisoned_ = true;
            history.doubtful.assign(events, drain_event());
        }
    }
    void flush(History& history) {
        if (script_.written.empty()) return;
        auto head = script_.measures(took(Position{1}, {9})).append({});
        if (head)
            ++history.flushes;
        else if (!poisoned_ && head.error().effect == Effect::unknown)
            poisoned_ = history.flush_doubtful = true;
    }

    std::unique_ptr<Journal> journal_;
    JournalScript script_;
    bool poisoned_ = false;
};

// Opened by a process that knows nothing of it: all that was promised, nothing by halves.
void check(const std::string& path, const History& history) {
    auto journal = opened(options_for(path));
    const auto heard = hear(*journal);
    std::vector<Event> promised;
    for (const auto& commit : history.commits)
        promised.insert(promised.end(), commit.begin(), commit.end());
    const auto doubtful = history.doubtful.size();
    REQUIRE(heard.events.size() >= promised.size());
    const auto extra = heard.events.size() - promised.size();
    CHECK((extra == 0 || extra == doubtful));
    for (std::size_t i = 0; i < promised.size(); ++i) REQUIRE(heard.events[i] == promised[i]);
    const auto flushes =
        std::ranges::count_if(heard.seals, [](const Seal& seal) { return seal.first > seal.last; });
    CHECK(flushes >= history.flushes);
    CHECK(flushes <= history.flushes + (history.flush_doubtful ? 1 : 0));
    // One text a commit: the dictionary came and went with its events.
    CHECK(heard.texts.size() == history.commits.size() + (extra > 0 ? 1 : 0));
    const auto sealed = heard.seals.empty() ? ChainHash{} : heard.seals.back().chain;
    CHECK((*journal->head()).chain == sealed);
    // And it works.
    CHECK(JournalScript(*journal, "cp-z").appends({drain_event()}).position.value ==
          static_cast<std::int64_t>(heard.events.size()) + 1);
}

// Runs the history once for every call of that kind that it makes; returns how many those were.
int at_every_call(Fault fault) {
    for (fault.nth = 1;; ++fault.nth) {
        TempDir dir;
        const auto path = dir / "pool.db";
        FaultyVfs vfs;
        History history;
        {
            Writer writer(opened(options_for(path, vfs.name())));
            vfs.fail(fault);
            writer.work(history);
        }
        const bool fired = vfs.fired();
        CAPTURE(fault.nth);
        check(path, history);
        if (!fired) {
            CHECK(history.commits.size() == 4);
            CHECK(history.flushes == 1);
            return fault.nth - 1;
        }
    }
}

}  // namespace

TEST_CASE("a failed sync at any place loses no answered commit") {
    Fault fault{.what = Call::sync, .code = SQLITE_IOERR_FSYNC};
    SUBCASE("what was written stays") {}
    SUBCASE("what was written is dropped") {
        fault.leaves = Leaves::nothing;
    }
    SUBCASE("and every sync after it fails") {
        fault.lasts = Lasts::for_ever;
    }
    CHECK(at_every_call(fault) >= 6);
}

TEST_CASE("a truncation that fails at any place loses no answered commit") {
    CHECK(at_every_call({.what = Call::truncate, .code = SQLITE_IOERR_TRUNCATE}) >= 1);
}

// The log has thousands of frames because of the checkpoint: of its writes a sample is enough.
TEST_CASE("a failed write at any place loses no answered commit") {
    Fault fault{.what = Call::write};
    SUBCASE("an I/O error after half of it") {}
    SUBCASE("an I/O error before any of it") {
        fault.leaves = Leaves::nothing;
    }
    SUBCASE("a full disk") {
        fault.code = SQLITE_FULL;
        fault.lasts = Lasts::for_ever;
    }
    int fired = 0;
    for (const int nth :
         {1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14,  15,    16,    17,
          18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 500, 4'000, 9'000, 13'000}) {
        fault.nth = nth;
        CAPTURE(nth);
        TempDir dir;
        const auto path = dir / "pool.db";
        FaultyVfs vfs;
        History history;
        {
            Writer writer(opened(options_for(path, vfs.name())));
            vfs.fail(fault);
            writer.work(history);
        }
        fired += vfs.fired();
        if (fault.code == SQLITE_FULL) CHECK(history.doubtful.empty());
        vfs.heal();
        check(path, history);
    }
    CHECK(fired >= 30);
}

TEST_CASE("a failed write at any place while opening leaves a journal that opens") {
    for (Fault fault{.what = Call::write};; ++fault.nth) {
        CAPTURE(fault.nth);
        TempDir dir;
        const auto path = dir / "pool.db";
        FaultyVfs vfs;
        vfs.fail(fault);
        auto journal = open_journal(options_for(path, vfs.name()));
        const bool fired = vfs.fired();
        bool appended = false;
        if (journal) {
            appended = JournalScript(**journal).append({drain_event()}).has_value();
            journal->reset();
        } else {
            CHECK(journal.error().effect == Effect::not_applied);
        }
        vfs.heal();
        CHECK_FALSE(std::filesystem::exists(path + "-new"));
        const auto head = opened(options_for(path, vfs.name()))->head();
        REQUIRE(head.has_value());
        if (appended) CHECK(head->position == Position{1});
        if (!fired) break;
        REQUIRE(fault.nth < 1'000);
    }
}

TEST_CASE("a failed sync at any place while a journal is made is heard") {
    int failed = 0;
    for (Fault fault{.what = Call::sync, .code = SQLITE_IOERR_FSYNC};; ++fault.nth) {
        CAPTURE(fault.nth);
        TempDir dir;
        const auto path = dir / "pool.db";
        FaultyVfs vfs;
        vfs.fail(fault);
        auto journal = create_journal(options_for(path, vfs.name()));
        if (!vfs.fired()) {
            CHECK(journal.has_value());
            break;
        }
        ++failed;
        REQUIRE_FALSE(journal.has_value());
        CHECK(journal.error().code == ErrorCode::io);
        CHECK_FALSE(std::filesystem::exists(path + "-new"));
        CHECK_FALSE(std::filesystem::exists(path + "-journal"));
        vfs.heal();
        CHECK(open_journal(options_for(path, vfs.name())).has_value());
    }
    CHECK(failed >= 16);
}

// --- what the caller hears

TEST_CASE("after a failed sync the journal takes nothing until it is opened again") {
    TempDir dir;
    const auto path = dir / "pool.db";
    FaultyVfs vfs;
    auto journal = opened(options_for(path, vfs.name()));
    JournalScript script(*journal);
    const auto head = script.appends({drain_event()});
    vfs.fail({.what = Call::sync, .code = SQLITE_IOERR_FSYNC});
    const auto failed = script.append({drain_event()});
    REQUIRE_FALSE(failed.has_value());
    CHECK(failed.error().effect == Effect::unknown);
    CHECK(failed.error().code == ErrorCode::io);
    vfs.heal();
    const auto poisoned = [](const auto& result) {
        return !result && result.error().code == ErrorCode::poisoned;
    };
    Heard heard;
    CHECK(poisoned(journal->begin_write()));
    CHECK(poisoned(journal->head()));
    CHECK(poisoned(journal->read({}, Position{9}, heard)));
    CHECK(poisoned(journal->event(Position{1})));
    CHECK(poisoned(journal->checkpoint(Position{1})));
    CHECK(poisoned(journal->save_checkpoint({head, "x"})));
    CHECK(poisoned(journal->maintain()));
    // Another opening is not held up by it.
    auto again = opened(options_for(path));
    CHECK(JournalScript(*again, "cp-b").append({drain_event()}).has_value());
}

TEST_CASE("a log that was moved away under the journal is noticed before the answer") {
    TempDir dir;
    const auto path = dir / "pool.db";
    auto journal = opened(options_for(path));
    JournalScript script(*journal);
    script.appends({drain_event()});
    std::string victim = path;
    SUBCASE("the log") {
        victim += "-wal";
    }
    SUBCASE("the database") {}
    REQUIRE(journal->begin_write().has_value());
    std::filesystem::rename(victim, victim + ".away");
    Event event = drain_event();
    event.position = Position{2};
    event.at = Time{1'000'000};
    event.recorder = RecorderId{1};
    const auto appended = journal->append({.events = {&event, 1}, .by = RecorderId{1}});
    REQUIRE_FALSE(appended.has_value());
    CHECK(appended.error().effect == Effect::unknown);
    CHECK(journal->head().error().code == ErrorCode::poisoned);
}

TEST_CASE("files exchanged between commits refuse the next one") {
    TempDir dir;
    const auto path = dir / "pool.db";
    auto journal = opened(options_for(path));
    JournalScript script(*journal);
    script.appends({drain_event()});
    std::filesystem::rename(path, path + ".away");
    std::filesystem::copy_file(path + ".away", path);
    const auto refused = journal->begin_write();
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().effect == Effect::not_applied);
    std::filesystem::rename(path + ".away", path);
    CHECK(script.appends({drain_event()}).position == Position{2});
}

// --- the log

TEST_CASE("the log is grown once and keeps its size") {
    TempDir dir;
    const auto path = dir / "pool.db";
    constexpr std::int64_t reserve = 4 << 20;
    auto options = options_for(path);
    options.wal_reserve_bytes = reserve;
    auto journal = opened(options);
    const auto size = [&] {
        return static_cast<std::int64_t>(std::filesystem::file_size(path + "-wal"));
    };
    CHECK(size() >= reserve);
    const auto grown = size();
    JournalScript script(*journal);
    for (int i = 0; i < 50; ++i) script.appends({drain_event()});
    CHECK(size() == grown);
    auto second = opened(options);
    CHECK(size() == grown);
    second.reset();
    CHECK(size() == grown);
    journal.reset();
    CHECK_FALSE(std::filesystem::exists(path + "-wal"));
    CHECK_FALSE(std::filesystem::exists(path + "-shm"));
    CHECK(hear(*opened(options)).events == script.written);
}

TEST_CASE("housekeeping moves a long log into the database") {
    TempDir dir;
    const auto path = dir / "pool.db";
    auto journal = opened(options_for(path));
    JournalScript script(*journal);
    const auto head = script.appends({drain_event()});
    const auto before = std::filesystem::file_size(path);
    REQUIRE(journal->save_checkpoint({head, noise(17 << 20)}).has_value());
    CHECK(std::filesystem::file_size(path) == before);
    REQUIRE(journal->maintain().has_value());
    CHECK(std::filesystem::file_size(path) > before + (16 << 20));
    // The log starts anew: it does not grow beyond what it was.
    const auto log = std::filesystem::file_size(path + "-wal");
    for (int i = 0; i < 20; ++i) script.appends({drain_event()});
    CHECK(std::filesystem::file_size(path + "-wal") == log);
    CHECK(journal->checkpoint(head.position)->state == noise(17 << 20));
}

TEST_SUITE_END();

}  // namespace fenceline::testing
