#include "projections/metrics.hpp"

#include <algorithm>

#include <doctest/doctest.h>

#include "events/text.hpp"
#include "projections/metric_numbers.hpp"
#include "projections/tallies.hpp"
#include "tests/projections/fixture.hpp"

using namespace fenceline;
using namespace fenceline::testing;

namespace {

// A pool with its texts, and the page it makes.
struct Pool {
    Dictionary texts;
    PoolGauges gauges;
    Tallies tallies;

    TextId text(std::string_view t) { return texts.intern(t); }
    void apply(const Event& event) {
        gauges.apply(event);
        tallies.apply(event);
    }
    [[nodiscard]] MetricSnapshot page(const MetricView& view = {}) const {
        return snapshot(gauges, tallies, texts, view);
    }
    // The series of one family as lines: `a,b,c value`.
    [[nodiscard]] std::vector<std::string> lines(std::string_view name,
                                                 const MetricView& view = {}) const {
        std::vector<std::string> out;
        const MetricSnapshot made = page(view);
        const auto found = std::ranges::find(made.families, name, &MetricFamily::name);
        REQUIRE(found != made.families.end());
        for (const MetricSeries& series : found->series) {
            std::string line;
            for (const auto& [label, value] : series.labels) line += value + ",";
            if (!line.empty()) line.back() = ' ';
            out.push_back(line + std::to_string(found->type == MetricType::histogram
                                                    ? series.buckets.back()
                                                    : series.value));
        }
        return out;
    }
};

using Lines = std::vector<std::string>;

Event spawned(TextId image, TextId org = {}) {
    Event event = event_of(Operation::spawn, Outcome::transitioned, image);
    event.to = State::spawning;
    event.payload = WorkerSpawned{.org = org};
    return event;
}

Event targets(WarmCapacityTargeted targeted) {
    return report(Operation::warm_capacity_targets, std::move(targeted), TextId{});
}

// One row of the contract's "Seed labels" each: what was decided, and what older dashboards see.
struct SeedRow {
    Operation operation;
    Outcome exact;
    State observed;
    const char* seed;
};
using enum Operation;
using O = Outcome;
using S = State;
constexpr auto idle_variant = retire_idle_variant_from_snapshot;
// clang-format off
const SeedRow seed_rows[] = {
    {drain,                       O::fence_miss_owner,      S::none,     "fence_miss_lease"},
    {drain,                       O::row_missing,           S::none,     "fence_miss_lease"},
    {retire_drained,              O::fence_miss_epoch,      S::none,     "fence_miss_lease"},
    {mark_lost_from_lease,        O::fence_miss_state,      S::none,     "fence_miss_lease"},
    {refresh_lease,               O::fence_miss_epoch,      S::none,     "fence_miss_owner"},
    {refresh_lease,               O::row_missing,           S::none,     "fence_miss_owner"},
    {retire_from_snapshot,        O::fence_miss_updated_at, S::idle,     "fence_miss_snapshot"},
    {retire_from_snapshot,        O::row_missing,           S::hot,      "fence_miss_snapshot"},
    {retire_orphan_from_snapshot, O::fence_miss_cp_revived, S::hot,      "fence_miss_snapshot"},
    {idle_variant,                O::fence_miss_state,      S::idle,     "fence_miss_snapshot"},
    {idle_variant,                O::fence_miss_owner,      S::hot_idle, "fence_miss_snapshot"},
    {idle_variant,                O::fence_miss_state,      S::hot,      "fence_miss_state"},
    {idle_variant,                O::fence_miss_epoch,      S::spawning, "fence_miss_state"},
    // Not misses, and operations that the seed labels do not coarsen.
    {drain,                       O::transitioned,          S::none,     "transitioned"},
    {drain,                       O::store_error,           S::none,     "store_error"},
    {retire_from_snapshot,        O::store_error,           S::idle,     "store_error"},
    {retire_local,                O::fence_miss_epoch,      S::none,     "fence_miss_epoch"},
    {take_over,                   O::fence_miss_epoch,      S::none,     "fence_miss_epoch"},
    {claim_idle,                  O::no_idle,               S::none,     "no_idle"},
    {park,                        O::fence_miss_state,      S::none,     "fence_miss_state"},
};
// clang-format on

}  // namespace

