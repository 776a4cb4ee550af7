#pragma once

// A window's metrics as OpenMetrics text with times, which `promtool tsdb create-blocks-from
// openmetrics` turns into blocks for a Prometheus server.
//
// By family, then series, then time; every series at every step; counters' TYPE without _total;
// `# EOF` at the end. promtool drops what it dislikes without a word: hold the number of samples
// that this tells against the sum of numSamples in the blocks' meta.json.
//
// Pure but for what it writes; one thread.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "replay/export/samples.hpp"
#include "replay/export/write.hpp"

namespace fenceline::replay {

using ExtraLabels = std::vector<std::pair<std::string, std::string>>;

// `invalid_request` for a name that is no label's, is reserved, is there twice, or is one of the
// metrics' own; or a value that is not UTF-8.
[[nodiscard]] Result<void> check_labels(const ExtraLabels& labels);

// Gives the number of samples.
[[nodiscard]] Result<std::int64_t> write_openmetrics(const SampleTable& table,
                                                     const ExtraLabels& labels, const Write& write);

// `name{a="b"}`, as both text formats and PromQL have it. `more`: a label at the end, such as le.
[[nodiscard]] std::string series_text(const std::string& name, const ExtraLabels& first,
                                      const ExtraLabels& own, const ExtraLabels& more = {});

}  // namespace fenceline::replay
