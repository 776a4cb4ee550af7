// A store's page against a replay of its journal, and pages that somebody miscounted.

#include <algorithm>

#include <doctest/doctest.h>

#include "journal/lifecycle_store.hpp"
#include "journal/memory/memory_journal.hpp"
#include "projections/metrics.hpp"
#include "replay/causes.hpp"
#include "replay/comparison.hpp"
#include "replay/contract.hpp"
#include "replay/divergence.hpp"
#include "replay/expected.hpp"
#include "tests/support/fake_clock.hpp"

using namespace fenceline;
using namespace fenceline::testing;

namespace {

const std::string transitions = "duckgres_worker_lifecycle_transitions_total";
const std::string counts = "duckgres_worker_lifecycle_count";
const std::string durations = "duckgres_worker_lifecycle_transition_duration_seconds";

// A control plane with an exporter of its own.
struct Running {
    std::shared_ptr<MemoryStorage> storage;
    FakeClock clock;
    std::unique_ptr<LifecycleStore> store;
    WorkerId worker;
    std::string name;

    explicit Running(std::shared_ptr<MemoryStorage> on = std::make_shared<MemoryStorage>(),
                     const std::string& instance = "cp-a:1", bool leads = true)
        : storage(std::move(on)), name(instance) {
        clock.step(milliseconds(3));
        StoreOptions options;
        options.instance = instance;
        options.run = "run-1";
        options.clock = &clock;
        options.leads = leads;
        auto opened = LifecycleStore::open(options, make_memory_journal(storage));
        REQUIRE(opened);
        store = std::move(*opened);
    }
    // Two drains that miss, and one that does not: positions 5, 6 and 7 of a first call.
    void live_a_little() {
        const auto spawned = store->spawn({.image = "duck:1", .org = "acme"});
        REQUIRE(spawned);
        worker = spawned->worker;
        REQUIRE(store->publish_reserved(*spawned->lease)->transitioned());
        REQUIRE(store->begin_activation(*spawned->lease)->transitioned());
        clock.advance(milliseconds(250));
        REQUIRE(store->complete_activation(*spawned->lease)->transitioned());
        const auto stale = LifecycleStore::lease_for(worker, name, Epoch{9}, "duck:1");
        REQUIRE_FALSE(store->drain(stale)->transitioned());
        REQUIRE_FALSE(store->drain(stale)->transitioned());
        REQUIRE(store->spawn({.image = "duck:2"}));
        REQUIRE(store->apply(Command{{}, SetWarmCapacityTargets{{{"duck:2", 3}}, 10}}));
    }
    // What its exporter shows now.
    Scrape page() {
        StoreStatus status;
        const auto metrics = store->metrics({}, status);
        REQUIRE(metrics);
        Scrape page = replay::page_of(*metrics);
        const auto gauge = [&page](const std::string& metric, double value, ScrapedLabels labels) {
            ScrapedSeries series;
            series.labels = std::move(labels);
            series.value = value;
            page.families.push_back({metric, "", ScrapedType::gauge, {series}});
        };
        gauge("fenceline_journal_position", static_cast<double>(status.position.value), {});
        gauge("fenceline_counting_from_position", static_cast<double>(status.counting_from.value),
              {});
        gauge("fenceline_recorder_info", 1, {{"instance", status.instance}, {"run", status.run}});
        std::ranges::sort(page.families, {}, &ScrapedFamily::name);
        return page;
    }
};

ScrapedFamily& family(Scrape& page, const std::string& name) {
    return *std::ranges::find(page.families, name, &ScrapedFamily::name);
}

ScrapedSeries& drains_missed(Scrape& page) {
    for (auto& series : family(page, transitions).series)
        if (std::ranges::find(series.labels,
                              std::pair<std::string, std::string>("outcome", "fence_miss_epoch")) !=
            series.labels.end())
            return series;
    FAIL("no such series");
    return family(page, transitions).series.front();
}

struct Found {
    replay::Comparison comparison;
    std::vector<replay::Causes> causes;

    [[nodiscard]] std::vector<std::int64_t> events(std::size_t difference) const {
        std::vector<std::int64_t> out;
        for (const auto& cause : causes.at(difference).events) out.push_back(cause.position.value);
        return out;
    }
};

Found diff(Running& running, const Scrape& live) {
    const auto journal = make_memory_journal(running.storage);
    const auto expected = replay::expected_page(*journal, live, {});
    REQUIRE_MESSAGE(expected, (expected ? "" : expected.error().text));
    Found found{replay::compare(expected->page, live), {}};
    std::vector<replay::SampleId> samples;
    for (const auto& each : found.comparison.differences) samples.push_back(each.sample);
    const auto causes = replay::causes_of(*journal, samples,
                                          {.to = expected->position,
                                           .after = expected->counting_from,
                                           .recorded_by = expected->recorded_by,
                                           .view = expected->view});
    REQUIRE(causes);
    found.causes = causes->of;
    return found;
}

}  // namespace

