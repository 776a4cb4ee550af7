#pragma once

// Events that are told before their commit is whole: a part of the contract (journal_contract.hpp).

#include <memory>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "journal/journal.hpp"
#include "tests/support/journal_script.hpp"

namespace fenceline::testing {

// A journal's first commit: three events, a recorder and a text that all of them name.
struct FirstCommit {
    std::vector<Event> events{3, drain_event()};
    std::vector<std::string> texts{"a text of this commit"};
    Recorder recorder{RecorderId{1}, "cp-a", "run-1", Position{1}};

    FirstCommit() {
        for (std::size_t i = 0; i < events.size(); ++i) {
            events[i].position = Position{1 + static_cast<std::int64_t>(i)};
            events[i].at = Time{1'000};
            events[i].recorder = recorder.id;
            events[i].image = TextId{1};
            events[i].org = events[i].owner = events[i].caller = TextId{};
        }
    }
    Commit commit() {
        return {.events = events, .texts = texts, .recorder = &recorder, .by = recorder.id};
    }
};

TEST_CASE_TEMPLATE_DEFINE("events that were told early make the same commit", Harness,
                          contract_prepared) {
    FirstCommit first;
    Harness plain_harness, early_harness;
    auto plain = plain_harness.open();
    REQUIRE(plain->begin_write().has_value());
    const auto at_once = plain->append(first.commit());
    REQUIRE(at_once.has_value());

    auto early = early_harness.open();
    REQUIRE(early->begin_write().has_value());
    const std::span<const Event> events(first.events);
    REQUIRE(early->prepare(events.first(1)).has_value());
    REQUIRE(early->prepare(events.first(1)).has_value());
    REQUIRE(early->prepare(events).has_value());
    const auto in_parts = early->append(first.commit());
    REQUIRE(in_parts.has_value());

    CHECK(*in_parts == *at_once);
    const Heard heard = hear(*early);
    CHECK(heard.events == first.events);
    CHECK(heard.order == hear(*plain).order);
    CHECK(heard.seals.at(0).chain == at_once->chain);
}

TEST_CASE_TEMPLATE_DEFINE("what was told early and then cancelled was never there", Harness,
                          contract_cancelled) {
    FirstCommit first;
    Harness harness;
    auto journal = harness.open();
    REQUIRE(journal->begin_write().has_value());
    REQUIRE(journal->prepare(first.events).has_value());
    journal->cancel_write();
    CHECK(journal->head()->position == Position{});
    CHECK(hear(*journal).order.empty());
    // And leaves nothing for the next commit to trip over.
    REQUIRE(journal->begin_write().has_value());
    CHECK(journal->append(first.commit()).has_value());
    CHECK(hear(*journal).events == first.events);
}

}  // namespace fenceline::testing
