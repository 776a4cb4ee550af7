#include "replay/whatif/holdings.hpp"

#include <algorithm>

namespace fenceline::replay::whatif {

void Holdings::give(const Held& recorded, const std::optional<Held>& held) {
    const bool same = held && *held == recorded;
    const auto known = workers_.find(recorded.worker.value);
    if (known == workers_.end() && same) return;
    Kept& kept = known == workers_.end() ? workers_[recorded.worker.value] : known->second;
    std::erase_if(kept.grants, [&](const Grant& grant) { return grant.recorded == recorded; });
    if (same) return;
    kept.grants.push_back({recorded, held});
    if (kept.grants.size() <= grants_remembered) return;
    kept.forgotten_epoch = std::max(kept.forgotten_epoch, kept.grants.front().recorded.epoch);
    kept.grants.erase(kept.grants.begin());
}

template <typename Matches>
StandsFor<Held> Holdings::find(WorkerId worker, Epoch epoch, const Matches& matches) const {
    const auto known = workers_.find(worker.value);
    if (known == workers_.end()) return {};
    const auto& grants = known->second.grants;
    const auto grant = std::ranges::find_if(grants, matches, &Grant::recorded);
    if (grant != grants.end()) return {.as_recorded = false, .what = grant->held};
    return {.as_recorded = epoch > known->second.forgotten_epoch, .what = {}};
}

StandsFor<Held> Holdings::of(const Held& recorded) const {
    return find(recorded.worker, recorded.epoch,
                [&](const Held& each) { return each == recorded; });
}

StandsFor<Held> Holdings::of(WorkerId worker, Epoch epoch) const {
    return find(worker, epoch, [&](const Held& each) { return each.epoch == epoch; });
}

void Holdings::saw(WorkerId worker, Position version, const std::optional<Worker>& row) {
    Kept& kept = workers_[worker.value];
    kept.sights.push_back({version, row});
    if (kept.sights.size() <= sights_remembered) return;
    kept.forgotten_version = kept.sights.front().version;
    kept.sights.erase(kept.sights.begin());
}

StandsFor<Worker> Holdings::seen(WorkerId worker, Position version) const {
    const auto known = workers_.find(worker.value);
    if (known == workers_.end()) return {};
    const auto& sights = known->second.sights;
    const auto sight = std::ranges::find(sights, version, &Sight::version);
    if (sight != sights.end()) return {.as_recorded = false, .what = sight->row};
    return {.as_recorded = version > known->second.forgotten_version, .what = {}};
}

}  // namespace fenceline::replay::whatif
