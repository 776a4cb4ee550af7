#include "journal/memory/memory_journal.hpp"

#include "tests/journal/journal_contract.hpp"

namespace fenceline::testing {

TEST_SUITE_BEGIN("journal/memory");

namespace {

struct MemoryHarness {
    std::shared_ptr<MemoryStorage> storage = std::make_shared<MemoryStorage>();

    std::unique_ptr<Journal> open(Duration lock_timeout = seconds(30)) {
        return make_memory_journal(storage, lock_timeout);
    }
    void fail_next_append(Effect effect, Landed landed) {
        storage->fail_next_append(ErrorCode::io, effect, landed);
    }
};

}  // namespace

FENCELINE_JOURNAL_CONTRACT(MemoryHarness);

TEST_CASE("injected failures last as long as they were asked for") {
    MemoryHarness harness;
    auto journal = harness.open();
    JournalScript script(*journal);
    harness.storage->fail_appends(2, {ErrorCode::no_space});
    CHECK(code_of(script.append({drain_event()})) == ErrorCode::no_space);
    CHECK(code_of(script.append({drain_event()})) == ErrorCode::no_space);
    CHECK(script.appends({drain_event()}).position == Position{1});
    CHECK(harness.storage->commits() == 1);

    harness.storage->fail_begin_writes(1, ErrorCode::busy);
    CHECK(code_of(journal->begin_write()) == ErrorCode::busy);
    harness.storage->fail_reads(1, ErrorCode::corrupt);
    CHECK(code_of(journal->head()) == ErrorCode::corrupt);
    harness.storage->fail_checkpoints(1, ErrorCode::no_space);
    CHECK(code_of(journal->save_checkpoint({*journal->head(), "x"})) == ErrorCode::no_space);
    CHECK(script.appends({drain_event()}).position == Position{2});
}

TEST_CASE("a payload that names a text without number is refused") {
    MemoryHarness harness;
    auto journal = harness.open();
    JournalScript script(*journal);
    Event event = drain_event();
    event.payload = LeaseExercised{{TextId{1}, Epoch{1}}};
    CHECK(code_of(script.append({event})) == ErrorCode::invalid_request);
    CHECK(script.names({"cp-a"}).appends({event}).position == Position{1});
}

TEST_CASE("whoever holds the lock cannot take it again") {
    auto journal = MemoryHarness().open();
    REQUIRE(journal->begin_write().has_value());
    CHECK(code_of(journal->begin_write()) == ErrorCode::invalid_request);
    CHECK(code_of(journal->maintain()) == ErrorCode::invalid_request);
}

TEST_SUITE_END();

}  // namespace fenceline::testing
