#pragma once

// The metrics as Prometheus reads them. Nothing is counted here: each scrape renders one fresh
// snapshot of the projections, so a page never shows half of a change.
//
//   auto collectable = make_collectable(*store, {.view = {}, .version = "1.2.3"});
//   exposer.RegisterCollectable(collectable);   // prometheus-cpp; keep the shared_ptr alive
//
// Besides the thirteen families of the store the page says how far it is and who records:
// fenceline_journal_position, fenceline_counting_from_position, fenceline_recorder_info,
// fenceline_pending_failures, fenceline_collect_failures_total, fenceline_build_info.
//
// Threading: a collectable may be collected from any thread; expose_text is a pure function.
//
// A label is printed as it is but for the format's own escapes. Counts beyond 2^53 lose digits:
// the format's numbers are doubles, printed with 16 digits.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "events/ids.hpp"
#include "events/result.hpp"
#include "projections/metrics.hpp"

namespace prometheus {
class Collectable;
}

namespace fenceline {

class LifecycleStore;

// What a page says about itself.
struct ExpositionInfo {
    Position position;       // folded so far
    Position counting_from;  // counters and histograms count events after this
    std::string instance;    // who records; both empty: the whole cluster, no single recorder
    std::string run;
    // Counted already and not yet in the journal; none: not known.
    std::optional<std::int64_t> pending_failures = 0;
    std::string version;  // of the program; empty: not said
};

struct ExposedState {
    MetricSnapshot metrics;
    ExpositionInfo info;
};

struct ExporterOptions {
    MetricView view;
    std::string version;
};

// Calls `expose` for each scrape. When it fails, the page keeps the counters and histograms of the
// last scrape that went well, which stay true as of their position; its gauges of the pool and of
// pending failures may not be, so they vanish, and the headroom is -1, unknown.
// fenceline_collect_failures_total counts it.
// Collecting never throws, whatever `expose` does.
[[nodiscard]] std::shared_ptr<prometheus::Collectable> make_collectable(
    std::function<Result<ExposedState>()> expose);

// The same for a running store, which must outlive the collectable's last scrape.
[[nodiscard]] std::shared_ptr<prometheus::Collectable> make_collectable(LifecycleStore& store,
                                                                        ExporterOptions options);

// One page in the text format, families and series in a fixed order.
[[nodiscard]] std::string expose_text(const MetricSnapshot& metrics, const ExpositionInfo& info);
// The page of a collectable as of now, for a server that is not prometheus-cpp's own.
[[nodiscard]] std::string expose_text(const prometheus::Collectable& collectable);

}  // namespace fenceline