TEST_SUITE("projections/metrics") {
    TEST_CASE("the families are those of the contract in their order") {
        struct Row {
            const char* name;
            MetricType type;
            std::size_t bounds;
        };
        // clang-format off
        const Row contract[] = {
            {"duckgres_worker_lifecycle_count",                       MetricType::gauge,     0},
            {"duckgres_worker_lifecycle_transitions_total",           MetricType::counter,   0},
            {"duckgres_worker_lifecycle_transition_duration_seconds", MetricType::histogram, 12},
            {"duckgres_worker_drain_total_duration_seconds",          MetricType::histogram, 10},
            {"duckgres_worker_spawn_failures_total",                  MetricType::counter,   0},
            {"duckgres_worker_health_checks_total",                   MetricType::counter,   0},
            {"duckgres_worker_stranded_pods_reconciled_total",        MetricType::counter,   0},
            {"duckgres_worker_stranded_secrets_reconciled_total",     MetricType::counter,   0},
            {"duckgres_activation_duration_seconds",                  MetricType::histogram, 9},
            {"duckgres_activation_failures_total",                    MetricType::counter,   0},
            {"duckgres_warm_capacity_misses_total",                   MetricType::counter,   0},
            {"duckgres_warm_capacity_effective_target",               MetricType::gauge,     0},
            {"duckgres_warm_capacity_headroom",                       MetricType::gauge,     0},
        };
        // clang-format on
        const MetricSnapshot page = Pool{}.page();
        REQUIRE(page.families.size() == std::size(contract));
        for (std::size_t i = 0; i < std::size(contract); ++i) {
            CHECK(page.families[i].name == contract[i].name);
            CHECK(page.families[i].type == contract[i].type);
            CHECK(page.families[i].bounds_ns.size() == contract[i].bounds);
            CHECK(page.families[i].help.find('\n') == std::string::npos);
            CHECK(page.families[i].help.find('\\') == std::string::npos);
            CHECK_FALSE(page.families[i].help.empty());
        }
    }

    TEST_CASE("labels carry the names and the order of the contract") {
        Pool pool;
        const TextId image = pool.text("i");
        pool.apply(spawned(image));
        Event activated = event_of(Operation::complete_activation, Outcome::transitioned, image);
        activated.payload = ActivationCompleted{{}, activated.at};
        pool.apply(activated);
        pool.tallies.apply(Measurements{Position{1}, {{Operation::spawn, Duration{1}}}});
        pool.apply(report(Operation::spawn_failed, SpawnFailed{}, image));
        pool.apply(report(Operation::health_checked, HealthChecked{}, image));
        pool.apply(report(Operation::stranded_pod, StrandedReconciled{}));
        pool.apply(report(Operation::stranded_secret, StrandedReconciled{}));
        pool.apply(report(Operation::activation_failed, NoDetail{}, image));
        pool.apply(report(Operation::warm_capacity_missed, WarmCapacityMissed{}, image));
        pool.apply(targets({{{image, 1}}, 2}));

        const std::vector<Lines> contract{{"image", "state", "binding"},
                                          {"operation", "outcome", "image", "origin"},
                                          {"operation"},
                                          {},
                                          {"reason", "image"},
                                          {"result", "image"},
                                          {"outcome"},
                                          {"outcome"},
                                          {"image"},
                                          {"image"},
                                          {"image", "reason"},
                                          {"image"},
                                          {}};
        const MetricSnapshot page = pool.page();
        for (std::size_t i = 0; i < contract.size(); ++i) {
            CAPTURE(page.families[i].name);
            REQUIRE_FALSE(page.families[i].series.empty());
            for (const MetricSeries& series : page.families[i].series) {
                Lines names;
                for (const auto& [name, value] : series.labels) names.push_back(name);
                CHECK(names == contract[i]);
            }
        }
    }

    TEST_CASE(
        "nothing but the drain histogram and the headroom is exposed before anything happened") {
        for (const MetricFamily& family : Pool{}.page().families) {
            const bool always = family.name == "duckgres_worker_drain_total_duration_seconds" ||
                                family.name == "duckgres_warm_capacity_headroom";
            CAPTURE(family.name);
            CHECK(family.series.size() == (always ? 1 : 0));
        }
        CHECK(Pool{}.lines("duckgres_warm_capacity_headroom") == Lines{"-1"});
        CHECK(Pool{}.lines("duckgres_worker_drain_total_duration_seconds") == Lines{"0"});
    }

    TEST_CASE("an image with a worker shows all seven states in both bindings") {
        Pool pool;
        pool.apply(spawned(pool.text("img")));
        pool.apply(spawned(pool.text("img"), pool.text("acme")));
        pool.apply(spawned(pool.text("img"), pool.text("acme")));
        CHECK(pool.lines("duckgres_worker_lifecycle_count") ==
              Lines{"img,activating,neutral 0", "img,activating,org_bound 0",
                    "img,draining,neutral 0", "img,draining,org_bound 0", "img,hot,neutral 0",
                    "img,hot,org_bound 0", "img,hot_idle,neutral 0", "img,hot_idle,org_bound 0",
                    "img,idle,neutral 0", "img,idle,org_bound 0", "img,reserved,neutral 0",
                    "img,reserved,org_bound 0", "img,spawning,neutral 1",
                    "img,spawning,org_bound 2"});
    }

    TEST_CASE("an image with a target alone shows zeros and goes with its target") {
        Pool pool;
        pool.apply(targets({{{pool.text("a"), 0}, {pool.text("b"), 3}}, 10}));
        CHECK(pool.lines("duckgres_worker_lifecycle_count").size() == 28);
        CHECK(pool.lines("duckgres_warm_capacity_effective_target") == Lines{"a 0", "b 3"});
        pool.apply(targets({{{pool.text("b"), 3}}, 10}));
        CHECK(pool.lines("duckgres_worker_lifecycle_count").size() == 14);
        CHECK(pool.lines("duckgres_warm_capacity_effective_target") == Lines{"b 3"});
    }

    TEST_CASE("an image whose last worker ended is removed") {
        Pool pool;
        const TextId image = pool.text("img");
        pool.apply(spawned(image));
        Event ended = event_of(Operation::retire_local, Outcome::transitioned, image);
        ended.from = State::spawning;
        ended.to = State::retired;
        pool.apply(ended);
        CHECK(pool.lines("duckgres_worker_lifecycle_count").empty());
    }

    TEST_CASE("workers without an image are left out of the gauge and unknown on counters") {
        Pool pool;
        pool.apply(spawned(TextId{}));
        Event activated = event_of(Operation::complete_activation, Outcome::transitioned, TextId{});
        activated.payload = ActivationCompleted{{}, activated.at};
        pool.apply(activated);
        pool.apply(report(Operation::spawn_failed, SpawnFailed{}, TextId{}));
        pool.apply(report(Operation::health_checked, HealthChecked{}, TextId{}));
        pool.apply(report(Operation::activation_failed, NoDetail{}, TextId{}));
        pool.apply(report(Operation::warm_capacity_missed, WarmCapacityMissed{}, TextId{}));
        CHECK(pool.lines("duckgres_worker_lifecycle_count").empty());
        CHECK(pool.lines("duckgres_worker_lifecycle_transitions_total") ==
              Lines{"complete_activation,transitioned,unknown,unknown 1",
                    "spawn,transitioned,unknown,unknown 1"});
        CHECK(pool.lines("duckgres_activation_duration_seconds") == Lines{"unknown 1"});
        CHECK(pool.lines("duckgres_worker_spawn_failures_total") == Lines{"other,unknown 1"});
        CHECK(pool.lines("duckgres_worker_health_checks_total") == Lines{"pass,unknown 1"});
        CHECK(pool.lines("duckgres_activation_failures_total") == Lines{"unknown 1"});
        CHECK(pool.lines("duckgres_warm_capacity_misses_total") == Lines{"unknown,no_idle 1"});
    }

    TEST_CASE("an image named unknown shares its series with the unnamed one") {
        Pool pool;
        for (const TextId image : {TextId{}, pool.text("unknown")}) {
            pool.apply(report(Operation::activation_failed, NoDetail{}, image));
            Event activated =
                event_of(Operation::complete_activation, Outcome::transitioned, image);
            activated.payload = ActivationCompleted{{}, activated.at - seconds(2)};
            pool.apply(activated);
        }
        CHECK(pool.lines("duckgres_activation_failures_total") == Lines{"unknown 2"});
        CHECK(pool.lines("duckgres_activation_duration_seconds") == Lines{"unknown 2"});
        const auto page = pool.page();
        const auto& series = page.families[8].series.front();
        CHECK(series.sum_ns == seconds(4).ns);
        CHECK(series.buckets == std::vector<std::int64_t>{0, 0, 0, 0, 2, 2, 2, 2, 2, 2});
    }

    TEST_CASE("series are in the order of their texts not of first use") {
        Pool one, other;
        for (const char* image : {"b", "a", "c"})
            one.apply(report(Operation::activation_failed, NoDetail{}, one.text(image)));
        for (const char* image : {"c", "b", "a"})
            other.apply(report(Operation::activation_failed, NoDetail{}, other.text(image)));
        CHECK(one.lines("duckgres_activation_failures_total") == Lines{"a 1", "b 1", "c 1"});
        CHECK(other.lines("duckgres_activation_failures_total") == Lines{"a 1", "b 1", "c 1"});
    }

    TEST_CASE("who does not lead exposes no pool and no headroom") {
        Pool pool;
        pool.apply(spawned(pool.text("a")));
        pool.apply(targets({{{pool.text("a"), 3}}, 10}));
        CHECK(pool.lines("duckgres_warm_capacity_headroom") == Lines{"7"});
        const MetricView follower{.leads = false};
        CHECK(pool.lines("duckgres_worker_lifecycle_count", follower).empty());
        CHECK(pool.lines("duckgres_warm_capacity_effective_target", follower).empty());
        CHECK(pool.lines("duckgres_warm_capacity_headroom", follower) == Lines{"-1"});
        CHECK(pool.lines("duckgres_worker_lifecycle_transitions_total", follower).size() == 1);
    }

    TEST_CASE("the latest report of an instance says whether it leads") {
        Pool pool;
        const TextId cp = pool.text("cp-a");
        CHECK(pool.gauges.leads(cp, true));
        CHECK_FALSE(pool.gauges.leads(cp, false));
        Event event = report(Operation::leadership, LeadershipChanged{Leadership::lost});
        event.caller = cp;
        pool.apply(event);
        CHECK_FALSE(pool.gauges.leads(cp, true));
        CHECK(pool.gauges.leads(pool.text("cp-b"), true));
        event.payload = LeadershipChanged{Leadership::acquired};
        pool.apply(event);
        CHECK(pool.gauges.leads(cp, false));
    }

    TEST_CASE("a target without an image counts against the headroom as unknown") {
        Pool pool;
        pool.apply(targets({{{TextId{}, 4}}, 10}));
        CHECK(pool.lines("duckgres_warm_capacity_effective_target") == Lines{"unknown 4"});
        CHECK(pool.lines("duckgres_warm_capacity_headroom") == Lines{"6"});
        CHECK(pool.lines("duckgres_worker_lifecycle_count").empty());
    }

    TEST_CASE("another namespace is another prefix and none is none") {
        const Pool pool;
        CHECK(pool.page({.name_space = "pool"}).families.front().name ==
              "pool_worker_lifecycle_count");
        CHECK(pool.page({.name_space = ""}).families.front().name == "worker_lifecycle_count");
        for (const char* good : {"", "duckgres", "_x", "a:b_9"}) CHECK(valid_namespace(good));
        for (const char* bad : {"9a", "a-b", "a b", "a\n", "\xc3\xa4"})
            CHECK_FALSE(valid_namespace(bad));
    }

    // One row of the contract's "Seed labels" each: what was decided, and what older dashboards
    // see.
    TEST_CASE("seed labels are those that older dashboards know") {
        for (const SeedRow& row : seed_rows) {
            Pool pool;
            Event event = event_of(row.operation, row.exact, pool.text("i"));
            event.payload = SnapshotJudged{.observed_state = row.observed};
            pool.apply(event);
            const std::string operation(to_text(row.operation));
            CHECK(pool.lines("duckgres_worker_lifecycle_transitions_total") ==
                  Lines{operation + "," + std::string(to_text(row.exact)) + ",i,unknown 1"});
            CHECK(pool.lines("duckgres_worker_lifecycle_transitions_total",
                             {.labels = LabelMode::seed}) ==
                  Lines{operation + "," + row.seed + ",i,unknown 1"});
        }
    }

    TEST_CASE("seed labels add up the series that they make one") {
        Pool pool;
        for (const Outcome outcome : {Outcome::row_missing, Outcome::fence_miss_owner,
                                      Outcome::fence_miss_epoch, Outcome::transitioned})
            pool.apply(event_of(Operation::drain, outcome, pool.text("i")));
        CHECK(pool.lines("duckgres_worker_lifecycle_transitions_total").size() == 4);
        CHECK(pool.lines("duckgres_worker_lifecycle_transitions_total",
                         {.labels = LabelMode::seed}) ==
              Lines{"drain,fence_miss_lease,i,unknown 3", "drain,transitioned,i,unknown 1"});
    }

    TEST_CASE("exact labels do not tell what an idle variant had seen") {
        Pool pool;
        for (const State seen : {State::idle, State::hot}) {
            Event event = event_of(Operation::retire_idle_variant_from_snapshot,
                                   Outcome::fence_miss_owner, pool.text("i"));
            event.payload = SnapshotJudged{.observed_state = seen};
            pool.apply(event);
        }
        CHECK(pool.lines("duckgres_worker_lifecycle_transitions_total") ==
              Lines{"retire_idle_variant_from_snapshot,fence_miss_owner,i,unknown 2"});
    }

    TEST_CASE("labels of a newer program meet in one series") {
        Pool pool;
        for (const int number : {60, 61})
            pool.apply(report(Operation::spawn_failed,
                              SpawnFailed{static_cast<SpawnFailureReason>(number)},
                              pool.text("i")));
        CHECK(pool.lines("duckgres_worker_spawn_failures_total") == Lines{"?,i 2"});
    }

    TEST_CASE("numbers that were taken stay those of their moment") {
        Pool pool;
        const TextId image = pool.text("i");
        pool.apply(spawned(image));
        pool.apply(targets({.targets = {{image, 3}}, .max_workers = 10}));
        pool.apply(report(Operation::activation_failed, NoDetail{}, image));
        const MetricSnapshot before = pool.page();
        const MetricNumbers taken = take_numbers(pool.gauges, pool.tallies, pool.texts);

        pool.apply(spawned(pool.text("other")));
        pool.apply(targets({.targets = {{pool.text("third"), 1}}, .max_workers = 2}));
        pool.apply(report(Operation::activation_failed, NoDetail{}, image));
        pool.texts.truncate(1);
        const MetricSnapshot made = snapshot(taken, {});
        REQUIRE(made.families.size() == before.families.size());
        for (std::size_t i = 0; i < made.families.size(); ++i) {
            const auto &one = made.families[i].series, &other = before.families[i].series;
            REQUIRE(one.size() == other.size());
            for (std::size_t k = 0; k < one.size(); ++k) {
                CHECK(one[k].labels == other[k].labels);
                CHECK(one[k].value == other[k].value);
            }
        }
    }

    TEST_CASE("images pass through byte for byte") {
        Pool pool;
        const std::string hostile = "a\"b\\c\nd{e=\"f\"} <script> \xc3\xa4";
        pool.apply(report(Operation::activation_failed, NoDetail{}, pool.text(hostile)));
        CHECK(pool.lines("duckgres_activation_failures_total") == Lines{hostile + " 1"});
    }
}
