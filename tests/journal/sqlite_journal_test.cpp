#include "journal/open.hpp"

#include "tests/journal/journal_contract.hpp"
#include "tests/support/temp_dir.hpp"

namespace fenceline::testing {

TEST_SUITE_BEGIN("journal/sqlite");

namespace {

struct SqliteHarness {
    TempDir dir;

    std::unique_ptr<Journal> open(Duration lock_timeout = seconds(30)) {
        auto journal = open_journal({.path = dir / "pool.db",
                                     .create = true,
                                     .lock_timeout = lock_timeout,
                                     .wal_reserve_bytes = 0});
        REQUIRE_MESSAGE(journal.has_value(), (journal ? std::string() : journal.error().text));
        return std::move(*journal);
    }
};

}  // namespace

FENCELINE_JOURNAL_CONTRACT(SqliteHarness);

TEST_CASE("a commit that lacks an event that was told early is refused") {
    FirstCommit first;
    SqliteHarness harness;
    auto journal = harness.open();
    REQUIRE(journal->begin_write().has_value());
    REQUIRE(journal->prepare(first.events).has_value());
    auto fewer = first.commit();
    fewer.events = fewer.events.first(2);
    const auto refused = journal->append(fewer);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == ErrorCode::invalid_request);
    CHECK(refused.error().effect == Effect::not_applied);
    CHECK(hear(*journal).order.empty());
}

TEST_SUITE_END();

}  // namespace fenceline::testing
