#pragma once

// Metrics as pages that can be held against each other: what a replay implies, in the shape and
// with the digits that a page in the text format has.
//
//   Scrape replayed = replay::page_of(metrics);
//   Scrape both = replay::sum_of(pages, 0);    // replicas; gauges from the first
//
// Pure functions.

#include <string>
#include <string_view>
#include <vector>

#include "metrics/exposition.hpp"
#include "projections/metrics.hpp"

namespace fenceline::replay {

// One number of a page: a value, or a bucket, the sum or the count of a histogram.
struct SampleId {
    enum class Part { value, bucket, sum, count };
    std::string family;
    ScrapedLabels labels;  // by name; without `le`
    Part part = Part::value;
    double bound = 0;  // of a bucket
    auto operator<=>(const SampleId&) const = default;
};

// "name_bucket{image=\"a\",le=\"0.5\"}", as the text format writes it.
[[nodiscard]] std::string to_text(const SampleId& id);

// The number after one trip through the page's digits: the serializer prints 16 of them, so that
// two numbers that print alike are the same.
[[nodiscard]] double as_printed(double value);
// The shortest text that says as much: "0.25", "+Inf".
[[nodiscard]] std::string number_text(double value);

// All families of the snapshot, the ones without series included; families and series by name.
[[nodiscard]] Scrape page_of(const MetricSnapshot& metrics);

// The pages of several replicas as one: counters and histograms are added up in the order given,
// gauges are those of one page. What is a gauge is said by `contract`, not by the pages.
[[nodiscard]] Scrape sum_of(const std::vector<Scrape>& pages, std::size_t gauges_from,
                            const Scrape& contract);

}  // namespace fenceline::replay
