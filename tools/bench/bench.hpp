#pragma once

// `fenceline bench`: what the store costs, side by side with bare SQLite in the same run, on the
// same disk, with the same durability. Ratios are what counts; absolute numbers are the machine's.

#include <cstdint>
#include <string>
#include <vector>

#include "events/result.hpp"

namespace fenceline::tools::bench {

struct Options {
    std::string folder;         // where the files go; removed afterwards
    int rounds = 5;             // ours and bare SQLite in turn, the median counts
    int seconds_per_round = 2;  // durable measurements
    int callers = 64;
    std::int64_t workers = 100'000;
    std::int64_t events = 1'000'000;  // the file that is replayed and restarted on
};

// One line of the table.
struct Figure {
    std::string name;  // stable: JSON and comparisons go by it
    std::string what;  // for people
    std::string unit;
    double value = 0;
    double bare = 0;  // bare SQLite in the same run; 0: nothing to compare with
    double goal = 0;  // what the project asks of `value`, or of the ratio; 0: none
    enum class Goal { none, ratio_at_least, at_most, at_least } kind = Goal::none;

    [[nodiscard]] double ratio() const { return bare > 0 ? value / bare : 0; }
    [[nodiscard]] bool reached() const;
};

using Figures = std::vector<Figure>;

[[nodiscard]] Result<void> measure_durable(const Options& options, Figures& figures);
// Starts processes of its own: not while a store is open in this one.
[[nodiscard]] Result<void> measure_processes(const Options& options, Figures& figures);
[[nodiscard]] Result<void> measure_scrapes(const Options& options, Figures& figures);
[[nodiscard]] Result<void> measure_in_memory(const Options& options, Figures& figures);
[[nodiscard]] Result<void> measure_replay(const Options& options, Figures& figures);
[[nodiscard]] Result<void> measure_sealed(const Options& options, Figures& figures);
[[nodiscard]] Result<void> measure_past(const Options& options, Figures& figures);
[[nodiscard]] Result<void> measure_report(const Options& options, Figures& figures);
[[nodiscard]] Result<void> measure_diff(const Options& options, Figures& figures);

// The median of what was measured; 0 of nothing.
[[nodiscard]] double median(std::vector<double> values);
// What so large a part of what was measured does not exceed; reorders it. 0 of nothing.
[[nodiscard]] double quantile(std::vector<double>& values, double part);

}  // namespace fenceline::tools::bench
