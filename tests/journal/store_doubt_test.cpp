// What a store makes of what it does not know: a commit of unknown end that was there or not, an
// answer that cannot be read, a read that broke off.

#include <map>

#include "tests/journal/store_pool.hpp"
#include "tests/support/passing_journal.hpp"

using namespace fenceline;
using namespace fenceline::testing;

namespace {

// A journal whose storage fails once in the middle of a read, two events after it began.
class BreaksOff : public PassingJournal {
  public:
    BreaksOff(std::unique_ptr<Journal> journal, int read)
        : PassingJournal(std::move(journal)), reads_left_(read) {}

    Result<void> read(const Head& after, Position to, Sink& sink) override {
        if (--reads_left_ != 0) return PassingJournal::read(after, to, sink);
        const Position part{std::min(to.value, after.position.value + 2)};
        if (auto begun = PassingJournal::read(after, part, sink); !begun) return begun;
        return fail(ErrorCode::io, "injected");
    }
    void break_off() { reads_left_ = 1; }

  private:
    int reads_left_;
};

}  // namespace

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

// Not to find the first answer is no proof that there was none: the storage may have failed.
TEST_CASE("a retry whose first answer cannot be read is not decided again") {
    class Unreadable : public PassingJournal {
      public:
        using PassingJournal::PassingJournal;
        Result<Event> event(Position position) override {
            if (!unreadable) return PassingJournal::event(position);
            return fail(ErrorCode::io, "injected");
        }
        bool unreadable = false;
    };
    auto made =
        std::make_unique<Unreadable>(make_memory_journal(std::make_shared<MemoryStorage>()));
    Unreadable& journal = *made;
    const auto opened = LifecycleStore::open({.instance = "cp-a"}, std::move(made));
    REQUIRE(opened);
    LifecycleStore& store = **opened;
    const Ask ask{.request_id = "r-1"};
    const auto first = store.spawn({.image = "i"}, ask);
    REQUIRE(first);

    journal.unreadable = true;
    const std::vector<Command> commands{
        {{}, Spawn{.image = "i"}}, {ask, Spawn{.image = "i"}}, {{}, Spawn{.image = "i"}}};
    for (const auto& answer : store.apply(commands)) {
        REQUIRE(!answer);
        CHECK(answer.error().code == ErrorCode::io);
        CHECK(answer.error().effect == Effect::not_applied);
    }
    CHECK(!store.spawn({.image = "i"}, ask));
    CHECK(store.position()->value == 1);
    CHECK(store.status().pending_failures == 4);

    journal.unreadable = false;
    const auto again = store.spawn({.image = "i"}, ask);
    REQUIRE(again);
    CHECK(again->replayed);
    CHECK(again->worker == first->worker);
}

TEST_CASE("a reopening that broke off counts nothing twice") {
    Pool pool;
    const auto lease = pool.hot();
    pool.storage->fail_next_append(ErrorCode::io, Effect::unknown, Landed::yes);
    CHECK(!pool.store->park(lease));
    // The first read looks for the commit, the second folds the journal.
    for (const int read : {1, 2}) {
        auto journal = std::make_unique<BreaksOff>(make_memory_journal(pool.storage), read);
        CHECK(!pool.store->reopen(std::move(journal)));
        CHECK(pool.store->status().poisoned);
        CHECK(!pool.store->observe(lease.worker()));
    }
    REQUIRE(pool.store->reopen(make_memory_journal(pool.storage)));
    const auto metrics = metrics_of(*pool.store);
    CHECK(counted(metrics, transitions, {{"operation", "park"}}) == 1);
    CHECK(counted(metrics, transitions, {{"operation", "spawn"}}) == 1);
    CHECK(pool.see(lease.worker()).row().state == State::hot_idle);
}

TEST_CASE("a catch-up that broke off is begun anew") {
    Pool pool;
    auto made = std::make_unique<BreaksOff>(make_memory_journal(pool.storage), 0);
    BreaksOff& journal = *made;
    const auto opened = LifecycleStore::open({.instance = "cp-b"}, std::move(made));
    REQUIRE(opened);
    const auto lease = pool.hot();
    journal.break_off();
    CHECK(!(*opened)->observe(lease.worker()));
    const auto row = (*opened)->observe(lease.worker());
    REQUIRE(row);
    REQUIRE(row->has_value());
    CHECK((*row)->row().updated_at == pool.see(lease.worker()).row().updated_at);
    const auto gauge = "duckgres_worker_lifecycle_count";
    CHECK(counted(metrics_of(**opened), gauge, {{"state", "hot"}}) == 1);
    CHECK(counted(metrics_of(**opened), gauge, {{"state", "idle"}}) == 0);
    CHECK(counted(metrics_of(**opened), gauge, {{"state", "spawning"}}) == 0);
}

TEST_SUITE_END();
