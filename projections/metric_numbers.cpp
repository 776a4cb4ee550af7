#include "projections/metric_numbers.hpp"

#include <algorithm>

#include "events/invariant.hpp"
#include "events/text.hpp"

namespace fenceline {

const std::string& MetricNumbers::image(TextId id) const {
    const auto found =
        std::ranges::lower_bound(images, id, {}, &decltype(images)::value_type::first);
    FENCELINE_INVARIANT(found != images.end() && found->first == id,
                        "an image is counted and its name was not taken");
    return found->second;
}

MetricNumbers take_numbers(const PoolGauges& pool, Tallies tallies, const Dictionary& texts) {
    MetricNumbers out{.counts = pool.counts,
                      .targets = pool.capacity.targets(),
                      .headroom = pool.capacity.headroom(),
                      .tallies = std::move(tallies),
                      .images = {}};
    ImageMarks named(texts.size());
    out.counts.mark_images(named);
    for (const auto& [id, target] : out.targets) named.mark(id.value);
    out.tallies.transitions.mark_images(named);
    out.tallies.durations.mark_images(named);
    out.tallies.observations.mark_images(named);
    for (std::uint32_t id = 0; id < texts.size(); ++id)
        if (named.marked(id)) out.images.emplace_back(TextId{id}, texts.text(TextId{id}));
    return out;
}

}  // namespace fenceline
