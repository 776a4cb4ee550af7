#include "replay/report/model.hpp"

#include <algorithm>
#include <numeric>

#include "replay/report/collector.hpp"

namespace fenceline::replay::report {

namespace {

// Lanes are found in the order of their first event, and shown by number.
void sort_lanes(Model& model) {
    std::vector<std::uint32_t> order(model.lanes.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::sort(order, {}, [&](std::uint32_t i) { return model.lanes[i].worker; });
    std::vector<std::uint32_t> place(order.size());
    std::vector<Lane> sorted;
    sorted.reserve(order.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) {
        place[order[i]] = i;
        sorted.push_back(std::move(model.lanes[order[i]]));
    }
    model.lanes = std::move(sorted);
    for (EventRow& row : model.events)
        if (row.lane != no_lane) row.lane = place[row.lane];
}

// Half of a race may lie before the window: the event that had won.
Result<void> look_up_winners(Reader& reader, const ModelOptions& options, Model& model) {
    std::vector<Position> wanted;
    for (const RefusalRow& refusal : model.refusals)
        if (refusal.winner.given() && refusal.winner < model.first)
            wanted.push_back(refusal.winner);
    std::ranges::sort(wanted);
    wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
    // The latest ones, when there are too many: they are nearest to what the page shows.
    const std::size_t skip = wanted.size() - std::min(wanted.size(), options.most_earlier_winners);
    for (std::size_t i = skip; i < wanted.size(); ++i) {
        const auto event = reader.event(wanted[i]);
        // Before the base: that it had won is all that is left of it.
        if (!event && event.error().code == ErrorCode::not_found) continue;
        if (!event) return tl::unexpected<Error>(event.error());
        model.earlier.push_back({.position = event->position,
                                 .at = event->at,
                                 .operation = event->operation,
                                 .worker = event->worker,
                                 .caller = event->caller});
    }
    return {};
}

Result<void> check_window(const ModelOptions& options) {
    const std::int64_t events = options.to.value - options.after.value;
    if (events <= 0)
        return fail(ErrorCode::invalid_request, "the window holds no event",
                    "fenceline log shows which times and positions the journal has");
    if (events > options.most_events)
        return fail(ErrorCode::invalid_request,
                    "the window holds " + std::to_string(events) + " events; one page takes " +
                        std::to_string(options.most_events),
                    "narrow it with --from and --to");
    return {};
}

}  // namespace

Result<Model> model_of(Reader& reader, const ModelOptions& options) {
    FENCELINE_TRY(check_window(options));
    auto past = replay(reader, {.to = options.after});
    if (!past) return tl::unexpected<Error>(std::move(past.error()));
    World& world = past->fold.world;
    Collector collector(world, options);
    FENCELINE_TRY(reader.read(past->head, options.to, collector));
    if (!collector.consistent() || world.position != options.to)
        return fail(ErrorCode::corrupt, "the journal's events and dictionary do not fit together",
                    "run fenceline verify on a copy");
    Model model = std::move(collector).finish();
    sort_lanes(model);
    FENCELINE_TRY(look_up_winners(reader, options, model));
    if (options.progress) options.progress(options.to, options.to);
    return model;
}

}  // namespace fenceline::replay::report
