#pragma once

// A page in the Prometheus text format, read back: what a diff holds against a replay.
//
//   auto scrape = parse_exposition(page);
//   if (!scrape) report(scrape.error());          // "line 12: ..."
//   auto value = scrape->value("duckgres_warm_capacity_headroom", {});
//
// Strict, because a page that is misread would be called the same as another. An error with its
// line: what is not the format, a page that breaks off, a family in pieces, a series that comes
// twice, a histogram without its sum, its count or `+Inf`, buckets that fall, counters below 0.
// A page that breaks off between two families looks whole; origin_of() is at the end of ours.
//
// Threading: pure functions and plain data.
//
// It does not read OpenMetrics, nor exemplars. Timestamps are read and dropped.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "events/ids.hpp"
#include "events/result.hpp"

namespace fenceline {

namespace limits {

// A scraped page; a longer one is refused.
inline constexpr std::size_t exposition_bytes = std::size_t{256} << 20;

}  // namespace limits

enum class ScrapedType : std::uint8_t { untyped, counter, gauge, histogram, summary };

using ScrapedLabels = std::vector<std::pair<std::string, std::string>>;

struct ScrapedSeries {
    ScrapedLabels labels;  // by name; without `le` and `quantile`
    double value = 0;      // counter, gauge, untyped
    // Histogram: bound and samples at or below it, ascending, the last one `+Inf`. Summary:
    // quantile and value.
    std::vector<std::pair<double, double>> buckets;
    double sum = 0;
    double count = 0;
    std::size_t line = 0;  // where it begins
};

struct ScrapedFamily {
    std::string name;
    std::string help;
    ScrapedType type = ScrapedType::untyped;
    std::vector<ScrapedSeries> series;  // by labels
};

struct Scrape {
    std::vector<ScrapedFamily> families;  // by name

    // Null when there is none.
    [[nodiscard]] const ScrapedFamily* family(std::string_view name) const;
    [[nodiscard]] const ScrapedSeries* series(std::string_view name,
                                              const ScrapedLabels& labels) const;
    // The value of a counter or a gauge.
    [[nodiscard]] std::optional<double> value(std::string_view name,
                                              const ScrapedLabels& labels) const;
};

// `corrupt` when it is not a page, or not a whole one.
[[nodiscard]] Result<Scrape> parse_exposition(std::string_view text);

// What one of our own pages says of itself; none for a page of somebody else.
struct ScrapeOrigin {
    Position position;       // folded so far
    Position counting_from;  // counters and histograms count events after this
    std::string instance;    // who recorded; both empty: the whole cluster
    std::string run;
};
[[nodiscard]] std::optional<ScrapeOrigin> origin_of(const Scrape& scrape);

}  // namespace fenceline
