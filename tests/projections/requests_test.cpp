#include "projections/requests.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>

#include <doctest/doctest.h>

#include "tests/projections/fixture.hpp"

using namespace fenceline;
using namespace fenceline::testing;

namespace {

constexpr TextId cp{3};

Event asked(std::int64_t position, std::string id, TextId caller = cp) {
    Event event = event_of(Operation::drain);
    event.position = Position{position};
    event.caller = caller;
    event.request_id = std::move(id);
    return event;
}

using Positions = std::vector<Position>;

Positions at(std::initializer_list<std::int64_t> values) {
    Positions out;
    for (const std::int64_t value : values) out.emplace_back(value);
    return out;
}

// Two different ids of one hash, found by trying. The hash is frozen, so they stay the same.
std::pair<std::string, std::string> same_hash() {
    std::unordered_map<std::uint32_t, std::string> seen;
    for (int i = 0;; ++i) {
        std::string id = "id-" + std::to_string(i);
        const auto [found, fresh] = seen.emplace(request_hash(cp, id), id);
        if (!fresh) return {found->second, id};
    }
}

}  // namespace

TEST_SUITE("projections/requests") {
    TEST_CASE("a request id is found at its first position") {
        Requests requests;
        requests.apply(asked(1, "a"));
        requests.apply(asked(2, ""));
        requests.apply(asked(3, "b"));
        CHECK(requests.candidates(cp, "a") == at({1}));
        CHECK(requests.candidates(cp, "b") == at({3}));
        CHECK(requests.candidates(cp, "c").empty());
    }

    TEST_CASE("the same id of another caller is another request") {
        Requests requests;
        requests.apply(asked(1, "a"));
        CHECK(requests.candidates(TextId{4}, "a").empty());
    }

    TEST_CASE("an operation that never came to a decision has no answer to give again") {
        Requests requests;
        Event event = asked(1, "a");
        event.outcome = Outcome::store_error;
        event.payload = OperationFailed{ErrorCode::no_space, {}};
        requests.apply(event);
        CHECK(requests.candidates(cp, "a").empty());
    }

    TEST_CASE("an id is remembered for the window and not one position longer") {
        const std::int64_t window = limits::request_window;
        for (const std::int64_t first : {std::int64_t{1}, window - 1, window, window + 1}) {
            CAPTURE(first);
            Requests requests;
            requests.apply(asked(first, "a"));
            requests.apply(asked(first + window - 1, ""));
            CHECK(requests.candidates(cp, "a") == at({first}));
            requests.apply(asked(first + window, ""));
            CHECK(requests.candidates(cp, "a").empty());
        }
    }

    TEST_CASE("ids of both spans of the window are found in order") {
        const std::int64_t window = limits::request_window;
        Requests requests;
        requests.apply(asked(window - 2, "a"));
        requests.apply(asked(window + 2, "a"));
        requests.apply(asked(window + 3, "b"));
        CHECK(requests.candidates(cp, "a") == at({window - 2, window + 2}));
        CHECK(survives_saving(requests));
        requests.apply(asked(3 * window, "c"));
        CHECK(requests.candidates(cp, "a").empty());
        CHECK(requests.candidates(cp, "c") == at({3 * window}));
    }

    TEST_CASE("ids of one hash are both candidates") {
        const auto [one, other] = same_hash();
        Requests requests;
        requests.apply(asked(1, other));
        requests.apply(asked(2, one));
        CHECK(requests.candidates(cp, one) == at({1, 2}));
        CHECK(requests.candidates(cp, other) == at({1, 2}));
    }

    TEST_CASE("a request of many events is found at each of them") {
        for (const std::int64_t events : {2, 63, 64, 65, 1'000, 100'000}) {
            CAPTURE(events);
            Requests requests;
            Positions expected;
            for (std::int64_t position = 1; position <= events; ++position) {
                requests.apply(asked(position, "expire"));
                expected.emplace_back(position);
            }
            requests.apply(asked(events + 1, "other"));
            CHECK(requests.candidates(cp, "expire") == expected);
            CHECK(requests.candidates(cp, "other") == at({events + 1}));
        }
    }

    TEST_CASE("an id is found before and after it is indexed") {
        Requests requests;
        for (std::int64_t position = 1; position <= 300; ++position) {
            requests.apply(asked(position, "id-" + std::to_string(position)));
            for (std::int64_t earlier = 1; earlier <= position; ++earlier)
                REQUIRE(requests.candidates(cp, "id-" + std::to_string(earlier)) == at({earlier}));
        }
        CHECK(survives_saving(requests));
    }

    TEST_CASE("many ids are each found where they were asked") {
        Requests requests;
        for (std::int64_t position = 1; position <= 50'000; ++position)
            requests.apply(asked(position, "id-" + std::to_string(position * 7919)));
        for (std::int64_t position = 1; position <= 50'000; ++position) {
            const auto found = requests.candidates(cp, "id-" + std::to_string(position * 7919));
            REQUIRE(std::ranges::find(found, Position{position}) != found.end());
        }
        CHECK(requests.candidates(cp, "id-1").size() <= 1);
    }

    TEST_CASE("positions that were folded already are passed over") {
        Requests requests;
        requests.apply(asked(5, "a"));
        requests.apply(asked(5, "b"));
        requests.apply(asked(4, "c"));
        CHECK(requests.candidates(cp, "b").empty());
        CHECK(requests.candidates(cp, "c").empty());
    }

    TEST_CASE("the hash is frozen") {
        CHECK(request_hash(TextId{0}, "") == 0);
        CHECK(request_hash(TextId{3}, "retry-1") == 0xc5218f5d);
        CHECK(request_hash(TextId{3}, "0123456789abcdef0") == 0x5f9dac8e);
    }

    TEST_CASE("saved ids that lie outside the window are forgotten") {
        const std::int64_t window = limits::request_window;
        Requests requests, fresh;
        requests.apply(asked(10, "old"));
        requests.apply(asked(window + 20, "new"));
        fresh.apply(asked(window + 20, "new"));
        CHECK(bytes_of(requests) == bytes_of(fresh));
        CHECK(survives_saving(requests));
        CHECK(survives_saving(Requests{}));
    }

    TEST_CASE("positions that cannot be are not read") {
        Requests requests;
        requests.apply(asked(1, "a"));
        requests.apply(asked(2, "b"));
        const std::string good = bytes_of(requests);
        REQUIRE(good.size() == 8 + 4 + 4 + 16);
        std::string beyond = good, unordered = good, before = good;
        beyond[16 + 8] = 3;     // an id after the last event
        unordered[16 + 8] = 1;  // twice one position
        before[7] = '\x80';     // a position below 0
        for (const auto& bad : {beyond, unordered, before}) {
            Requests loaded;
            CHECK_FALSE(reads(loaded, bad));
        }
    }
}
