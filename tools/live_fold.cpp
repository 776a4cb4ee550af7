#include "tools/live_fold.hpp"

#include "journal/fold_sink.hpp"
#include "projections/metrics.hpp"
#include "replay/replayer.hpp"
#include "tools/metric_view.hpp"

namespace fenceline::tools {

Result<void> LiveFold::catch_up() {
    if (seen_ == Head{}) {
        auto past = replay::replay(*reader_);
        if (!past) return tl::unexpected<Error>(std::move(past.error()));
        fold_ = std::move(past->fold);
        seen_ = past->head;
        return {};
    }
    const auto head = reader_->head();
    if (!head) return tl::unexpected<Error>(head.error());
    if (*head == seen_) return {};
    FoldSink sink(fold_, seen_, *head);
    auto read = reader_->read(seen_, head->position, sink);
    if (!read || !sink.consistent() || fold_.world.position != head->position) {
        // Half of a range may be folded: begin anew at the next look.
        fold_ = Fold{};
        seen_ = Head{};
        if (!read) return read;
        return fail(ErrorCode::corrupt, "the journal's events and dictionary do not fit together");
    }
    seen_ = *head;
    return {};
}

Result<ExposedState> LiveFold::expose(const MetricView& view) {
    const std::lock_guard lock(mutex_);
    FENCELINE_TRY(catch_up());
    return ExposedState{snapshot(fold_.pool, fold_.tallies, fold_.world.texts, view),
                        {.position = seen_.position,
                         .pending_failures = std::nullopt,
                         .version = program_version()}};
}

Result<Head> LiveFold::head() {
    const std::lock_guard lock(mutex_);
    return reader_->head();
}

}  // namespace fenceline::tools
