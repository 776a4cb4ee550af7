// What a store makes of what it does not know: a commit of unknown end that was there or not.

#include <map>

#include "tests/journal/store_pool.hpp"

using namespace fenceline;
using namespace fenceline::testing;

TEST_SUITE_BEGIN("journal/store");

TEST_CASE("heartbeats that an unknown commit turned out to hold are recorded once") {
    Pool pool;
    const auto lease = pool.hot();
    CHECK(!pool.ok(pool.store->heartbeat(lease)).position.given());
    auto landed = Landed::no;
    SUBCASE("it was there") {
        landed = Landed::yes;
    }
    SUBCASE("it was not") {}
    pool.storage->fail_next_append(ErrorCode::io, Effect::unknown, landed);
    CHECK(!pool.store->park(lease));
    REQUIRE(pool.store->reopen(make_memory_journal(pool.storage)));
    REQUIRE(pool.store->close());
    std::int64_t beats = 0;
    for (const Event& event : pool.events())
        if (std::holds_alternative<HeartbeatsTallied>(event.payload)) beats += event.count;
    CHECK(beats == 1);
}

TEST_CASE("failures that an unknown commit turned out to hold are recorded once") {
    Pool pool;
    const auto lease = pool.hot();
    pool.storage->fail_next_append(ErrorCode::no_space);
    CHECK(!pool.store->park(lease));
    CHECK(pool.store->status().pending_failures == 1);
    auto landed = Landed::no;
    SUBCASE("it was there") {
        landed = Landed::yes;
    }
    SUBCASE("it was not") {}
    pool.storage->fail_next_append(ErrorCode::io, Effect::unknown, landed);
    CHECK(!pool.store->drain(lease));
    // Of an operation that comes before the others in their order.
    CHECK(pool.store->spawn({.image = "i"}).error().code == ErrorCode::poisoned);
    CHECK(pool.store->status().pending_failures == 2);
    REQUIRE(pool.store->reopen(make_memory_journal(pool.storage)));
    CHECK(pool.store->status().pending_failures == (landed == Landed::yes ? 1 : 2));
    pool.ok(pool.store->cp_heartbeat());
    CHECK(pool.store->status().pending_failures == 0);
    std::map<Operation, std::int64_t> failed;
    for (const Event& event : pool.events())
        if (std::holds_alternative<OperationFailed>(event.payload))
            failed[event.operation] += event.count;
    CHECK(failed == std::map<Operation, std::int64_t>{{Operation::park, 1}, {Operation::spawn, 1}});
}

TEST_SUITE_END();
