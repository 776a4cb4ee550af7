#include "metrics/exposition.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/metrics/fixture.hpp"

using namespace fenceline;
using namespace fenceline::testing;

namespace {

Scrape read(std::string_view page) {
    auto scrape = parse_exposition(page);
    REQUIRE_MESSAGE(scrape, (scrape ? "" : scrape.error().text));
    return std::move(*scrape);
}

std::string refusal(std::string_view page) {
    const auto scrape = parse_exposition(page);
    if (scrape) return "";
    CHECK(scrape.error().code == ErrorCode::corrupt);
    return scrape.error().text;
}

ScrapedLabels by_name(ScrapedLabels labels) {
    std::ranges::sort(labels);
    return labels;
}

ScrapedType scraped(MetricType type) {
    switch (type) {
        case MetricType::counter: return ScrapedType::counter;
        case MetricType::gauge: return ScrapedType::gauge;
        case MetricType::histogram: return ScrapedType::histogram;
    }
    return ScrapedType::untyped;
}

void check_same(const MetricFamily& family, const MetricSeries& series, const Scrape& scrape) {
    const ScrapedSeries* found = scrape.series(family.name, by_name(series.labels));
    REQUIRE(found != nullptr);
    if (family.type != MetricType::histogram) {
        CHECK(found->value == static_cast<double>(series.value));
        return;
    }
    REQUIRE(found->buckets.size() == series.buckets.size());
    for (std::size_t i = 0; i < series.buckets.size(); ++i) {
        const double bound = i < family.bounds_ns.size()
                                 ? static_cast<double>(family.bounds_ns[i]) / 1e9
                                 : std::numeric_limits<double>::infinity();
        CHECK(found->buckets[i] == std::pair(bound, static_cast<double>(series.buckets[i])));
    }
    CHECK(found->count == static_cast<double>(series.buckets.back()));
    CHECK(found->sum == doctest::Approx(static_cast<double>(series.sum_ns) / 1e9).epsilon(1e-15));
}

// Everything that the snapshot holds is in the scrape, and nothing else but the page's own.
void check_same(const MetricSnapshot& page, const Scrape& scrape) {
    std::size_t families = 0;
    for (const MetricFamily& family : page.families) {
        CAPTURE(family.name);
        const ScrapedFamily* found = scrape.family(family.name);
        REQUIRE((found != nullptr) == !family.series.empty());
        if (!found) continue;
        ++families;
        CHECK(found->type == scraped(family.type));
        CHECK(found->help == family.help);
        REQUIRE(found->series.size() == family.series.size());
        for (const MetricSeries& series : family.series) check_same(family, series, scrape);
    }
    const auto own = std::ranges::count_if(scrape.families, [](const ScrapedFamily& family) {
        return family.name.starts_with("fenceline_");
    });
    CHECK(scrape.families.size() == families + static_cast<std::size_t>(own));
}

// A whole histogram, but for what a test takes out or puts in.
std::string histogram(std::string_view lines) {
    return "# TYPE h histogram\n" + std::string(lines);
}

}  // namespace

