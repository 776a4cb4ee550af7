// One file under two names has two logs: whoever comes by the second name is refused.

#include <unistd.h>

#include <filesystem>

#include <doctest/doctest.h>

#include "journal/open.hpp"
#include "tests/support/journal_script.hpp"
#include "tests/support/opened.hpp"
#include "tests/support/temp_dir.hpp"

namespace fenceline::testing {

TEST_SUITE_BEGIN("journal/one_name");

namespace {

JournalOptions options_for(const std::string& path) {
    return {.path = path, .create = true, .lock_timeout = seconds(2), .wal_reserve_bytes = 0};
}

template <typename Opened>
void check_refused(const Opened& opened, ErrorCode code, const std::string& part) {
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().code == code);
    CHECK(opened.error().effect == Effect::not_applied);
    CHECK(opened.error().text.find(part) != std::string::npos);
    CHECK_FALSE(opened.error().hint.empty());
}

}  // namespace

// A mount of the file alone needs root; a lock file that is another one is the same case.
TEST_CASE("while a store has the journal no other name of it is opened") {
    const TempDir dir;
    const auto path = dir / "pool.db";
    const auto lock = path + "-lock", away = dir / "away";
    auto store = value_of(open_journal(options_for(path)));
    JournalScript script(*store);
    script.appends({drain_event()});

    std::filesystem::rename(lock, away);
    check_refused(open_journal(options_for(path)), ErrorCode::busy, "under another name");
    check_refused(open_reader(path), ErrorCode::busy, "under another name");
    std::filesystem::rename(away, lock);  // over the one that the refused store made

    script.appends({drain_event()});
    CHECK(value_of(value_of(open_journal(options_for(path)))->head()).position == Position{2});
    CHECK(value_of(reader_of(path)->head()).position == Position{2});

    REQUIRE(store->close());
    std::filesystem::remove(lock);
    CHECK(value_of(value_of(open_journal(options_for(path)))->head()).position == Position{2});
}

TEST_CASE("what has two names is read but not written") {
    const TempDir dir;
    std::filesystem::create_directory(dir / "other");
    const auto path = dir / "pool.db", other = dir / "other/pool.db";
    {
        auto store = value_of(open_journal(options_for(path)));
        JournalScript script(*store);
        script.appends({drain_event()});
        std::filesystem::create_hard_link(path, other);
        check_refused(open_reader(other), ErrorCode::busy, "under another name");
    }
    for (const auto& name : {path, other}) {
        check_refused(open_journal(options_for(name)), ErrorCode::unsupported_format, "hard link");
        CHECK(value_of(reader_of(name)->head()).position == Position{1});
    }
    CHECK_FALSE(std::filesystem::exists(other + "-lock"));
    std::filesystem::remove(other);
    CHECK(value_of(value_of(open_journal(options_for(path)))->head()).position == Position{1});
}

TEST_CASE("whoever may read the journal may read its lock") {
    const TempDir dir;
    const auto path = dir / "pool.db";
    const auto mode = [](const std::string& file) {
        return std::filesystem::status(file).permissions();
    };
    (void)value_of(open_journal(options_for(path)));
    CHECK(mode(path + "-lock") == mode(path));
    std::filesystem::permissions(path, std::filesystem::perms(0644));
    (void)value_of(open_journal(options_for(path)));
    CHECK(mode(path + "-lock") == std::filesystem::perms(0644));
}

TEST_CASE("what was made but cannot be opened is not left behind") {
    const TempDir dir;
    const auto path = dir / "pool.db";
    std::filesystem::create_directory(path + "-shm");
    CHECK_FALSE(open_journal(options_for(path)).has_value());
    CHECK_FALSE(std::filesystem::exists(path));
    CHECK_FALSE(std::filesystem::exists(path + "-wal"));
    std::filesystem::remove(path + "-shm");
    CHECK(open_journal(options_for(path)).has_value());
}

TEST_SUITE_END();

}  // namespace fenceline::testing
