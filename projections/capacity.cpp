#include "projections/capacity.hpp"

#include <algorithm>

#include "events/state_bytes.hpp"
#include "projections/saturating.hpp"

namespace fenceline {

namespace {

static_assert(Projection<Capacity>);

// Times before 1970 belong to the bucket that began before them, not after.
Time bucket_of(Time at) {
    const std::int64_t length = limits::demand_bucket.ns;
    const std::int64_t past_start = (at.ns % length + length) % length;
    return Time{saturating_subtract(at.ns, past_start)};
}

}  // namespace

void Capacity::apply(const Event& event) {
    if (event.outcome == Outcome::store_error) return;
    if (const auto* targeted = std::get_if<WarmCapacityTargeted>(&event.payload)) {
        targeted_ = true;
        max_workers_ = targeted->max_workers;
        targets_.clear();
        for (const auto& [image, target] : targeted->targets) targets_[image] = target;
    } else if (const auto* changed = std::get_if<LeadershipChanged>(&event.payload)) {
        leaders_[event.caller] = changed->leadership;
    } else if (event.operation == Operation::warm_capacity_missed && event.count > 0) {
        count_miss(event);
    }
}

void Capacity::count_miss(const Event& event) {
    // The journal's time never goes back; an import whose time did counts in the newest bucket.
    Time bucket = bucket_of(event.at);
    if (!demand_.empty()) bucket = std::max(bucket, demand_.rbegin()->first.first);
    std::int64_t& count = demand_[{bucket, event.image}];
    count = saturating_add(count, event.count);
    const std::int64_t window = limits::demand_buckets * limits::demand_bucket.ns;
    const Time oldest{saturating_subtract(bucket.ns, window)};
    demand_.erase(demand_.begin(), demand_.upper_bound({oldest, TextId{UINT32_MAX}}));
}

std::int64_t Capacity::headroom() const {
    if (!targeted_ || max_workers_ <= 0) return -1;
    std::int64_t sum = 0;
    for (const auto& [image, target] : targets_) sum = saturating_add(sum, target);
    return std::max<std::int64_t>(saturating_subtract(max_workers_, sum), 0);
}

std::optional<Leadership> Capacity::leadership(TextId instance) const {
    const auto found = leaders_.find(instance);
    if (found == leaders_.end()) return std::nullopt;
    return found->second;
}

void Capacity::save(StateWriter& out) const {
    out.u8(targeted_ ? 1 : 0);
    out.i64(max_workers_);
    out.u32(static_cast<std::uint32_t>(targets_.size()));
    for (const auto& [image, target] : targets_) {
        out.u32(image.value);
        out.i64(target);
    }
    out.u32(static_cast<std::uint32_t>(demand_.size()));
    for (const auto& [key, count] : demand_) {
        out.i64(key.first.ns);
        out.u32(key.second.value);
        out.i64(count);
    }
    out.u32(static_cast<std::uint32_t>(leaders_.size()));
    for (const auto& [instance, leadership] : leaders_) {
        out.u32(instance.value);
        out.u8(static_cast<std::uint8_t>(leadership));
    }
}

bool Capacity::load(StateReader& in) {
    Capacity loaded;
    const std::uint8_t targeted = in.u8();
    loaded.targeted_ = targeted == 1;
    loaded.max_workers_ = in.i64();
    for (std::uint32_t left = in.count(12); left > 0; --left) {
        const TextId image{in.u32()};
        if (!loaded.targets_.empty() && image <= loaded.targets_.rbegin()->first) return false;
        loaded.targets_[image] = in.i64();
    }
    if (targeted > 1 || !loaded.load_demand(in) || !loaded.load_leaders(in) || !in.good())
        return false;
    *this = std::move(loaded);
    return true;
}

bool Capacity::load_demand(StateReader& in) {
    for (std::uint32_t left = in.count(20); left > 0; --left) {
        const Time bucket{in.i64()};
        const TextId image{in.u32()};
        if (!demand_.empty() && std::pair(bucket, image) <= demand_.rbegin()->first) return false;
        const std::int64_t count = in.i64();
        if (count <= 0) return false;
        demand_[{bucket, image}] = count;
    }
    return true;
}

bool Capacity::load_leaders(StateReader& in) {
    for (std::uint32_t left = in.count(5); left > 0; --left) {
        const TextId instance{in.u32()};
        if (!leaders_.empty() && instance <= leaders_.rbegin()->first) return false;
        leaders_[instance] = static_cast<Leadership>(in.u8());
    }
    return true;
}

std::uint64_t Capacity::texts_needed() const {
    std::uint64_t needed = 0;
    const auto need = [&](TextId text) {
        needed = std::max(needed, std::uint64_t{text.value} + 1);
    };
    for (const auto& [image, target] : targets_) need(image);
    for (const auto& [key, count] : demand_) need(key.second);
    for (const auto& [instance, leadership] : leaders_) need(instance);
    return needed;
}

}  // namespace fenceline
