#pragma once

// The text format, byte for byte as prometheus-cpp prints it and in a fifth of its time: a page of
// a thousand images is 4 MB, and its own goes through a stream piece by piece.
//
//   std::string page = text_of(families_of(snapshot));
//
// Counters, gauges and histograms: there are no others among ours. A pure function.

#include <string>

#include "metrics/prometheus_families.hpp"

namespace fenceline {

[[nodiscard]] std::string text_of(const Families& families);

}  // namespace fenceline
