// The anchor: a head beside the journal, so that a cut tail and an older copy show.

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>

#include "journal/anchor_file.hpp"
#include "journal/open.hpp"
#include "tests/support/faulty_vfs.hpp"
#include "tests/support/journal_script.hpp"
#include "tests/support/temp_dir.hpp"

namespace fenceline::testing {

TEST_SUITE_BEGIN("journal/anchor");

namespace {

JournalOptions options_for(const std::string& path) {
    return {.path = path, .create = true, .wal_reserve_bytes = 0, .anchor_every = Duration{}};
}

std::unique_ptr<Journal> opened(const JournalOptions& options) {
    auto journal = open_journal(options);
    REQUIRE_MESSAGE(journal.has_value(), (journal ? "" : journal.error().text));
    return std::move(*journal);
}

StoredAnchor kept_at(const std::string& path) {
    const auto anchor = read_anchor(path);
    REQUIRE(anchor.has_value());
    REQUIRE(anchor->has_value());
    return **anchor;
}

}  // namespace

TEST_CASE("an anchor is read as it was written and any changed byte shows") {
    const StoredAnchor anchor{"an-id", Position{1234}, 7, ChainHash{1, 2, 3}};
    const auto bytes = encode_anchor(anchor);
    CHECK(bytes.size() == anchor_bytes);
    CHECK(decode_anchor(bytes).value() == anchor);
    for (std::size_t i = 0; i < bytes.size(); ++i)
        for (int bit = 0; bit < 8; ++bit) {
            auto damaged = bytes;
            damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
            REQUIRE_FALSE(decode_anchor(damaged).has_value());
        }
    for (std::size_t size = 0; size < bytes.size(); ++size)
        REQUIRE_FALSE(decode_anchor(bytes.substr(0, size)).has_value());
    CHECK_FALSE(decode_anchor(bytes + "x").has_value());
}

TEST_CASE("a name that fits into no line is named by its digest") {
    CHECK(anchored_name("6f1e-02") == "6f1e-02");
    for (const auto& odd : {std::string(), std::string("a b"), std::string(101, 'a')})
        CHECK(anchored_name(odd).size() == 66);
}

TEST_CASE("each commit and closing leave the head in the anchor") {
    TempDir dir;
    const auto path = dir / "pool.db";
    auto journal = opened(options_for(path));
    CHECK(kept_at(path + "-anchor").position == Position{});
    JournalScript script(*journal);
    auto head = script.appends({drain_event()});
    CHECK(kept_at(path + "-anchor").chain == head.chain);
    head = script.flushes(took(Position{1}, {9}));
    CHECK(kept_at(path + "-anchor").flushes == 1);
    CHECK(kept_at(path + "-anchor").chain == head.chain);
    CHECK(kept_at(path + "-anchor").journal == *journal->id());
    CHECK(journal->close().has_value());
    CHECK(opened(options_for(path))->head()->chain == head.chain);
}

TEST_CASE("an anchor may be behind and is written at most so often") {
    TempDir dir;
    const auto path = dir / "pool.db";
    auto options = options_for(path);
    options.anchor_every = seconds(3'600);
    options.anchor_path = dir / "elsewhere";
    auto journal = opened(options);
    JournalScript script(*journal);
    for (int i = 0; i < 3; ++i) script.appends({drain_event()});
    CHECK(kept_at(dir / "elsewhere").position == Position{1});
    CHECK_FALSE(std::filesystem::exists(path + "-anchor"));
    journal.reset();
    CHECK(kept_at(dir / "elsewhere").position == Position{3});
    CHECK(opened(options)->head()->position == Position{3});
}

TEST_CASE("a store does not open a journal that lacks what its anchor names") {
    TempDir dir;
    const auto path = dir / "pool.db";
    JournalScript(*opened(options_for(path))).appends({drain_event()});
    std::filesystem::copy_file(path, path + ".old");
    JournalScript(*opened(options_for(path)), "cp-b").appends({drain_event()});
    SUBCASE("an older copy of it") {
        std::filesystem::rename(path + ".old", path);
    }
    SUBCASE("another journal") {
        opened(options_for(dir / "other.db")).reset();
        std::filesystem::rename(dir / "other.db", path);
    }
    const auto refused = open_journal(options_for(path));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == ErrorCode::corrupt);
    CHECK(refused.error().hint.find("-anchor") != std::string::npos);
    // Reading goes on, and who moves the anchor away has said what was meant.
    CHECK(open_reader(path).has_value());
    std::filesystem::remove(path + "-anchor");
    CHECK(open_journal(options_for(path)).has_value());
}

TEST_CASE("what stands in the anchor's place neither stops the store nor is followed") {
    TempDir dir;
    const auto path = dir / "pool.db";
    opened(options_for(path)).reset();
    std::filesystem::remove(path + "-anchor");
    const auto victim = dir / "victim";
    std::ofstream(victim) << "as it was";
    SUBCASE("a link") {
        std::filesystem::create_symlink(victim, path + "-anchor");
    }
    SUBCASE("a pipe") {
        REQUIRE(::mkfifo((path + "-anchor").c_str(), 0600) == 0);
    }
    SUBCASE("a directory") {
        std::filesystem::create_directory(path + "-anchor");
    }
    JournalScript(*opened(options_for(path))).appends({drain_event()});
    CHECK(opened(options_for(path))->head()->position == Position{1});
    CHECK(std::filesystem::file_size(victim) == 9);
    CHECK_FALSE(read_anchor(path + "-anchor").has_value());
}

// --- syncs that fail outside of a commit are somebody's business too

TEST_CASE("a sync that fails while the log is moved poisons the journal") {
    TempDir dir;
    FaultyVfs vfs;
    auto options = options_for(dir / "pool.db");
    options.vfs = vfs.name();
    options.wal_move_bytes = 1;  // at each call
    auto journal = opened(options);
    JournalScript script(*journal);
    script.appends({drain_event()});
    int nth = 1;
    SUBCASE("the log's") {}
    SUBCASE("the database's") {
        nth = 2;
    }
    vfs.fail({.what = Call::sync, .nth = nth, .code = SQLITE_IOERR_FSYNC});
    const auto moved = journal->maintain();
    REQUIRE_FALSE(moved.has_value());
    CHECK(moved.error().effect == Effect::unknown);
    CHECK(journal->begin_write().error().code == ErrorCode::poisoned);
    vfs.heal();
    journal.reset();
    CHECK(hear(*opened(options)).events == script.written);
}

TEST_CASE("a sync that fails while a journal is closed is heard and loses nothing") {
    TempDir dir;
    FaultyVfs vfs;
    auto options = options_for(dir / "pool.db");
    options.vfs = vfs.name();
    auto journal = opened(options);
    JournalScript script(*journal);
    script.appends({drain_event()});
    vfs.fail({.what = Call::sync, .code = SQLITE_IOERR_FSYNC});
    CHECK_FALSE(journal->close().has_value());
    vfs.heal();
    CHECK(hear(*opened(options)).events == script.written);
}

TEST_SUITE_END();

}  // namespace fenceline::testing
