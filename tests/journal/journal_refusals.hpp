#pragma once

// The commits that every journal refuses: a part of the contract (journal_contract.hpp).

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "journal/journal.hpp"
#include "tests/support/journal_script.hpp"

namespace fenceline::testing {

template <typename Value>
ErrorCode code_of(const Result<Value>& result) {
    REQUIRE_FALSE(result.has_value());
    return result.error().code;
}

// A journal with two events by recorder 1, and a commit that would continue it.
template <typename Harness>
struct Continued {
    Harness harness;
    std::unique_ptr<Journal> journal = harness.open();
    JournalScript script{*journal};
    Head head;
    std::vector<Event> events;
    std::vector<std::string> texts;
    Recorder recorder;

    Continued() {
        Event second = drain_event();
        second.at = Time{50'000};
        head = script.names({"a"}).appends({drain_event(), second});
        events = {drain_event(), drain_event()};
        for (std::size_t i = 0; i < 2; ++i) {
            events[i].position = Position{3 + static_cast<std::int64_t>(i)};
            events[i].at = Time{60'000};
            events[i].recorder = RecorderId{1};
        }
        recorder = {RecorderId{2}, "cp-b", "run-2", Position{3}};
    }
    // Refused, nothing changed, and the lock is free again.
    void refuses(const Commit& commit) {
        REQUIRE(journal->begin_write().has_value());
        const auto refused = journal->append(commit);
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().code == ErrorCode::invalid_request);
        CHECK(refused.error().effect == Effect::not_applied);
        CHECK(*journal->head() == head);
        CHECK(hear(*journal).events.size() == 2);
        REQUIRE(harness.open()->begin_write().has_value());
    }
    Commit commit() { return {.events = events, .texts = texts, .by = RecorderId{1}}; }
};

TEST_CASE_TEMPLATE_DEFINE("positions that do not continue the head are refused", Harness,
                          contract_positions) {
    Continued<Harness> given;
    SUBCASE("a gap") {
        for (auto& event : given.events) ++event.position.value;
    }
    SUBCASE("an overlap") {
        for (auto& event : given.events) --event.position.value;
    }
    SUBCASE("a gap inside") {
        ++given.events[1].position.value;
    }
    SUBCASE("the same twice") {
        --given.events[1].position.value;
    }
    given.refuses(given.commit());
    for (std::size_t i = 0; i < 2; ++i)
        given.events[i].position = Position{3 + static_cast<std::int64_t>(i)};
    REQUIRE(given.journal->begin_write().has_value());
    CHECK(given.journal->append(given.commit())->position == Position{4});
}

TEST_CASE_TEMPLATE_DEFINE("a time before the last one is refused", Harness, contract_times) {
    Continued<Harness> given;
    SUBCASE("before the head") {
        given.events[0].at = Time{49'999};
    }
    SUBCASE("inside the commit") {
        given.events[1].at = Time{59'999};
    }
    given.refuses(given.commit());
}

TEST_CASE_TEMPLATE_DEFINE("a recorder out of its number is refused", Harness, contract_recorders) {
    Continued<Harness> given;
    auto commit = given.commit();
    const auto all_by = [&](std::int64_t id) {
        commit.by = RecorderId{id};
        for (auto& event : given.events) event.recorder = commit.by;
    };
    SUBCASE("nobody's commit") {
        all_by(0);
    }
    SUBCASE("a number below the first") {
        all_by(-1);
    }
    SUBCASE("an unknown one") {
        all_by(2);
    }
    SUBCASE("an event by another") {
        given.events[1].recorder = RecorderId{7};
    }
    SUBCASE("a new one with an old number") {
        given.recorder.id = RecorderId{1};
        commit.recorder = &given.recorder;
    }
    SUBCASE("a new one beyond the next") {
        all_by(3);
        given.recorder.id = commit.by;
        commit.recorder = &given.recorder;
    }
    SUBCASE("a new one under another's number") {
        all_by(2);
        given.recorder.id = RecorderId{3};
        commit.recorder = &given.recorder;
    }
    SUBCASE("a new one in another's commit") {
        commit.recorder = &given.recorder;
    }
    given.refuses(commit);
}

TEST_CASE_TEMPLATE_DEFINE("a text without a number is refused", Harness, contract_texts) {
    Continued<Harness> given;
    SUBCASE("caller") {
        given.events[0].caller = TextId{2};
    }
    SUBCASE("image") {
        given.events[0].image = TextId{9};
    }
    SUBCASE("owner") {
        given.events[1].owner = TextId{2};
    }
    SUBCASE("org") {
        given.events[1].org = TextId{std::numeric_limits<std::uint32_t>::max()};
    }
    SUBCASE("the empty text again") {
        given.texts = {""};
    }
    given.refuses(given.commit());
}

TEST_CASE_TEMPLATE_DEFINE("an event that cannot have happened is refused", Harness,
                          contract_unsound) {
    Continued<Harness> given;
    Event& last = given.events[1];
    SUBCASE("an epoch below the first") {
        last.epoch = Epoch{-1};
    }
    SUBCASE("a version below the first") {
        last.version = Position{-1};
    }
    SUBCASE("its own version") {
        last.version = last.position;
    }
    SUBCASE("a version yet to come") {
        last.version = Position{9};
    }
    SUBCASE("a new state without a transition") {
        last.outcome = Outcome::fence_miss_epoch;
        last.from = State::idle;
        last.to = State::hot;
    }
    given.refuses(given.commit());
}

TEST_CASE_TEMPLATE_DEFINE("a flush that brings nothing or too much is refused", Harness,
                          contract_bad_flush) {
    Continued<Harness> given;
    Commit commit{.by = RecorderId{1}, .measured = took(Position{1}, {1})};
    SUBCASE("no durations") {
        commit.measured = {};
    }
    SUBCASE("texts") {
        given.texts = {"b"};
        commit.texts = given.texts;
    }
    SUBCASE("a recorder") {
        commit.recorder = &given.recorder;
        commit.by = given.recorder.id;
    }
    given.refuses(commit);
}

TEST_CASE_TEMPLATE_DEFINE("appending without the lock is refused", Harness, contract_unlocked) {
    Continued<Harness> given;
    CHECK(code_of(given.journal->append(given.commit())) == ErrorCode::invalid_request);
    CHECK(*given.journal->head() == given.head);
}

}  // namespace fenceline::testing