TEST_SUITE("metrics/exposition") {
    TEST_CASE("what the exporter prints is read back") {
        for (std::uint64_t seed = 1; seed <= 5; ++seed) {
            const Pool pool = busy_pool(seed);
            for (const LabelMode labels : {LabelMode::exact, LabelMode::seed}) {
                const MetricSnapshot page = pool.page({.labels = labels});
                check_same(page, read(expose_text(page, some_info())));
            }
        }
    }

    TEST_CASE("hostile texts are read back") {
        Pool pool;
        for (const char* image : {"\"", "\\", "\n", "\\n", "a\"} 1\nfake_total 5\n", "{}", "#",
                                  "\r\n\t", "\xf0\x9f\x90\xa6", " ", "=", ",", "# TYPE x counter"})
            pool.apply(report(Operation::activation_failed, NoDetail{}, pool.texts.intern(image)));
        check_same(pool.page(), read(expose_text(pool.page(), {})));
    }

    TEST_CASE("a page of ours says where it comes from") {
        const auto origin = origin_of(read(expose_text(Pool{}.page(), some_info())));
        REQUIRE(origin);
        CHECK(origin->position == Position{1234});
        CHECK(origin->counting_from == Position{1200});
        CHECK(origin->instance == "cp-a:boot-1");
        CHECK(origin->run == "run-7");
        const auto cluster = origin_of(read(expose_text(Pool{}.page(), {})));
        REQUIRE(cluster);
        CHECK(cluster->instance.empty());
        CHECK_FALSE(origin_of(read("up 1\n")));
        CHECK_FALSE(origin_of(read("fenceline_journal_position 7\n")));
        CHECK_FALSE(origin_of(
            read("fenceline_journal_position 7.5\nfenceline_counting_from_position 0\n")));
        CHECK_FALSE(origin_of(
            read("fenceline_journal_position 1e300\nfenceline_counting_from_position 0\n")));
    }

    TEST_CASE("a page that breaks off anywhere is never taken for ours and whole") {
        Pool pool;
        pool.apply(report(Operation::stranded_pod, StrandedReconciled{}));
        pool.tallies.apply(Measurements{Position{1}, {{Operation::park, Duration{5}}}});
        const MetricSnapshot made = pool.page();
        const std::string page = expose_text(made, some_info());
        std::size_t read_as_ours = 0;
        for (std::size_t size = 0; size < page.size(); ++size) {
            const auto cut = parse_exposition(std::string_view(page).substr(0, size));
            if (!cut) continue;
            CHECK(page[size - 1] == '\n');
            if (!origin_of(*cut)) continue;
            ++read_as_ours;
            check_same(made, *cut);
        }
        CHECK(read_as_ours == 3);  // after each of the families that follow the positions
    }

    TEST_CASE("what other programs write is read") {
        const Scrape scrape = read(
            "# a comment for people\n"
            "#\n"
            "\n"
            "  \t\n"
            "# HELP a_total Counts \\\\ things.\n"
            "# TYPE a_total counter\n"
            "a_total{ y = \"2\" , x=\"1\", } 1.5e3 1700000000000\n"
            "a_total +7\n"
            "bare{} -3.25\n"
            "# TYPE s summary\n"
            "s{quantile=\"0.5\"} NaN\n"
            "s{quantile=\"0.99\"} 7\n"
            "s_sum 0\n"
            "s_count 0\n"
            "inf +Inf\n"
            "minus -Inf\n"
            "nan Nan\n"
            "with:colon 0\n");
        CHECK(scrape.value("a_total", {{"x", "1"}, {"y", "2"}}) == 1500);
        CHECK(scrape.value("a_total", {}) == 7);
        CHECK(scrape.family("a_total")->type == ScrapedType::counter);
        CHECK(scrape.value("bare", {}) == -3.25);
        CHECK(scrape.family("bare")->type == ScrapedType::untyped);
        CHECK(scrape.value("inf", {}) == std::numeric_limits<double>::infinity());
        CHECK(scrape.value("minus", {}) == -std::numeric_limits<double>::infinity());
        CHECK(std::isnan(*scrape.value("nan", {})));
        CHECK(scrape.value("with:colon", {}) == 0);
        const ScrapedSeries* summary = scrape.series("s", {});
        REQUIRE(summary);
        REQUIRE(summary->buckets.size() == 2);
        CHECK(summary->buckets[1] == std::pair(0.99, 7.0));
        CHECK(scrape.families.size() == 7);
        CHECK_FALSE(scrape.value("absent", {}));
        CHECK_FALSE(scrape.value("a_total", {{"x", "1"}}));
    }

    TEST_CASE("buckets may come in any order and beside one another") {
        const Scrape scrape = read(
            "# TYPE h histogram\n"
            "h_count{a=\"2\"} 0\n"
            "h_bucket{le=\"+Inf\",a=\"1\"} 3\n"
            "h_bucket{a=\"2\",le=\"+Inf\"} 0\n"
            "h_bucket{a=\"1\",le=\"0.5\"} 1\n"
            "h_sum{a=\"1\"} 2.5\n"
            "h_sum{a=\"2\"} 0\n"
            "h_count{a=\"1\"} 3\n");
        const ScrapedSeries* one = scrape.series("h", {{"a", "1"}});
        REQUIRE(one);
        CHECK(one->line == 3);
        CHECK(one->sum == 2.5);
        CHECK(one->count == 3);
        REQUIRE(one->buckets.size() == 2);
        CHECK(one->buckets[0] == std::pair(0.5, 1.0));
    }

    TEST_CASE("what is not a page is refused with its line") {
        struct Row {
            std::string page;
            const char* text;
        };
        const Row rows[] = {
            {"", "line 1: there is no sample"},
            {"\n\n# only words\n", "line 3: there is no sample"},
            {"<html><body>404</body></html>\n", "line 1: a metric's name is expected"},
            {"{\"status\":\"error\"}\n", "line 1: a metric's name is expected"},
            {"a 1\nb", "line 2: the page breaks off within a line"},
            {"a 1", "line 1: the page breaks off within a line"},
            {"a\n", "line 1: \"a\" breaks off before its value"},
            {"a{b=\"c\"}\n", "line 1: \"a\" breaks off before its value"},
            {"a{b=\"c\n", "line 1: a label's value breaks off"},
            {"a{b=\"c\\x\"} 1\n", "line 1: only \\\\, \\\" and \\n are escapes"},
            {"a{b=c} 1\n", "line 1: a label's value begins with a quote"},
            {"a{b} 1\n", "line 1: = is expected after label \"b\""},
            {"a{1=\"c\"} 1\n", "line 1: a label's name or } is expected"},
            {"a{b:c=\"d\"} 1\n", "line 1: = is expected after label \"b\""},
            {"a{b=\"c\" d=\"e\"} 1\n", "line 1: , or } is expected after a label"},
            {"a{b=\"c\",b=\"d\"} 1\n", "line 1: label \"b\" comes twice"},
            {"a one\n", "line 1: the value of \"a\" is not a number"},
            {"a 1x\n", "line 1: the value of \"a\" is not a number"},
            {"a 0x10\n", "line 1: the value of \"a\" is not a number"},
            {"a 1,5\n", "line 1: the value of \"a\" is not a number"},
            {"a +-1\n", "line 1: the value of \"a\" is not a number"},
            {"a nan(1)\n", "line 1: the value of \"a\" is not a number"},
            {"a 1e999\n", "line 1: the value of \"a\" is not a number"},
            {"a-b 1\n", "line 1: the value of \"a\" is not a number"},
            {"a 1\r\n", "line 1: the value of \"a\" is not a number"},
            {"a 1 soon\n", "line 1: the timestamp is not an integer"},
            {"a 1 2 3\n", "line 1: there is more after the timestamp"},
            {"a 1 # {trace=\"1\"} 2\n", "line 1: the timestamp is not an integer"},
            {"a 1\na 2\n", "line 2: this series of a came before"},
            {"a{x=\"1\",y=\"2\"} 1\na{y=\"2\",x=\"1\"} 1\n",
             "line 2: this series of a came before"},
            {"a 1\nb 1\na{x=\"1\"} 2\n", "line 3: a came before: its lines are not together"},
            {"# TYPE a sparkline\n", "line 1: \"sparkline\" is not a type"},
            {"# TYPE a\n", "line 1: \"\" is not a type"},
            {"# TYPE\n", "line 1: a metric's name is expected after TYPE"},
            {"# HELP 1a x\n", "line 1: a metric's name is expected after HELP"},
            {"# TYPE a-b counter\n", "line 1: a metric's name is expected after TYPE"},
            {"# TYPE a counter\n# TYPE a gauge\n", "line 2: TYPE comes twice for a"},
            {"# HELP a x\n# HELP a x\n", "line 2: HELP comes twice for a"},
            {"a 1\n# TYPE a gauge\n", "line 2: HELP and TYPE come before the samples of a"},
            {"a 1\n# HELP b x\n", "line 2: the page breaks off after the head of a family"},
            {"# TYPE a counter\na -1\n", "line 2: a is a counter and cannot be below 0"},
            {"# TYPE a counter\na NaN\n", "line 2: a is a counter and cannot be below 0"},
            {"a{b=\"\xff\"} 1\n", "line 1: the line is not UTF-8"},
            {std::string("a 1\0\n", 5), "line 1: the line is not UTF-8"},
        };
        for (const Row& row : rows) CHECK(refusal(row.page) == row.text);
    }

    TEST_CASE("a histogram that is not one is refused with its line") {
        struct Row {
            const char* lines;
            const char* text;
        };
        const Row rows[] = {
            {"h_bucket{le=\"+Inf\"} 1\nh_count 1\n", "line 2: a series of h has no _sum"},
            {"h_bucket{le=\"+Inf\"} 1\nh_sum 1\n", "line 2: a series of h has no _count"},
            {"h_sum 1\nh_count 1\n", "line 2: a series of h has no bucket +Inf"},
            {"h_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n",
             "line 2: a series of h has no bucket +Inf"},
            {"h_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n",
             "line 2: the buckets of a series of h fall"},
            {"h_bucket{le=\"1\"} 1\nh_bucket{le=\"1.0\"} 1\nh_bucket{le=\"+Inf\"} 1\n"
             "h_sum 1\nh_count 1\n",
             "line 2: a series of h has a bound twice"},
            {"h_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 2\n",
             "line 2: bucket +Inf and _count of h differ"},
            {"h_bucket{le=\"+Inf\"} 1.5\nh_sum 1\nh_count 1.5\n",
             "line 2: a bucket of h is not a number of samples"},
            {"h_bucket{le=\"+Inf\"} NaN\nh_sum 1\nh_count NaN\n",
             "line 2: a bucket of h is not a number of samples"},
            {"h_bucket{le=\"x\"} 1\n", "line 2: le=\"x\" is not a number"},
            {"h_bucket{le=\"NaN\"} 1\n", "line 2: le=\"NaN\" is not a number"},
            {"h_bucket 1\n", "line 2: h has a line without le"},
            {"h_sum 1\nh_sum 1\n", "line 3: this series of h_sum came before"},
            {"h 1\n", "line 2: h is a histogram and has no sample of its own"},
            {"h_bucket{le=\"+Inf\"} 0\nh_sum 0\nh_count 0\nx 1\nh_count{a=\"1\"} 0\n",
             "line 6: h_count came before: its lines are not together"},
            // The series that is not whole is named, not the line at which that was noticed.
            {"h_bucket{le=\"+Inf\"} 0\nh_sum 0\nh_count 0\nh_sum{a=\"1\"} 0\nx 1\n",
             "line 5: a series of h has no _count"},
        };
        for (const Row& row : rows) CHECK(refusal(histogram(row.lines)) == row.text);
        CHECK(refusal("# TYPE s summary\ns_sum 0\n") == "line 2: a series of s has no _count");
        CHECK(refusal("# TYPE s summary\ns 1\n") == "line 2: s has a line without quantile");
    }

    TEST_CASE("a page with any damaged byte is read or refused but never breaks the reader") {
        Pool pool = busy_pool(1);
        const std::string page = expose_text(pool.page(), some_info()).substr(0, 20'000);
        const std::string whole = page.substr(0, page.rfind("# HELP"));
        REQUIRE(parse_exposition(whole));
        std::size_t refused = 0;
        for (std::size_t at = 0; at < whole.size(); at += 7) {
            std::string damaged = whole;
            damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
            refused += !parse_exposition(damaged);
        }
        CHECK(refused > whole.size() / 70);
    }
}
