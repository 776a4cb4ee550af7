#pragma once

// Numbers as the live page prints them, so that a series of an export and one that was scraped are
// the same series with the same values.
//
// Pure functions; no locale.

#include <cstdint>
#include <string>

#include "events/time.hpp"

namespace fenceline::replay {

// 16 significant digits at most, as prometheus-cpp's page has them: 0.25, 1, 1e+16.
void append_number(double value, std::string& out);
// Nanoseconds as seconds, likewise: bucket bounds and sums.
void append_seconds(std::int64_t ns, std::string& out);
// A whole number; beyond 2^53 it loses digits, as the page's does.
void append_count(std::int64_t value, std::string& out);

// Unix seconds with as many decimals as it takes, three at most. The time is not before 1970 and
// has whole milliseconds.
void append_timestamp(Time at, std::string& out);

}  // namespace fenceline::replay
