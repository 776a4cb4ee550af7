#pragma once

// A fold that keeps up with a journal that others write: each look folds what was appended since.
//
// Threading: any; one look at a time.

#include <memory>
#include <mutex>
#include <string>

#include "journal/journal.hpp"
#include "metrics/prometheus_exporter.hpp"
#include "projections/fold.hpp"

namespace fenceline::tools {

class LiveFold {
  public:
    explicit LiveFold(std::unique_ptr<Reader> reader) : reader_(std::move(reader)) {}

    // The whole cluster's metrics as of now.
    [[nodiscard]] Result<ExposedState> expose(const MetricView& view);
    // How far the journal is, without folding.
    [[nodiscard]] Result<Head> head();

  private:
    [[nodiscard]] Result<void> catch_up();

    std::mutex mutex_;
    std::unique_ptr<Reader> reader_;
    Fold fold_;
    Head seen_;
};

}  // namespace fenceline::tools
