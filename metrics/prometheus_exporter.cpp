#include "metrics/prometheus_exporter.hpp"

#include <mutex>
#include <optional>
#include <utility>

#include <prometheus/collectable.h>

#include "journal/lifecycle_store.hpp"
#include "metrics/prometheus_families.hpp"
#include "metrics/prometheus_text.hpp"

namespace fenceline {

namespace {

// What stays true of a page when nothing newer is to be had: see make_collectable().
MetricSnapshot without_pool_gauges(MetricSnapshot metrics) {
    for (MetricFamily& family : metrics.families) {
        if (family.type != MetricType::gauge) continue;
        if (family.name.ends_with("warm_capacity_headroom"))
            for (MetricSeries& series : family.series) series.value = -1;
        else
            family.series.clear();
    }
    return metrics;
}

class Exporter : public prometheus::Collectable {
  public:
    explicit Exporter(std::function<Result<ExposedState>()> expose) : expose_(std::move(expose)) {}

    // An exception that left this function would end the process: the library calls it from its
    // server's thread, without a handler.
    Families Collect() const override {
        const std::lock_guard lock(mutex_);
        try {
            if (auto state = expose_()) {
                last_ = std::move(*state);
                return page(last_->metrics, last_->info);
            }
        } catch (...) {
            // The page below says that it failed.
        }
        ++failures_;
        try {
            return stale_page();
        } catch (...) {
            return {};  // not even memory for a page
        }
    }

  private:
    [[nodiscard]] Families page(const MetricSnapshot& metrics, const ExpositionInfo& info) const {
        Families out = families_of(metrics);
        append_info(info, out);
        append_failures(out);
        return out;
    }
    [[nodiscard]] Families stale_page() const {
        if (!last_) {
            Families out;
            append_failures(out);
            return out;
        }
        ExpositionInfo info = last_->info;
        info.pending_failures.reset();
        return page(without_pool_gauges(last_->metrics), info);
    }
    void append_failures(Families& out) const {
        append_single(prometheus::MetricType::Counter, "fenceline_collect_failures_total",
                      "Scrapes that could not read the store.", {}, failures_, out);
    }

    const std::function<Result<ExposedState>()> expose_;
    // Guards what follows. Scrapes come one at a time from one server, but there may be several.
    mutable std::mutex mutex_;
    mutable std::optional<ExposedState> last_;  // of the last scrape that went well
    mutable std::int64_t failures_ = 0;
};

}  // namespace

std::shared_ptr<prometheus::Collectable> make_collectable(
    std::function<Result<ExposedState>()> expose) {
    return std::make_shared<Exporter>(std::move(expose));
}

std::shared_ptr<prometheus::Collectable> make_collectable(LifecycleStore& store,
                                                          ExporterOptions options) {
    return make_collectable([&store, options = std::move(options)]() -> Result<ExposedState> {
        StoreStatus status;
        auto metrics = store.metrics(options.view, status);
        if (!metrics) return tl::unexpected<Error>(std::move(metrics.error()));
        return ExposedState{std::move(*metrics),
                            {.position = status.position,
                             .counting_from = status.counting_from,
                             .instance = std::move(status.instance),
                             .run = std::move(status.run),
                             .pending_failures = status.pending_failures,
                             .version = options.version}};
    });
}

std::string expose_text(const MetricSnapshot& metrics, const ExpositionInfo& info) {
    Families families = families_of(metrics);
    append_info(info, families);
    return text_of(families);
}

std::string expose_text(const prometheus::Collectable& collectable) {
    return text_of(collectable.Collect());
}

}  // namespace fenceline
