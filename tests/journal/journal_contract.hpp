#pragma once

// What every journal must do, whatever stores it. A test program runs all of it on its journal:
//
//   struct MyHarness {
//       std::unique_ptr<Journal> open(Duration lock_timeout = seconds(30));   // the same storage
//       void fail_next_append(Effect effect, Landed landed);                   // optional
//   };
//   FENCELINE_JOURNAL_CONTRACT(MyHarness);
//
// A harness is made anew for each case, with an empty storage; every open() of one harness opens
// that storage again, as another process would.

#include <algorithm>
#include <limits>
#include <memory>
#include <thread>

#include <doctest/doctest.h>

#include "events/codec.hpp"
#include "events/limits.hpp"
#include "journal/chain.hpp"
#include "journal/memory/memory_journal.hpp"
#include "tests/journal/journal_prepare.hpp"
#include "tests/journal/journal_refusals.hpp"
#include "tests/support/journal_script.hpp"
#include "tests/support/payload_samples.hpp"

namespace fenceline::testing {

// --- reading back -------------------------------------------------------------------------------

TEST_CASE_TEMPLATE_DEFINE("an empty journal says so", Harness, contract_empty) {
    Harness harness;
    auto journal = harness.open();
    CHECK(*journal->head() == Head{});
    CHECK(hear(*journal).order.empty());
    CHECK(code_of(journal->event(Position{1})) == ErrorCode::not_found);
    CHECK(code_of(journal->event(Position{0})) == ErrorCode::not_found);
    CHECK(code_of(journal->checkpoint(Position{9})) == ErrorCode::not_found);
    CHECK(journal->checkpoints()->empty());
    CHECK(*journal->first_at(Time{5}) == Position{1});
}

TEST_CASE_TEMPLATE_DEFINE("what was appended is read back equal", Harness, contract_equal) {
    Harness harness;
    auto journal = harness.open();
    JournalScript script(*journal);
    std::vector<Event> events;
    for (const auto& sample : payload_samples()) {
        Event event = drain_event(WorkerId{limits::worker_id_max});
        event.failed_check = Check::owner_not_live;
        event.caller = TextId{1};
        event.image = TextId{2};
        event.owner = TextId{3};
        event.org = TextId{4};
        event.epoch = Epoch{limits::epoch_max};
        event.count = 1'000'000'000;
        event.request_id = "req-\"'\\\n\xc3\xa9-" + std::to_string(events.size());
        event.payload = sample.payload;
        events.push_back(event);
    }
    const auto head = script
                          .names({"cp-a:boot-1", "img:1", "it's \"x\"\n\t", "\xf0\x9f\x90\x8c",
                                  std::string(256, 'x'), "six", "seven", "eight", "nine"})
                          .appends(events);
    CHECK(head.position.value == static_cast<std::int64_t>(events.size()));
    CHECK(head.texts == 10);
    CHECK(head.recorders == 1);
    CHECK(head.flushes == 0);
    CHECK(head.at == script.written.back().at);
    CHECK(*journal->head() == head);

    const auto check = [&](Journal& reader) {
        const auto heard = hear(reader);
        CHECK(heard.events == script.written);
        REQUIRE(heard.texts.size() == script.written_texts.size());
        for (std::uint32_t i = 0; i < heard.texts.size(); ++i) {
            CHECK(heard.texts[i].first == TextId{i + 1});
            CHECK(heard.texts[i].second == script.written_texts[i]);
        }
        CHECK(heard.recorders == std::vector{script.self()});
        REQUIRE(heard.seals.size() == 1);
        CHECK(heard.seals[0].chain == head.chain);
        CHECK(*reader.event(Position{2}) == script.written[1]);
    };
    check(*journal);
    check(*harness.open());
}

TEST_CASE_TEMPLATE_DEFINE("names come before the events that use them and seals after them",
                          Harness, contract_order) {
    Harness harness;
    auto journal = harness.open();
    JournalScript script(*journal);
    script.names({"a"}).appends({drain_event(), drain_event()});
    script.names({"b", "c"}).appends({drain_event()});
    script.measures(took(Position{1}, {5, 6})).appends({drain_event()});

    struct Check : Heard {
        std::uint32_t known = 1;
        bool text(TextId id, std::string_view value) override {
            CHECK(id.value == known);
            ++known;
            return Heard::text(id, value);
        }
        bool event(const Event& event) override {
            CHECK_FALSE(recorders.empty());
            CHECK(known >= (event.position.value >= 3 ? 4 : 2));
            return Heard::event(event);
        }
        bool seal(const Seal& seal) override {
            CHECK(events.back().position == seal.last);
            return Heard::seal(seal);
        }
    } sink;
    REQUIRE(journal->read({}, Position{99}, sink).has_value());
    REQUIRE(sink.seals.size() == 3);
    CHECK(sink.seals[0].first == Position{1});
    CHECK(sink.seals[0].last == Position{2});
    CHECK(sink.seals[1].first == Position{3});
    CHECK(sink.seals[2].last == Position{4});
    CHECK(sink.seals[2].recorder == script.self().id);
    for (std::size_t i = 0; i < 3; ++i) CHECK(sink.seals[i].measured == script.written_measured[i]);
}

TEST_CASE_TEMPLATE_DEFINE("reading after a head gives only what came later", Harness,
                          contract_after) {
    Harness harness;
    auto journal = harness.open();
    JournalScript a(*journal, "cp-a");
    JournalScript b(*journal, "cp-b");
    const auto first = a.names({"a"}).appends({drain_event(), drain_event()});
    const auto second = b.names({"b"}).appends({drain_event()});
    const auto third = a.names({"c"}).appends({drain_event()});

    auto heard = hear(*journal, first);
    CHECK(heard.events.size() == 2);
    CHECK(heard.events.front() == b.written[0]);
    CHECK(heard.recorders == std::vector{b.self()});
    CHECK(heard.texts.size() == 2);
    CHECK(heard.texts.front().first == TextId{2});
    CHECK(heard.seals.size() == 2);

    heard = hear(*journal, second);
    CHECK(heard.events.size() == 1);
    CHECK(heard.recorders.empty());
    CHECK(heard.texts.front().second == "c");
    CHECK(hear(*journal, third).order.empty());
}

TEST_CASE_TEMPLATE_DEFINE("a read ends at its limit and seals only whole commits", Harness,
                          contract_limit) {
    Harness harness;
    auto journal = harness.open();
    JournalScript script(*journal);
    script.names({"a"}).appends({drain_event(), drain_event(), drain_event()});
    script.names({"b"}).appends({drain_event()});

    auto heard = hear(*journal, {}, Position{2});
    CHECK(heard.events.size() == 2);
    CHECK(heard.seals.empty());
    CHECK(heard.texts.size() == 1);
    heard = hear(*journal, {}, Position{3});
    CHECK(heard.seals.size() == 1);
    CHECK(heard.texts.size() == 1);
    CHECK(hear(*journal, {}, Position{0}).order.empty());
}

TEST_CASE_TEMPLATE_DEFINE("a sink that has heard enough stops the read", Harness, contract_stop) {
    Harness harness;
    auto journal = harness.open();
    JournalScript script(*journal);
    script.names({"a", "b"}).appends({drain_event(), drain_event()});
    script.appends({drain_event()});
    const auto all = hear(*journal).order.size();
    REQUIRE(all == 8);
    for (std::size_t enough = 1; enough <= all; ++enough) {
        Heard heard;
        heard.enough = enough;
        CHECK(journal->read({}, Position{99}, heard).has_value());
        CHECK(heard.order.size() == enough);
    }
}

TEST_CASE_TEMPLATE_DEFINE("a flush takes no position and comes in its place", Harness,
                          contract_flush) {
    Harness harness;
    auto journal = harness.open();
    JournalScript script(*journal);
    const auto one = script.appends({drain_event()});
    const auto flushed = script.flushes(took(Position{1}, {7}));
    CHECK(flushed.position == one.position);
    CHECK(flushed.flushes == 1);
    CHECK(flushed.at == one.at);
    CHECK(flushed.chain != one.chain);
    script.appends({drain_event()});
    script.flushes(took(Position{2}, {8}));
    CHECK(*journal->head() == *harness.open()->head());

    auto heard = hear(*journal);
    CHECK(heard.order == "ressess");
    REQUIRE(heard.seals.size() == 4);
    CHECK(heard.seals[1].first == Position{2});
    CHECK(heard.seals[1].last == Position{1});
    CHECK(heard.seals[1].recorder == script.self().id);
    CHECK(heard.seals[1].chain == flushed.chain);
    CHECK(heard.seals[1].measured == took(Position{1}, {7}));

    CHECK(hear(*journal, {}, Position{1}).order == "ress");
    CHECK(hear(*journal, one, Position{1}).order == "s");
    CHECK(hear(*journal, flushed, Position{1}).order.empty());
    CHECK(hear(*journal, flushed, Position{2}).order == "ess");
    CHECK(hear(*journal, one).order == "sess");
}

TEST_CASE_TEMPLATE_DEFINE("the chain can be computed again from what is read", Harness,
                          contract_chain) {
    struct Verify : Sink {
        CommitHasher hasher;
        ChainHash last{};
        bool open = false;
        int sealed = 0;
        std::vector<Recorder> recorders;
        std::vector<std::pair<TextId, std::string>> texts;
        std::vector<Event> events;
        bool text(TextId id, std::string_view value) override {
            texts.emplace_back(id, value);
            return true;
        }
        bool recorder(const Recorder& recorder) override {
            recorders.push_back(recorder);
            return true;
        }
        bool event(const Event& event) override {
            events.push_back(event);
            return true;
        }
        bool seal(const Seal& seal) override {
            hasher.begin(last);
            for (const auto& recorder : recorders) hasher.recorder(recorder);
            for (const auto& [id, value] : texts) hasher.text(id, value);
            for (const auto& event : events) hasher.event(event);
            hasher.measured(seal.measured);
            last = hasher.finish(seal.recorder);
            CHECK(to_hex(last) == to_hex(seal.chain));
            recorders.clear();
            texts.clear();
            events.clear();
            ++sealed;
            return true;
        }
    } verify;
    Harness harness;
    auto journal = harness.open();
    JournalScript script(*journal);
    script.names({"a", "b"}).appends({drain_event(), drain_event()});
    auto head = script.measures(took(Position{1}, {4, 5})).appends({drain_event()});
    // One commit a read: a journal may give all names of a range before its first event.
    Head seen;
    for (const auto position : {Position{2}, Position{3}}) {
        REQUIRE(journal->read(seen, position, verify).has_value());
        seen.position = position;
        seen.texts = 3;
        seen.recorders = 1;
    }
    CHECK(verify.sealed == 2);
    CHECK(to_hex(verify.last) == to_hex(head.chain));
}

TEST_CASE_TEMPLATE_DEFINE("whoever asks for it gets the bytes as they are stored", Harness,
                          contract_stored) {
    struct Stored : Heard {
        std::vector<std::pair<std::uint8_t, std::string>> payloads;
        std::vector<std::string> durations;
        [[nodiscard]] bool wants_stored() const override { return true; }
        bool stored(std::uint8_t kind, std::string_view payload) override {
            CHECK(payloads.size() == events.size());  // right before its event
            payloads.emplace_back(kind, payload);
            return true;
        }
        bool stored_measured(std::string_view bytes) override {
            CHECK(durations.size() == seals.size());
            durations.emplace_back(bytes);
            return true;
        }
    } sink;
    Harness harness;
    auto journal = harness.open();
    JournalScript script(*journal);
    Event plain = drain_event();
    plain.payload = NoDetail{};
    script.appends({drain_event(), plain});
    script.flushes(took(Position{1}, {4, 5}));
    REQUIRE(journal->read({}, Position{99}, sink).has_value());

    REQUIRE(sink.order == "reess");
    REQUIRE(sink.payloads.size() == 2);
    REQUIRE(sink.durations.size() == 2);
    std::string bytes;
    codec::encode(script.written[0].payload, bytes);
    CHECK(sink.payloads[0] == std::pair{std::uint8_t{5}, bytes});
    CHECK(sink.payloads[1] == std::pair{std::uint8_t{0}, std::string{}});
    bytes.clear();
    codec::encode(took(Position{1}, {4, 5}), bytes);
    CHECK(sink.durations == std::vector{std::string{}, bytes});
}

TEST_CASE_TEMPLATE_DEFINE("the first position of a time is found", Harness, contract_first_at) {
    Harness harness;
    auto journal = harness.open();
    JournalScript script(*journal);
    for (const std::int64_t at : {10'000, 30'000, 30'000, 90'000}) {
        Event event = drain_event();
        event.at = Time{at};
        script.appends({event});
    }
    REQUIRE(script.written[2].at == Time{31'000});  // the script's clock never stands still
    CHECK(*journal->first_at(Time{0}) == Position{1});
    CHECK(*journal->first_at(Time{10'000}) == Position{1});
    CHECK(*journal->first_at(Time{10'001}) == Position{2});
    CHECK(*journal->first_at(Time{31'000}) == Position{3});
    CHECK(*journal->first_at(Time{90'000}) == Position{4});
    CHECK(*journal->first_at(Time{90'001}) == Position{5});
}

TEST_CASE_TEMPLATE_DEFINE("of equal times the first position is found", Harness,
                          contract_equal_times) {
    Harness harness;
    auto journal = harness.open();
    std::vector<Event> events(5, drain_event());
    for (std::size_t i = 0; i < events.size(); ++i) {
        events[i].position = Position{static_cast<std::int64_t>(i) + 1};
        events[i].at = Time{i < 1 ? 10 : i < 4 ? 20 : 30};
        events[i].recorder = RecorderId{1};
    }
    const Recorder recorder{RecorderId{1}, "cp", "run", Position{1}};
    REQUIRE(journal->begin_write().has_value());
    REQUIRE(
        journal->append({.events = events, .recorder = &recorder, .by = recorder.id}).has_value());
    CHECK(*journal->first_at(Time{20}) == Position{2});
    CHECK(*journal->first_at(Time{21}) == Position{5});
}

// --- several writers ----------------------------------------------------------------------------

TEST_CASE_TEMPLATE_DEFINE("two openings see each other under the lock", Harness, contract_two) {
    Harness harness;
    auto a = harness.open();
    auto b = harness.open();
    JournalScript script_a(*a, "cp-a");
    JournalScript script_b(*b, "cp-b");
    for (int i = 0; i < 3; ++i) {
        const auto head_a = script_a.appends({drain_event(), drain_event()});
        const auto under_lock = b->begin_write();
        REQUIRE(under_lock.has_value());
        CHECK(*under_lock == head_a);
        b->cancel_write();
        CHECK(script_b.appends({drain_event()}).position.value == head_a.position.value + 1);
    }
    CHECK(script_b.self().id == RecorderId{2});
    CHECK(hear(*a).events == hear(*b).events);
    CHECK(hear(*a).events.size() == 9);
}

TEST_CASE_TEMPLATE_DEFINE("the write lock is exclusive and given back", Harness, contract_lock) {
    Harness harness;
    auto a = harness.open();
    auto b = harness.open(Duration{0});
    REQUIRE(a->begin_write().has_value());
    CHECK(code_of(b->begin_write()) == ErrorCode::busy);
    CHECK(b->head().has_value());  // readers wait for nobody
    SUBCASE("by cancel_write") {
        a->cancel_write();
    }
    SUBCASE("by cancel_write twice") {
        a->cancel_write();
        a->cancel_write();
    }
    SUBCASE("by closing") {
        a.reset();
    }
    REQUIRE(b->begin_write().has_value());
    b->cancel_write();
    CHECK(*b->head() == Head{});
}

TEST_CASE_TEMPLATE_DEFINE("writers at the same time leave no gap", Harness, contract_threads) {
    constexpr int writers = 3;
    constexpr int commits = 40;
    Harness harness;
    std::vector<std::unique_ptr<Journal>> journals;
    for (int i = 0; i < writers; ++i) journals.push_back(harness.open());
    std::vector<std::thread> threads;
    for (auto& journal : journals)
        threads.emplace_back([&journal, name = "cp-" + std::to_string(threads.size())] {
            JournalScript script(*journal, name);
            for (int i = 0; i < commits; ++i) script.appends({drain_event(), drain_event()});
        });
    for (auto& thread : threads) thread.join();

    const auto heard = hear(*harness.open());
    REQUIRE(heard.events.size() == 2 * writers * commits);
    for (std::size_t i = 0; i < heard.events.size(); ++i)
        CHECK(heard.events[i].position.value == static_cast<std::int64_t>(i) + 1);
    CHECK(heard.seals.size() == writers * commits);
    CHECK(heard.recorders.size() == writers);
}

// --- checkpoints --------------------------------------------------------------------------------

TEST_CASE_TEMPLATE_DEFINE("the nearest checkpoint at or before a position is found", Harness,
                          contract_checkpoints) {
    Harness harness;
    auto journal = harness.open();
    JournalScript script(*journal);
    const auto two = script.appends({drain_event(), drain_event()});
    const auto five = script.names({"a"}).appends({drain_event(), drain_event(), drain_event()});
    // Out of order: an older head may be saved later.
    const std::string bytes("\0state\xff five", 12);
    REQUIRE(journal->save_checkpoint({five, bytes}).has_value());
    REQUIRE(journal->save_checkpoint({two, std::string(300'000, 'x')}).has_value());

    CHECK(*journal->checkpoints() == std::vector{Position{2}, Position{5}});
    CHECK(code_of(journal->checkpoint(Position{1})) == ErrorCode::not_found);
    for (const std::int64_t position : {2, 3, 4}) {
        const auto found = journal->checkpoint(Position{position});
        REQUIRE(found.has_value());
        CHECK(found->head == two);
        CHECK(found->state == std::string(300'000, 'x'));
    }
    auto reopened = harness.open();
    for (const std::int64_t position : {5, 6, 1'000}) {
        const auto found = reopened->checkpoint(Position{position});
        REQUIRE(found.has_value());
        CHECK(found->head == five);
        CHECK(found->state == bytes);
    }
    CHECK(hear(*reopened, reopened->checkpoint(Position{4})->head).events.size() == 3);
}

TEST_CASE_TEMPLATE_DEFINE("a checkpoint of the same position takes the place of the older", Harness,
                          contract_checkpoint_again) {
    Harness harness;
    auto journal = harness.open();
    JournalScript script(*journal);
    REQUIRE(journal->save_checkpoint({script.appends({drain_event()}), "old"}).has_value());
    const auto flushed = script.flushes(took(Position{1}, {3}));
    REQUIRE(journal->save_checkpoint({flushed, "new"}).has_value());
    CHECK(*journal->checkpoints() == std::vector{Position{1}});
    CHECK(journal->checkpoint(Position{1})->state == "new");
    CHECK(journal->checkpoint(Position{1})->head == flushed);
}

TEST_CASE_TEMPLATE_DEFINE("a checkpoint of another journal is refused", Harness,
                          contract_foreign_checkpoint) {
    Harness harness;
    auto journal = harness.open();
    JournalScript script(*journal);
    auto head = script.appends({drain_event()});
    SUBCASE("beyond the head") {
        ++head.position.value;
    }
    SUBCASE("another chain") {
        head.chain[0] ^= 1;
    }
    CHECK(code_of(journal->save_checkpoint({head, "x"})) == ErrorCode::invalid_request);
    CHECK(journal->checkpoints()->empty());
}

TEST_CASE_TEMPLATE_DEFINE("housekeeping changes nothing that is read", Harness, contract_maintain) {
    Harness harness;
    auto journal = harness.open();
    JournalScript script(*journal);
    for (int i = 0; i < 20; ++i) {
        script.appends({drain_event()});
        REQUIRE(journal->maintain().has_value());
    }
    CHECK(hear(*journal).events == script.written);
    CHECK(hear(*harness.open()).events == script.written);
}

// --- failures -----------------------------------------------------------------------------------

TEST_CASE_TEMPLATE_DEFINE("a failed append leaves no trace", Harness, contract_failed) {
    if constexpr (requires(Harness h) { h.fail_next_append(Effect::unknown, Landed::no); }) {
        Harness harness;
        auto journal = harness.open();
        JournalScript script(*journal);
        const auto head = script.appends({drain_event()});
        harness.fail_next_append(Effect::not_applied, Landed::no);
        const auto failed = script.names({"a"}).append({drain_event()});
        REQUIRE_FALSE(failed.has_value());
        CHECK(failed.error().effect == Effect::not_applied);
        CHECK(*journal->head() == head);
        CHECK(hear(*harness.open()).order == "res");
        CHECK(script.names({"b"}).appends({drain_event()}).position == Position{2});
    }
}

TEST_CASE_TEMPLATE_DEFINE("after an unknown commit nothing is taken until reopened", Harness,
                          contract_unknown) {
    if constexpr (requires(Harness h) { h.fail_next_append(Effect::unknown, Landed::no); }) {
        for (const auto landed : {Landed::no, Landed::yes}) {
            Harness harness;
            auto journal = harness.open();
            JournalScript script(*journal);
            script.appends({drain_event()});
            harness.fail_next_append(Effect::unknown, landed);
            const auto failed = script.append({drain_event()});
            REQUIRE_FALSE(failed.has_value());
            CHECK(failed.error().effect == Effect::unknown);
            CHECK(code_of(journal->begin_write()) == ErrorCode::poisoned);
            CHECK(code_of(journal->maintain()) == ErrorCode::poisoned);
            journal.reset();

            auto reopened = harness.open();
            const auto head = reopened->begin_write();
            REQUIRE(head.has_value());
            CHECK(head->position == Position{landed == Landed::yes ? 2 : 1});
            reopened->cancel_write();
            CHECK(hear(*reopened).events.size() == (landed == Landed::yes ? 2 : 1));
        }
    }
}

}  // namespace fenceline::testing

#define FENCELINE_JOURNAL_CONTRACT(Harness)                          \
    TEST_CASE_TEMPLATE_INVOKE(contract_empty, Harness);              \
    TEST_CASE_TEMPLATE_INVOKE(contract_equal, Harness);              \
    TEST_CASE_TEMPLATE_INVOKE(contract_order, Harness);              \
    TEST_CASE_TEMPLATE_INVOKE(contract_after, Harness);              \
    TEST_CASE_TEMPLATE_INVOKE(contract_limit, Harness);              \
    TEST_CASE_TEMPLATE_INVOKE(contract_stop, Harness);               \
    TEST_CASE_TEMPLATE_INVOKE(contract_flush, Harness);              \
    TEST_CASE_TEMPLATE_INVOKE(contract_chain, Harness);              \
    TEST_CASE_TEMPLATE_INVOKE(contract_stored, Harness);             \
    TEST_CASE_TEMPLATE_INVOKE(contract_first_at, Harness);           \
    TEST_CASE_TEMPLATE_INVOKE(contract_equal_times, Harness);        \
    TEST_CASE_TEMPLATE_INVOKE(contract_positions, Harness);          \
    TEST_CASE_TEMPLATE_INVOKE(contract_times, Harness);              \
    TEST_CASE_TEMPLATE_INVOKE(contract_recorders, Harness);          \
    TEST_CASE_TEMPLATE_INVOKE(contract_texts, Harness);              \
    TEST_CASE_TEMPLATE_INVOKE(contract_unsound, Harness);            \
    TEST_CASE_TEMPLATE_INVOKE(contract_bad_flush, Harness);          \
    TEST_CASE_TEMPLATE_INVOKE(contract_unlocked, Harness);           \
    TEST_CASE_TEMPLATE_INVOKE(contract_prepared, Harness);           \
    TEST_CASE_TEMPLATE_INVOKE(contract_cancelled, Harness);          \
    TEST_CASE_TEMPLATE_INVOKE(contract_two, Harness);                \
    TEST_CASE_TEMPLATE_INVOKE(contract_lock, Harness);               \
    TEST_CASE_TEMPLATE_INVOKE(contract_threads, Harness);            \
    TEST_CASE_TEMPLATE_INVOKE(contract_checkpoints, Harness);        \
    TEST_CASE_TEMPLATE_INVOKE(contract_checkpoint_again, Harness);   \
    TEST_CASE_TEMPLATE_INVOKE(contract_foreign_checkpoint, Harness); \
    TEST_CASE_TEMPLATE_INVOKE(contract_maintain, Harness);           \
    TEST_CASE_TEMPLATE_INVOKE(contract_failed, Harness);             \
    TEST_CASE_TEMPLATE_INVOKE(contract_unknown, Harness)
