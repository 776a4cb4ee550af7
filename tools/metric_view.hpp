#pragma once

// A metric snapshot as JSON, and the exposition's words about itself for a replay.

#include <string>

#include "metrics/prometheus_exporter.hpp"
#include "replay/replayer.hpp"
#include "tools/json.hpp"

namespace fenceline::tools {

// Families with their series; histograms in seconds, as the text format has them.
[[nodiscard]] Json json_of(const MetricSnapshot& metrics);

// What a page made from a replay says about itself. One recorder's view names it.
[[nodiscard]] ExpositionInfo info_of(const replay::Replayed& past, const replay::RecordedBy& who);

// The version of this program.
[[nodiscard]] std::string program_version();

}  // namespace fenceline::tools
