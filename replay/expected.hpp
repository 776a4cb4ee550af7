#pragma once

// The page that a process should have exposed: the journal folded to the position that the page
// names, counting what its recorder counted.
//
//   auto expected = replay::expected_page(reader, live, {.view = view});
//   auto found = replay::compare(expected->page, live);
//
// A page may have been made before or after a flush that follows its position, and does not say
// which. The flushes are tried, the newest state first; they only carry durations.

#include <optional>

#include "replay/page.hpp"
#include "replay/replayer.hpp"

namespace fenceline::replay {

struct ExpectedOptions {
    MetricView view;  // `leads` is found out, and set in the answer
    // For a page that says nothing of itself; a page's own words win.
    Position position;
    Position counting_from;
    RecordedBy recorded_by;
    Progress progress;
};

struct Expected {
    Scrape page;
    Position position, counting_from;
    Time at;
    RecordedBy recorded_by;
    bool says_origin = false;        // the live page named its position
    bool recorder_is_known = true;   // false: it has recorded nothing, so it has counted nothing
    MetricView view;                 // as it was rendered
    bool leads_by_its_word = false;  // no leadership event: taken from what the page shows
};

// `not_found` for a page beyond the journal's end, `invalid_request` for one that contradicts
// itself.
[[nodiscard]] Result<Expected> expected_page(Reader& reader, const Scrape& live,
                                             const ExpectedOptions& options);

// Whether a page shows the pool's gauges: worker counts, targets, or a headroom that is known.
[[nodiscard]] bool shows_gauges(const Scrape& page, const MetricView& view);

}  // namespace fenceline::replay