TEST_SUITE("replay/diff") {
    TEST_CASE("a page of a running store is the same while the store works on") {
        Running running;
        running.live_a_little();
        const Scrape page = running.page();
        running.live_a_little();
        const auto found = diff(running, page);
        CHECK(found.comparison.same());
        CHECK(found.comparison.series > 10);
        CHECK(found.comparison.foreign.empty());
    }
    TEST_CASE("a process that counts from later is compared from there") {
        Running first;
        first.live_a_little();
        Running second(first.storage, "cp-b:1", false);
        second.live_a_little();
        const Scrape page = second.page();
        CHECK(diff(second, page).comparison.same());
        CHECK(diff(second, first.page()).comparison.same());
    }
    TEST_CASE("a counter off by one is named with the events behind it") {
        Running running;
        running.live_a_little();
        Scrape page = running.page();
        drains_missed(page).value -= 1;
        const auto found = diff(running, page);
        REQUIRE(found.comparison.differences.size() == 1);
        const auto& difference = found.comparison.differences.front();
        CHECK(difference.sample.family == transitions);
        CHECK(difference.replayed == 2.0);
        CHECK(difference.live == 1.0);
        CHECK(found.events(0) == std::vector<std::int64_t>{5, 6});
    }
    TEST_CASE("a series that is missing and one too many are told apart") {
        Running running;
        running.live_a_little();
        Scrape page = running.page();
        auto& series = family(page, transitions).series;
        ScrapedSeries lost = drains_missed(page);
        std::erase_if(series, [&](const auto& each) { return each.labels == lost.labels; });
        auto found = diff(running, page);
        REQUIRE(found.comparison.differences.size() == 1);
        CHECK(found.comparison.differences[0].kind == replay::Difference::Kind::missing);
        CHECK(found.events(0) == std::vector<std::int64_t>{5, 6});

        series.push_back(lost);
        lost.labels[0].second = "zebra";
        series.push_back(lost);
        std::ranges::sort(series, {}, &ScrapedSeries::labels);
        found = diff(running, page);
        REQUIRE(found.comparison.differences.size() == 1);
        CHECK(found.comparison.differences[0].kind == replay::Difference::Kind::surplus);
        CHECK(found.events(0).empty());
    }
    TEST_CASE("one bucket that is shifted is one difference with the calls in it") {
        Running running;
        running.live_a_little();
        Scrape page = running.page();
        auto& drains = family(page, durations).series;
        const auto series = std::ranges::find(drains, ScrapedLabels{{"operation", "drain"}},
                                              &ScrapedSeries::labels);
        REQUIRE(series != drains.end());
        REQUIRE(series->buckets[1].second == 2);
        series->buckets[1].second = 1;
        const auto found = diff(running, page);
        REQUIRE(found.comparison.differences.size() == 1);
        CHECK(to_text(found.comparison.differences[0].sample) ==
              durations + "_bucket{operation=\"drain\",le=\"0.005\"}");
        CHECK(found.events(0) == std::vector<std::int64_t>{5, 6});
    }
    TEST_CASE("a stale gauge is named with the event that it missed") {
        Running running;
        running.live_a_little();
        const Scrape before = running.page();
        const auto lease = LifecycleStore::lease_for(running.worker, "cp-a:1", Epoch{0}, "duck:1");
        const auto drained = running.store->drain(lease);
        REQUIRE(drained->transitioned());
        Scrape page = running.page();
        family(page, counts) = *before.family(counts);
        const auto found = diff(running, page);
        REQUIRE(found.comparison.differences.size() == 2);
        const auto draining = found.comparison.differences[0].replayed == 1.0 ? 0u : 1u;
        CHECK(found.events(draining) == std::vector<std::int64_t>{drained->position.value});
        CHECK(found.events(1 - draining).empty());
        CHECK(found.causes[1 - draining].last_departure == drained->position);
    }
    TEST_CASE("headroom and targets are explained by the event that set them") {
        Running running;
        running.live_a_little();
        Scrape page = running.page();
        family(page, "duckgres_warm_capacity_headroom").series[0].value = 6;
        family(page, "duckgres_warm_capacity_effective_target").series[0].value = 4;
        const auto found = diff(running, page);
        REQUIRE(found.comparison.differences.size() == 2);
        CHECK(found.events(0) == std::vector<std::int64_t>{8});
        CHECK(found.events(1) == std::vector<std::int64_t>{8});
    }
    TEST_CASE("a page beyond the journal or that contradicts itself is an error") {
        Running running;
        running.live_a_little();
        const auto journal = make_memory_journal(running.storage);
        Scrape page = running.page();
        family(page, "fenceline_journal_position").series[0].value = 1'000;
        auto expected = replay::expected_page(*journal, page, {});
        REQUIRE_FALSE(expected);
        CHECK(expected.error().code == ErrorCode::not_found);
        family(page, "fenceline_counting_from_position").series[0].value = 2'000;
        expected = replay::expected_page(*journal, page, {});
        REQUIRE_FALSE(expected);
        CHECK(expected.error().code == ErrorCode::invalid_request);
    }
    TEST_CASE("tolerances and ignored series leave the rest compared") {
        Running running;
        running.live_a_little();
        const Scrape right = running.page();
        Scrape page = right;
        drains_missed(page).value += 1;
        const auto compared = [&](replay::ComparisonOptions options) {
            return replay::compare(right, page, options).differences.size();
        };
        CHECK(compared({}) == 1);
        CHECK(compared({.tolerances = {{transitions, 1, 0}}}) == 0);
        CHECK(compared({.tolerances = {{transitions, 0, 50}}}) == 0);
        CHECK(compared({.tolerances = {{transitions, 0.5, 49}}}) == 1);
        CHECK(compared({.tolerances = {{counts, 1, 0}}}) == 1);
        CHECK(compared({.ignored = {{transitions, {}}}}) == 0);
        CHECK(compared({.ignored = {{"", {{"outcome", "fence_miss_epoch"}}}}}) == 0);
        CHECK(compared({.ignored = {{counts, {{"outcome", "fence_miss_epoch"}}}}}) == 1);
    }
    TEST_CASE("the sum of two replicas is the sum of their replays") {
        Running first;
        first.live_a_little();
        Running second(first.storage, "cp-b:1", false);
        second.live_a_little();
        const auto journal = make_memory_journal(first.storage);
        std::vector<Scrape> live{second.page(), first.page()}, replayed;
        for (const auto& page : live) {
            const auto expected = replay::expected_page(*journal, page, {});
            REQUIRE(expected);
            replayed.push_back(expected->page);
        }
        const auto sum = [&](const std::vector<Scrape>& pages) {
            return replay::sum_of(pages, 1, replayed[0]);
        };
        CHECK(replay::compare(sum(replayed), sum(live)).same());
        CHECK(drains_missed(live[0]).value + drains_missed(live[1]).value == 4);
        drains_missed(live[0]).value += 1;
        CHECK_FALSE(replay::compare(sum(replayed), sum(live)).same());
    }
    TEST_CASE("the table of known metrics is what the projections render") {
        Running running;
        running.live_a_little();
        const Scrape page = running.page();
        for (const auto& known : replay::known_families()) {
            const auto* rendered = page.family(full_name(known, "duckgres"));
            REQUIRE(rendered != nullptr);
            for (const auto& series : rendered->series) {
                std::vector<std::string_view> labels;
                for (const auto& [name, value] : series.labels) labels.emplace_back(name);
                CHECK(labels == known.labels);
            }
        }
    }
    TEST_CASE("two journals part where the first event says something else") {
        Running one, other, longer;
        one.live_a_little();
        longer.live_a_little();
        longer.live_a_little();
        other.live_a_little();
        one.store->spawn({.image = "duck:3"}).value();
        other.store->spawn({.image = "duck:4"}).value();
        const auto part = [](Running& a, Running& b) {
            const auto mine = make_memory_journal(a.storage),
                       theirs = make_memory_journal(b.storage);
            const auto found = replay::diverging(
                *mine, *theirs, {.differs = [](const replay::Said& x, const replay::Said& y) {
                    return x.texts.text(x.event.image) != y.texts.text(y.event.image) ||
                           x.event.operation != y.event.operation;
                }});
            REQUIRE(found);
            return *found;
        };
        CHECK(part(one, one).same());
        CHECK(part(one, other).first == Position{9});
        CHECK_FALSE(part(one, longer).same());
    }
}
