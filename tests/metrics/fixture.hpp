#pragma once

// A pool with some of everything in it, and its page.

#include <string>
#include <string_view>

#include "events/text.hpp"
#include "metrics/prometheus_exporter.hpp"
#include "projections/metrics.hpp"
#include "projections/tallies.hpp"
#include "tests/projections/fixture.hpp"
#include "tests/projections/random_events.hpp"

namespace fenceline::testing {

struct Pool {
    Dictionary texts;
    PoolGauges gauges;
    Tallies tallies;

    void apply(const Event& event) {
        gauges.apply(event);
        tallies.apply(event);
    }
    [[nodiscard]] MetricSnapshot page(const MetricView& view = {}) const {
        return snapshot(gauges, tallies, texts, view);
    }
};

// A history long enough to give every family a series.
inline Pool busy_pool(std::uint64_t seed) {
    Pool pool;
    RandomEvents random(seed, pool.texts);
    for (int i = 0; i < 3'000; ++i) {
        pool.apply(random.next());
        pool.tallies.apply(random.measurements());
    }
    return pool;
}

inline ExpositionInfo some_info() {
    return {.position = Position{1234},
            .counting_from = Position{1200},
            .instance = "cp-a:boot-1",
            .run = "run-7",
            .pending_failures = 2,
            .version = "1.2.3"};
}

// Whether the page has this line, whole.
inline bool has_line(std::string_view page, std::string_view line) {
    const std::string wanted = "\n" + std::string(line) + "\n";
    return ("\n" + std::string(page)).find(wanted) != std::string::npos;
}

}  // namespace fenceline::testing
