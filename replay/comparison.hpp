#pragma once

// Two pages held against each other, number by number: what a replay implies and what a process
// exposes.
//
//   auto found = replay::compare(replayed, live, {.tolerances = {{"..._seconds_sum", 0, 1}}});
//   for (const replay::Difference& difference : found.differences) ...
//
// The families of the replayed page are what is compared; a live page holds others too (its
// server's, its process's), and they are named in `foreign`.
//
// Pure functions.

#include <optional>

#include "replay/page.hpp"

namespace fenceline::replay {

struct Difference {
    enum class Kind {
        value,    // both have the number, and it is not the same
        missing,  // replayed, and not on the live page
        surplus,  // on the live page, and not replayed
        type,     // the live page calls the family another type; `sample` names the family alone
    };
    Kind kind = Kind::value;
    SampleId sample;  // a series that is missing or surplus: its value, or its count
    std::optional<double> replayed, live;
};
[[nodiscard]] std::string_view to_text(Difference::Kind kind);

// How far numbers of one metric may be apart. Either is enough.
struct Tolerance {
    std::string metric;  // a family, or one number of it: "..._sum"
    double absolute = 0;
    double percent = 0;  // of the replayed number
};

// What is not compared. Series of `metric` (empty: any) that have all these labels.
struct Ignored {
    std::string metric;
    ScrapedLabels labels;
};

struct ComparisonOptions {
    std::vector<Tolerance> tolerances;
    std::vector<Ignored> ignored;
};

struct Comparison {
    std::vector<Difference> differences;  // by family, series, number
    std::int64_t series = 0;              // compared, of either page
    std::int64_t numbers = 0;
    std::int64_t ignored = 0;          // series
    std::int64_t tolerated = 0;        // numbers that differ within their tolerance
    std::int64_t known = 0;            // series of the live page in the replayed page's families
    std::vector<std::string> foreign;  // families of the live page that were not compared

    [[nodiscard]] bool same() const { return differences.empty(); }
};

[[nodiscard]] Comparison compare(const Scrape& replayed, const Scrape& live,
                                 const ComparisonOptions& options = {});

}  // namespace fenceline::replay
