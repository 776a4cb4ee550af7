#include "metrics/prometheus_exporter.hpp"

#include <stdexcept>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "tests/metrics/fixture.hpp"

using namespace fenceline;
using namespace fenceline::testing;

namespace {

std::string collected(const prometheus::Collectable& collectable) {
    return prometheus::TextSerializer().Serialize(collectable.Collect());
}

// A store that fails when it is told to.
struct Source {
    enum class Mood { well, failing, throwing };
    Pool pool;
    Mood mood = Mood::well;

    std::function<Result<ExposedState>()> expose() {
        return [this]() -> Result<ExposedState> {
            if (mood == Mood::throwing) throw std::runtime_error("not ours");
            if (mood == Mood::failing) return fail(ErrorCode::io, "read failed");
            return ExposedState{pool.page(), some_info()};
        };
    }
};

}  // namespace

TEST_SUITE("metrics/exporter") {
    TEST_CASE("an empty store exposes what is always there and nothing else") {
        const std::string expected =
            "# HELP duckgres_worker_drain_total_duration_seconds Time from a worker's drain "
            "until its pod is deleted.\n"
            "# TYPE duckgres_worker_drain_total_duration_seconds histogram\n"
            "duckgres_worker_drain_total_duration_seconds_count 0\n"
            "duckgres_worker_drain_total_duration_seconds_sum 0\n"
            "duckgres_worker_drain_total_duration_seconds_bucket{le=\"0.05\"} 0\n"
            "duckgres_worker_drain_total_duration_seconds_bucket{le=\"0.1\"} 0\n"
            "duckgres_worker_drain_total_duration_seconds_bucket{le=\"0.25\"} 0\n"
            "duckgres_worker_drain_total_duration_seconds_bucket{le=\"0.5\"} 0\n"
            "duckgres_worker_drain_total_duration_seconds_bucket{le=\"1\"} 0\n"
            "duckgres_worker_drain_total_duration_seconds_bucket{le=\"2.5\"} 0\n"
            "duckgres_worker_drain_total_duration_seconds_bucket{le=\"5\"} 0\n"
            "duckgres_worker_drain_total_duration_seconds_bucket{le=\"10\"} 0\n"
            "duckgres_worker_drain_total_duration_seconds_bucket{le=\"30\"} 0\n"
            "duckgres_worker_drain_total_duration_seconds_bucket{le=\"60\"} 0\n"
            "duckgres_worker_drain_total_duration_seconds_bucket{le=\"+Inf\"} 0\n"
            "# HELP duckgres_warm_capacity_headroom Workers that may still be started "
            "beyond the warm targets; -1 is unbounded or unknown.\n"
            "# TYPE duckgres_warm_capacity_headroom gauge\n"
            "duckgres_warm_capacity_headroom -1\n"
            "# HELP fenceline_journal_position Journal position that this page has folded.\n"
            "# TYPE fenceline_journal_position gauge\n"
            "fenceline_journal_position 0\n"
            "# HELP fenceline_counting_from_position Counters and histograms of this page "
            "count events after this journal position.\n"
            "# TYPE fenceline_counting_from_position gauge\n"
            "fenceline_counting_from_position 0\n"
            "# HELP fenceline_pending_failures Failed operations that are counted but not "
            "yet in the journal.\n"
            "# TYPE fenceline_pending_failures gauge\n"
            "fenceline_pending_failures 0\n";
        CHECK(expose_text(Pool{}.page(), {}) == expected);
    }

    TEST_CASE("the page says how far it is and who records") {
        const std::string page = expose_text(Pool{}.page(), some_info());
        CHECK(has_line(page, "fenceline_journal_position 1234"));
        CHECK(has_line(page, "fenceline_counting_from_position 1200"));
        CHECK(has_line(page, R"(fenceline_recorder_info{instance="cp-a:boot-1",run="run-7"} 1)"));
        CHECK(has_line(page, "fenceline_pending_failures 2"));
        CHECK(has_line(page, R"(fenceline_build_info{version="1.2.3"} 1)"));
    }

    TEST_CASE("the transition histogram prints the bounds of the contract") {
        Pool pool;
        pool.tallies.apply(Measurements{Position{1}, {{Operation::drain, milliseconds(25)}}});
        const std::string page = expose_text(pool.page(), {});
        const std::string name = "duckgres_worker_lifecycle_transition_duration_seconds";
        for (const char* bound : {"0.001", "0.005", "0.01"})
            CHECK(has_line(page, name + R"(_bucket{operation="drain",le=")" + bound + "\"} 0"));
        for (const char* bound :
             {"0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"})
            CHECK(has_line(page, name + R"(_bucket{operation="drain",le=")" + bound + "\"} 1"));
        CHECK(has_line(page, name + R"(_sum{operation="drain"} 0.025)"));
        CHECK(has_line(page, name + R"(_count{operation="drain"} 1)"));
    }

    TEST_CASE("the activation histogram prints the bounds of the contract") {
        Pool pool;
        Event event =
            event_of(Operation::complete_activation, Outcome::transitioned, pool.texts.intern("i"));
        event.payload = ActivationCompleted{{}, event.at - seconds(60)};
        pool.apply(event);
        const std::string page = expose_text(pool.page(), {});
        for (const char* bound :
             {"0.1", "0.25", "0.5", "1", "2.5", "5", "10", "30", "60", "+Inf"}) {
            const bool within =
                std::string_view(bound) == "60" || std::string_view(bound) == "+Inf";
            CHECK(has_line(page, R"(duckgres_activation_duration_seconds_bucket{image="i",le=")" +
                                     std::string(bound) + (within ? "\"} 1" : "\"} 0")));
        }
    }

    TEST_CASE("sums of nanoseconds print their decimals") {
        for (const auto& [ns, text] :
             {std::pair{std::int64_t{1}, "1e-09"},
              std::pair{std::int64_t{123'456'789}, "0.123456789"},
              std::pair{std::int64_t{3'600'000'000'001}, "3600.000000001"},
              std::pair{std::int64_t{9'007'199'254'740'991}, "9007199.254740991"}}) {
            Pool pool;
            pool.tallies.apply(Measurements{Position{1}, {{Operation::park, Duration{ns}}}});
            CHECK(has_line(expose_text(pool.page(), {}),
                           std::string("duckgres_worker_lifecycle_transition_duration_seconds_sum"
                                       R"({operation="park"} )") +
                               text));
        }
    }

    TEST_CASE("an image may hold quotes and newlines and backslashes") {
        Pool pool;
        const TextId image = pool.texts.intern("a\"b\\c\nd{e=\"f\"}\xc3\xa4");
        pool.apply(report(Operation::activation_failed, NoDetail{}, image));
        CHECK(has_line(expose_text(pool.page(), {}),
                       R"(duckgres_activation_failures_total{image="a\"b\\c\nd{e=\"f\"}ä"} 1)"));
    }

    TEST_CASE("two pages of one snapshot are the same bytes") {
        const Pool pool = busy_pool(3);
        CHECK(expose_text(pool.page(), some_info()) == expose_text(pool.page(), some_info()));
    }

    TEST_CASE("a collectable renders the same page and its own failures") {
        Source source{busy_pool(1)};
        const auto collectable = make_collectable(source.expose());
        CHECK(collected(*collectable) ==
              expose_text(source.pool.page(), some_info()) +
                  "# HELP fenceline_collect_failures_total Scrapes that could not read the store.\n"
                  "# TYPE fenceline_collect_failures_total counter\n"
                  "fenceline_collect_failures_total 0\n");
    }

    TEST_CASE("a scrape sees what happened since the one before") {
        Source source;
        const auto collectable = make_collectable(source.expose());
        (void)collectable->Collect();
        source.pool.apply(
            report(Operation::stranded_pod, StrandedReconciled{StrandedOutcome::kept}));
        CHECK(has_line(collected(*collectable),
                       R"(duckgres_worker_stranded_pods_reconciled_total{outcome="kept"} 1)"));
    }

    TEST_CASE("a failing store leaves a page of what is still true") {
        for (const auto mood : {Source::Mood::failing, Source::Mood::throwing}) {
            Source source{busy_pool(2)};
            source.pool.apply(report(Operation::warm_capacity_targets,
                                     WarmCapacityTargeted{{{TextId{5}, 3}}, 10}));
            const auto collectable = make_collectable(source.expose());
            const std::string good = collected(*collectable);
            REQUIRE(good.find("duckgres_worker_lifecycle_count{") != std::string::npos);
            REQUIRE(has_line(good, "duckgres_warm_capacity_headroom 7"));

            source.mood = mood;
            (void)collectable->Collect();
            const std::string page = collected(*collectable);
            CHECK(has_line(page, "fenceline_collect_failures_total 2"));
            CHECK(has_line(page, "duckgres_warm_capacity_headroom -1"));
            CHECK(has_line(page, "fenceline_journal_position 1234"));
            CHECK(page.find("duckgres_worker_lifecycle_count") == std::string::npos);
            CHECK(page.find("duckgres_warm_capacity_effective_target") == std::string::npos);
            CHECK(page.find("fenceline_pending_failures") == std::string::npos);
            const auto counters = [](const std::string& text) {
                const auto from = text.find("# HELP duckgres_worker_lifecycle_transitions_total");
                const auto to = text.find("# HELP duckgres_warm_capacity_", from);
                return text.substr(from, to - from);
            };
            CHECK(counters(page) == counters(good));

            source.mood = Source::Mood::well;
            CHECK(has_line(collected(*collectable), "fenceline_collect_failures_total 2"));
            CHECK(has_line(collected(*collectable), "duckgres_warm_capacity_headroom 7"));
        }
    }

    TEST_CASE("a store that never answered gives its failures alone") {
        Source source;
        source.mood = Source::Mood::throwing;
        const auto collectable = make_collectable(source.expose());
        CHECK(collected(*collectable) ==
              "# HELP fenceline_collect_failures_total Scrapes that could not read the store.\n"
              "# TYPE fenceline_collect_failures_total counter\n"
              "fenceline_collect_failures_total 1\n");
    }

    TEST_CASE("several servers may scrape at once") {
        Source source{busy_pool(4)};
        source.mood = Source::Mood::failing;
        const auto collectable = make_collectable(source.expose());
        std::vector<std::thread> servers;
        for (int i = 0; i < 4; ++i)
            servers.emplace_back([&] {
                for (int scrape = 0; scrape < 50; ++scrape) (void)collectable->Collect();
            });
        for (std::thread& server : servers) server.join();
        CHECK(has_line(collected(*collectable), "fenceline_collect_failures_total 201"));
    }
}
