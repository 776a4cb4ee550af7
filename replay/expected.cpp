#include "replay/expected.hpp"

#include <algorithm>

#include "replay/comparison.hpp"

namespace fenceline::replay {

namespace {

// More flushes than this after one position are not tried one by one.
constexpr std::int64_t most_flushes_tried = 64;

std::string in_namespace(const MetricView& view, std::string_view name) {
    return view.name_space.empty() ? std::string(name) : view.name_space + "_" + std::string(name);
}

Result<void> take_origin(const Scrape& live, Expected& out) {
    const auto origin = origin_of(live);
    if (!origin) return {};
    if (origin->counting_from > origin->position)
        return fail(ErrorCode::invalid_request,
                    "the page counts from #" + std::to_string(origin->counting_from.value) +
                        " and has folded only #" + std::to_string(origin->position.value));
    out.says_origin = true;
    out.position = origin->position;
    out.counting_from = origin->counting_from;
    out.recorded_by = {origin->instance, origin->run};
    return {};
}

// One process exposes the pool's gauges unless its latest word was that it does not lead. How it
// was opened is not in the journal; without a word of it the page itself is believed.
bool leads(const Fold& fold, const Scrape& live, Expected& out) {
    TextId instance;
    if (out.recorded_by.anybody()) return true;
    if (fold.world.texts.find(out.recorded_by.instance, instance) &&
        fold.pool.capacity.leadership(instance))
        return fold.pool.leads(instance, true);
    out.leads_by_its_word = true;
    return shows_gauges(live, out.view);
}

Result<Replayed> fold(Reader& reader, Expected& out, const ExpectedOptions& options,
                      std::optional<std::int64_t> flushes) {
    ReplayOptions asked{.to = out.position,
                        .tally_after = out.counting_from,
                        .recorded_by = out.recorded_by,
                        .end_flushes = flushes,
                        .progress = options.progress};
    if (out.recorder_is_known) {
        auto past = replay(reader, asked);
        const bool unknown = !past && past.error().code == ErrorCode::not_found;
        if (!unknown || out.recorded_by.anybody()) return past;
        const auto head = reader.head();
        if (!head) return tl::unexpected<Error>(head.error());
        if (out.position > head->position) return past;
        out.recorder_is_known = false;
    }
    asked.recorded_by = {};
    asked.tally_after = out.position;
    auto past = replay(reader, asked);
    if (past) past->tallies = Tallies{};  // position 0 counts from the first event on
    return past;
}

void render(const Replayed& past, const Scrape& live, Expected& out) {
    out.view.leads = leads(past.fold, live, out);
    out.page = page_of(snapshot(past.fold.pool, past.tallies, past.fold.world.texts, out.view));
}

bool durations_differ(const Expected& out, const Scrape& live) {
    const auto name = in_namespace(out.view, "worker_lifecycle_transition_duration_seconds");
    return std::ranges::any_of(compare(out.page, live).differences,
                               [&](const Difference& each) { return each.sample.family == name; });
}

}  // namespace

bool shows_gauges(const Scrape& page, const MetricView& view) {
    for (const auto* name : {"worker_lifecycle_count", "warm_capacity_effective_target"}) {
        const ScrapedFamily* family = page.family(in_namespace(view, name));
        if (family && !family->series.empty()) return true;
    }
    return page.value(in_namespace(view, "warm_capacity_headroom"), {}).value_or(-1) >= 0;
}

Result<Expected> expected_page(Reader& reader, const Scrape& live, const ExpectedOptions& options) {
    Expected out{.position = options.position,
                 .counting_from = options.counting_from,
                 .recorded_by = options.recorded_by,
                 .view = options.view};
    FENCELINE_TRY(take_origin(live, out));
    auto past = fold(reader, out, options, std::nullopt);
    if (!past) return tl::unexpected<Error>(std::move(past.error()));
    out.at = past->head.at;
    render(*past, live, out);
    if (!out.says_origin || !durations_differ(out, live)) return out;

    // All flushes are counted first: a checkpoint at the end would hide some.
    auto whole = fold(reader, out, options, most_flushes_tried);
    if (!whole) return tl::unexpected<Error>(std::move(whole.error()));
    const Scrape as_of_now = out.page;
    for (auto left = whole->end_flushes - 1; left >= 0; --left) {
        auto fewer = fold(reader, out, options, left);
        if (!fewer) return tl::unexpected<Error>(std::move(fewer.error()));
        render(*fewer, live, out);
        if (!durations_differ(out, live)) return out;
    }
    out.page = as_of_now;
    return out;
}

}  // namespace fenceline::replay
