#pragma once

// From a number of a page to the very events that made it.
//
//   auto causes = replay::causes_of(reader, samples, {.to = position, .view = view});
//   for (const replay::Cause& cause : causes->of[0].events) ...   // #812 adds 1
//
// A counter or a histogram is made by the events that added to it; a duration is named by the
// event that it timed. `worker_lifecycle_count` is made by the workers counted, each by the event
// that put it there; targets and headroom by the event that set them.
//
// Each event goes alone through the projections that count live: there is no second account of
// what counts for what.

#include <span>

#include "replay/page.hpp"
#include "replay/replayer.hpp"

namespace fenceline::replay {

struct CauseOptions {
    Position to;
    Position after;  // counters and histograms: events after this
    RecordedBy recorded_by;
    MetricView view;
    std::size_t most = 1'000;  // events kept for one sample, the newest
    Progress progress;
};

struct Cause {
    Position position;
    WorkerId worker;  // 0: none
    double adds = 0;  // to this sample
};

struct Causes {
    std::vector<Cause> events;  // ascending
    std::int64_t found = 0;     // those beyond `most` included
    // A count of workers: the last event that took one away; 0: none did.
    Position last_departure;
};

struct FoundCauses {
    std::vector<Causes> of;  // one for each sample asked for
    Dictionary texts;
    std::vector<Recorder> recorders;
    Position beginning{};  // events up to here are not in the journal: nobody can name them
};

// A sample's labels may be some of its series' labels: then all series that have them are meant.
[[nodiscard]] Result<FoundCauses> causes_of(Reader& reader, std::span<const SampleId> samples,
                                            const CauseOptions& options);

}  // namespace fenceline::replay
