// Sealed history reads like the rows that it was, wherever a read is cut; what is not as it was
// sealed is found; and nothing is lost while it is being sealed.

#include <limits>
#include <random>

#include <doctest/doctest.h>

#include "events/codec.hpp"
#include "events/limits.hpp"
#include "journal/lifecycle_store.hpp"
#include "journal/open.hpp"
#include "journal/sqlite/event_row.hpp"
#include "journal/sqlite/profile.hpp"
#include "journal/sqlite/segments.hpp"
#include "replay/verify.hpp"
#include "tests/journal/journal_contract.hpp"
#include "tests/journal/sealing_journal.hpp"
#include "tests/support/faulty_vfs.hpp"
#include "tests/support/raw_sqlite.hpp"
#include "tests/support/temp_dir.hpp"

namespace fenceline::testing {

TEST_SUITE_BEGIN("journal/sealed");

namespace {

std::unique_ptr<Journal> opened(const std::string& path, const std::string& vfs = {}) {
    auto journal = open_journal({.path = path, .create = true, .wal_reserve_bytes = 0, .vfs = vfs});
    REQUIRE_MESSAGE(journal.has_value(), (journal ? std::string() : journal.error().text));
    return std::move(*journal);
}

struct SealedHarness {
    TempDir dir;

    std::unique_ptr<Journal> open(Duration lock_timeout = seconds(30)) {
        auto journal = open_journal({.path = dir / "pool.db",
                                     .create = true,
                                     .lock_timeout = lock_timeout,
                                     .wal_reserve_bytes = 0});
        REQUIRE(journal.has_value());
        return std::make_unique<SealingJournal>(std::move(*journal));
    }
};

// The same commits for the same seed: every payload, two recorders, texts, flushes, durations.
std::vector<Head> write_history(Journal& journal, std::uint64_t seed, int commits) {
    std::mt19937_64 random(seed);
    const auto below = [&](std::uint64_t n) { return random() % n; };
    JournalScript scripts[] = {JournalScript(journal, "cp-a"), JournalScript(journal, "cp-b")};
    std::vector<Head> heads{Head{}};
    const auto samples = payload_samples();
    scripts[0].names({"1", "2", "3", "4", "5", "6", "7", "8", "9"});
    for (int i = 0; i < commits; ++i) {
        auto& script = scripts[i == 0 ? 0 : below(2)];
        if (i > 0 && below(4) == 0) script.names({"text " + std::to_string(i)});
        std::vector<Event> events(1 + below(i % 7 == 0 ? 40 : 4));
        for (Event& event : events) {
            event = drain_event(WorkerId{static_cast<std::int64_t>(1 + below(1'000'000))});
            event.caller = TextId{static_cast<std::uint32_t>(below(10))};
            event.owner = TextId{static_cast<std::uint32_t>(below(10))};
            event.epoch = Epoch{static_cast<std::int64_t>(below(1'000))};
            event.at = heads.back().at + Duration{static_cast<std::int64_t>(below(9'000'000))};
            event.version = heads.back().position;
            event.payload = LeaseExercised{{event.owner, event.epoch}};
            if (below(2) == 0) event.payload = samples[below(samples.size())].payload;
            if (below(3) == 0) event.request_id = "request " + std::to_string(random());
        }
        if (heads.back().position.given() && below(2) == 0)
            script.measures(
                took(heads.back().position, {static_cast<std::int64_t>(random() >> 1)}));
        heads.push_back(script.appends(events));
        if (below(5) == 0) heads.push_back(script.flushes(took(Position{1}, {5, 6})));
    }
    return heads;
}

struct Stored : Heard {
    std::string bytes;
    [[nodiscard]] bool wants_stored() const override { return true; }
    bool stored(std::uint8_t kind, std::string_view payload) override {
        bytes += static_cast<char>(kind);
        bytes += payload;
        return true;
    }
    bool stored_measured(std::string_view measured) override {
        bytes += measured;
        return true;
    }
};

void check_equal(const Heard& a, const Heard& b) {
    CHECK(a.order == b.order);
    CHECK(a.texts == b.texts);
    CHECK(a.recorders == b.recorders);
    CHECK(a.events == b.events);
    REQUIRE(a.seals.size() == b.seals.size());
    for (std::size_t i = 0; i < a.seals.size(); ++i) {
        CHECK(a.seals[i].first == b.seals[i].first);
        CHECK(a.seals[i].last == b.seals[i].last);
        CHECK(a.seals[i].recorder == b.seals[i].recorder);
        CHECK(to_hex(a.seals[i].chain) == to_hex(b.seals[i].chain));
        CHECK(a.seals[i].measured == b.seals[i].measured);
    }
}

void check_same_reads(Reader& rows, Reader& sealed, const Head& after, Position to) {
    Stored a, b;
    REQUIRE(rows.read(after, to, a).has_value());
    REQUIRE(sealed.read(after, to, b).has_value());
    check_equal(a, b);
    CHECK(a.bytes == b.bytes);
    // Whoever needs no hashes hears the last one all the same.
    struct Last : Heard {
        [[nodiscard]] bool wants_chain() const override { return false; }
    } last;
    REQUIRE(sealed.read(after, to, last).has_value());
    CHECK(last.order == a.order);
    REQUIRE(last.seals.empty() == a.seals.empty());
    if (!a.seals.empty()) CHECK(to_hex(last.seals.back().chain) == to_hex(a.seals.back().chain));
}

// Changes a journal as somebody would who knows how to get past the triggers.
void tamper(const std::string& path, std::string_view sql, std::string_view bytes = {}) {
    auto database = sqlite::Connection::open(path, {.access = sqlite::Access::read_write});
    REQUIRE(database.has_value());
    REQUIRE(sqlite::configure_writer(*database).has_value());
    auto statement = database->prepare(sql);
    REQUIRE(statement.has_value());
    if (!bytes.empty()) statement->bind_blob(1, bytes);
    REQUIRE(statement->run().has_value());
}

sqlite::SegmentRow first_segment(const std::string& path) {
    auto database = sqlite::Connection::open(path, {.access = sqlite::Access::immutable});
    REQUIRE(database.has_value());
    auto select = database->prepare(sqlite::select_segment_sql);
    REQUIRE(select.has_value());
    select->bind(1, 1);
    REQUIRE(*select->step());
    auto row = sqlite::read_segment(*select);
    REQUIRE(row.has_value());
    return std::move(*row);
}

}  // namespace

FENCELINE_JOURNAL_CONTRACT(SealedHarness);

TEST_CASE("sealed history reads like its rows wherever a read is cut") {
    for (const std::uint64_t seed : {1, 2, 3}) {
        CAPTURE(seed);
        TempDir dir;
        auto rows = opened(dir / "rows.db"), sealed = opened(dir / "sealed.db");
        const auto heads = write_history(*rows, seed, 60);
        REQUIRE(write_history(*sealed, seed, 60) == heads);
        const auto last = heads.back().position;
        // Three segments, then rows.
        CHECK(seal_all(*sealed, Position{last.value / 4}).given());
        CHECK(seal_all(*sealed, Position{last.value / 2}).given());
        const auto end = seal_all(*sealed, Position{last.value - 5});
        CHECK(end.value > last.value / 2);
        CHECK(*sealed->head() == *rows->head());

        auto reader = open_reader(dir / "sealed.db");
        REQUIRE(reader.has_value());
        std::mt19937_64 random(seed);
        for (int i = 0; i < 150; ++i) {
            const Head& after = heads[random() % heads.size()];
            const Position to{static_cast<std::int64_t>(random() % (last.value + 2))};
            CAPTURE(after.position.value);
            CAPTURE(to.value);
            check_same_reads(*rows, *sealed, after, to);
            check_same_reads(*rows, **reader, after, to);
        }
        // From inside of a commit.
        for (std::int64_t p = 1; p < last.value; p += 7) {
            Head inside{.position = Position{p}, .texts = 1};
            check_same_reads(*rows, *sealed, inside, last);
        }
        for (std::int64_t p = 0; p <= last.value + 1; ++p) {
            const auto a = rows->event(Position{p}), b = (*reader)->event(Position{p});
            REQUIRE(a.has_value() == b.has_value());
            if (!a) continue;
            CHECK(*a == *b);
            for (const std::int64_t off : {-1, 0, 1})
                CHECK(*rows->first_at(a->at + Duration{off}) ==
                      *sealed->first_at(a->at + Duration{off}));
        }
        for (const Head& head : heads) {
            CHECK(sealed->save_checkpoint({head, "state"}).has_value());
            Head other = head;
            other.chain[3] ^= 1;
            if (head.position.given())
                CHECK(sealed->save_checkpoint({other, "state"}).error().code ==
                      ErrorCode::invalid_request);
        }
    }
}

TEST_CASE("the newest event and a commit that reaches beyond the limit stay rows") {
    TempDir dir;
    auto journal = opened(dir / "pool.db");
    JournalScript script(*journal);
    script.appends({drain_event(), drain_event()});
    script.appends({drain_event(), drain_event(), drain_event()});
    CHECK(seal_all(*journal, Position{4}) == Position{2});
    CHECK(seal_all(*journal, Position{99}) == Position{2});
    script.appends({drain_event()});
    CHECK(journal->seal({.last = Position{99}, .least = 4})->sealed == Position{2});
    CHECK(seal_all(*journal, Position{99}) == Position{5});
    CHECK(hear(*journal).events == script.written);
}

TEST_CASE("a changed byte of a segment is found") {
    TempDir dir;
    const auto path = dir / "pool.db";
    {
        auto journal = opened(path);
        write_history(*journal, 5, 30);
        seal_all(*journal, journal->head()->position);
    }
    const auto row = first_segment(path);
    for (std::size_t i = 0; i < row.columns.size(); i += 1 + row.columns.size() / 40) {
        auto changed = row.columns;
        changed[i] = static_cast<char>(changed[i] ^ 4);
        tamper(path, "UPDATE segment SET columns = ?1", changed);
        auto reader = open_reader(path);
        Heard heard;
        const auto read = (*reader)->read({}, Position{999}, heard);
        REQUIRE_FALSE(read.has_value());
        CHECK(read.error().code == ErrorCode::corrupt);
        const auto verified = replay::verify(**reader);
        REQUIRE(verified.has_value());
        CHECK_FALSE(verified->sound());
    }
}

TEST_CASE("another history under a digest that fits is found by its hashes") {
    TempDir dir;
    const auto path = dir / "pool.db";
    auto journal = opened(path);
    JournalScript script(*journal);
    script.appends({drain_event()});
    script.appends({drain_event(WorkerId{7})});
    const auto head = script.appends({drain_event()});
    seal_all(*journal, head.position);
    journal.reset();

    auto row = first_segment(path);
    SegmentPacker packer(Position{1});
    for (std::size_t i = 0; i < 2; ++i) {
        Event event = script.written[i];
        if (i == 1) event.worker = WorkerId{8};
        std::string payload;
        codec::encode(event.payload, payload);
        packer.event(event, payload);
        packer.seal(event.recorder, {});
    }
    row.columns = *packer.pack();
    const auto digest = sqlite::digest_of(row);
    tamper(path, "UPDATE segment SET columns = ?1", row.columns);
    tamper(path, "UPDATE segment SET digest = ?1", sqlite::bytes_of(digest));

    auto reader = open_reader(path);
    CHECK((*reader)->event(Position{2})->worker == WorkerId{8});
    const auto verified = replay::verify(**reader);
    REQUIRE(verified.has_value());
    CHECK_FALSE(verified->sound());
    Heard heard;
    CHECK((*reader)->read({}, Position{9}, heard).error().code == ErrorCode::corrupt);
}

TEST_CASE("rows that do not have the hashes that seal them stay rows") {
    TempDir dir;
    const auto path = dir / "pool.db";
    {
        auto journal = opened(path);
        const auto heads = write_history(*journal, 6, 20);
        REQUIRE(heads.back().flushes >
                0);  // a believed flush would hide what was changed before it
    }
    tamper(path, "UPDATE event SET worker = worker + 1 WHERE position = 3");
    auto journal = opened(path);
    const auto last = journal->head()->position;
    auto step = journal->seal({.last = last});
    while (step && step->more) step = journal->seal({.last = last});
    REQUIRE_FALSE(step.has_value());
    CHECK(step.error().code == ErrorCode::corrupt);
    journal.reset();
    CHECK(RawSqlite(path).value("SELECT count(*) FROM segment") == "0");
    CHECK(RawSqlite(path).value("SELECT min(position) FROM event") == "1");
}

TEST_CASE("hostile bytes of a segment end in an error and in bounded memory") {
    SegmentPacker packer(Position{1});
    TempDir dir;
    auto journal = opened(dir / "pool.db");
    write_history(*journal, 8, 12);
    for (const Event& event : hear(*journal).events) {
        std::string payload;
        codec::encode(event.payload, payload);
        packer.event(event, payload);
        packer.seal(event.recorder, {});
    }
    const auto packed = *packer.pack();
    const Position last{packer.next().value - 1};
    const auto walk = [&](std::string_view bytes, Position end) {
        auto reader = SegmentReader::open(bytes, Position{1}, end);
        if (!reader) return std::int64_t{-1};
        Event event;
        std::int64_t events = 0;
        while ((*reader)->next({1'000, 2}, event)) ++events;
        return (*reader)->fault() != nullptr ? -1 : events;
    };
    REQUIRE(walk(packed, last) == last.value);
    CHECK(walk(packed, Position{last.value + 1}) == -1);
    CHECK(walk(packed, Position{last.value - 1}) == -1);
    CHECK(walk(packed, Position{std::numeric_limits<std::int64_t>::max() - 1}) == -1);
    for (std::size_t size = 0; size < packed.size(); ++size)
        CHECK(walk(packed.substr(0, size), last) == -1);
    for (std::size_t i = 0; i < packed.size(); ++i)
        for (const int bit : {0, 3, 7}) {
            auto changed = packed;
            changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
            CHECK(walk(changed, last) <= last.value);
        }
    CHECK(walk(packed + "x", last) == -1);
}

TEST_CASE("a fault at any write or sync while sealing loses nothing") {
    for (const Call call : {Call::write, Call::sync})
        for (int nth = 1;; ++nth) {
            CAPTURE(nth);
            TempDir dir;
            const auto path = dir / "pool.db";
            FaultyVfs vfs;
            auto journal = opened(path, vfs.name());
            const auto heads = write_history(*journal, 9, 25);
            const auto before = hear(*journal);
            vfs.fail({.what = call,
                      .nth = nth,
                      .code = call == Call::write ? SQLITE_IOERR_WRITE : SQLITE_IOERR_FSYNC});
            auto step = journal->seal({.last = heads.back().position});
            while (step && step->more) step = journal->seal({.last = heads.back().position});
            const bool fired = vfs.fired();
            CHECK((fired || step.has_value()));
            vfs.heal();
            journal.reset();
            journal = opened(path);
            check_equal(before, hear(*journal));
            CHECK(*journal->head() == heads.back());
            seal_all(*journal, heads.back().position);
            check_equal(before, hear(*journal));
            if (!fired) break;
        }
}

TEST_CASE("a read goes on while what it has not reached is sealed") {
    TempDir dir;
    auto journal = opened(dir / "pool.db");
    JournalScript script(*journal);
    for (int i = 0; i < 60; ++i) script.appends(std::vector<Event>(50, drain_event()));
    auto reader = open_reader(dir / "pool.db");
    REQUIRE(reader.has_value());
    struct SealsMidway : Heard {
        Journal* journal = nullptr;
        bool event(const Event& event) override {
            if (event.position.value % 700 == 0)
                seal_all(*journal, Position{event.position.value + 500});
            return Heard::event(event);
        }
    } sink;
    sink.journal = journal.get();
    REQUIRE((*reader)->read({}, Position{9'999}, sink).has_value());
    CHECK(sink.events == script.written);
    CHECK(sink.seals.size() == 60);
    CHECK(RawSqlite(dir / "pool.db").value("SELECT count(*) FROM segment") != "0");
}

TEST_CASE("a store seals by itself what lies far behind and opens again to the same") {
    TempDir dir;
    const StoreOptions options{.path = dir / "pool.db",
                               .create = true,
                               .instance = "cp-a",
                               .wal_reserve_bytes = 0,
                               .seal_after = 500};
    const std::vector<Command> batch(limits::batch_operations,
                                     Command{{}, ControlPlaneHeartbeat{}});
    auto store = LifecycleStore::open(options);
    REQUIRE(store.has_value());
    std::int64_t events = 0;
    for (; events < limits::segment_events + 600 + 30 * 512; events += 512)
        for (const auto& answer : (*store)->apply(batch)) REQUIRE(answer.has_value());
    CHECK(RawSqlite(options.path).value("SELECT count(*) FROM segment") == "1");
    CHECK((*store)->close().has_value());
    store = LifecycleStore::open(options);
    REQUIRE(store.has_value());
    CHECK(*(*store)->position() == Position{events});
    auto reader = open_reader(options.path);
    const auto verified = replay::verify(**reader);
    REQUIRE(verified.has_value());
    CHECK(verified->sound());
    CHECK(verified->events == events);
}

TEST_SUITE_END();

}  // namespace fenceline::testing
