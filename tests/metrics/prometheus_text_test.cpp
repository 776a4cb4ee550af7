#include "metrics/prometheus_text.hpp"

#include <cstdint>
#include <limits>
#include <random>

#include <doctest/doctest.h>
#include <prometheus/text_serializer.h>

#include "tests/metrics/fixture.hpp"

using namespace fenceline;
using namespace fenceline::testing;

namespace {

std::string as_the_library(const Families& families) {
    return prometheus::TextSerializer().Serialize(families);
}

Families with_info(const MetricSnapshot& page) {
    Families families = families_of(page);
    append_info(some_info(), families);
    return families;
}

prometheus::MetricFamily gauges(std::vector<double> values) {
    prometheus::MetricFamily family{"g", "", prometheus::MetricType::Gauge, {}};
    for (const double value : values) {
        prometheus::ClientMetric metric;
        metric.gauge.value = value;
        family.metric.push_back(std::move(metric));
    }
    return family;
}

}  // namespace

TEST_SUITE("metrics/prometheus_text") {
    TEST_CASE("pages are what the library prints byte for byte") {
        for (std::uint64_t seed = 1; seed <= 20; ++seed)
            for (const LabelMode labels : {LabelMode::exact, LabelMode::seed}) {
                const auto families = with_info(busy_pool(seed).page({.labels = labels}));
                CHECK(text_of(families) == as_the_library(families));
            }
    }

    TEST_CASE("texts are escaped as the library escapes them") {
        Pool pool;
        for (const char* image : {"\"", "\\", "\n", "\\n", "\\\\\"\"\n\n", "a\"} 1\nfake_total 5\n",
                                  "{}", "\r\n\t", "\xf0\x9f\x90\xa6", " ", "end\\"})
            pool.apply(report(Operation::activation_failed, NoDetail{}, pool.texts.intern(image)));
        const auto families = with_info(pool.page());
        CHECK(text_of(families) == as_the_library(families));
    }

    TEST_CASE("numbers of any size have the library's digits") {
        constexpr double most = 9'223'372'036'854'775'807.0;
        std::vector<double> values{0, 1, -1, 0.1, -0.25, 1e-9, 123456.789, most, -most};
        for (const double limit : {1e15, 1e16, 9'007'199'254'740'992.0})
            for (const double beside : {-2.0, -1.0, -0.5, 0.0, 1.0, 2.0})
                values.push_back(limit + beside);
        values.push_back(std::numeric_limits<double>::infinity());
        values.push_back(-std::numeric_limits<double>::infinity());
        std::mt19937_64 random(1);
        for (int i = 0; i < 20'000; ++i) {
            const auto ns = static_cast<std::int64_t>(random() >> (random() % 64));
            values.push_back(static_cast<double>(ns));
            values.push_back(static_cast<double>(ns) / 1e9);
        }
        const Families families{gauges(std::move(values))};
        CHECK(text_of(families) == as_the_library(families));
    }
}
