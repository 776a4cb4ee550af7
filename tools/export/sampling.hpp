#pragma once

// The samples that the options of `fenceline export` ask for: what openmetrics and promtool-test
// have in common.

#include "replay/export/samples.hpp"
#include "tools/export/options.hpp"

namespace fenceline::tools {

[[nodiscard]] Result<replay::SampleTable> sampled(const ExportTask& task);

}  // namespace fenceline::tools
