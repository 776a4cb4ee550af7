// Policies as written on the command line.

#include <doctest/doctest.h>

#include "tools/replay/policy.hpp"
#include "tools/when.hpp"

using namespace fenceline;
using namespace fenceline::tools;

TEST_SUITE("tools/policy") {
    TEST_CASE("a policy names what differs and leaves the rest unsaid") {
        const auto policy = parse_policy("hot_idle_ttl=5m,max_org_workers=4,warm_target=0");
        REQUIRE(policy);
        replay::Policy expected;
        expected.hot_idle_ttl = *parse_duration("300s");
        expected.max_org_workers = 4;
        expected.warm_target = 0;
        CHECK(*policy == expected);
        const auto nothing = parse_policy("");
        REQUIRE(nothing);
        CHECK(*nothing == replay::Policy{});
    }

    TEST_CASE("a policy is written as it is read") {
        for (const char* text : {"", "hot_idle_ttl=1h30m", "stuck_spawning=0s,orphan_grace=1d5ms",
                                 "stuck_activating=250ms,max_org_workers=4,warm_target=0"}) {
            const auto policy = parse_policy(text);
            REQUIRE(policy);
            CHECK(policy_text(*policy) == text);
        }
        CHECK(policy_text(*parse_policy("max_global_workers=7,hot_idle_ttl=90s")) ==
              "hot_idle_ttl=1m30s,max_global_workers=7");
    }

    TEST_CASE("an unknown key is refused with the one that was meant") {
        const auto policy = parse_policy("hot_idle_tll=5m");
        REQUIRE_FALSE(policy);
        CHECK(policy.error().text ==
              "--with: unknown \"hot_idle_tll\"; did you mean \"hot_idle_ttl\"?");
    }

    TEST_CASE("values that make no sense are refused") {
        for (const char* text :
             {"hot_idle_ttl=5", "hot_idle_ttl=-5m", "max_org_workers=-1", "max_org_workers=4x",
              "max_org_workers=99999999999999999999", "warm_target=", "warm_target", ",",
              "warm_target=1,", "warm_target=1,warm_target=2", "hot_idle_ttl=1s,hot_idle_ttl=1s"})
            CHECK_MESSAGE(!parse_policy(text), text);
    }
}
