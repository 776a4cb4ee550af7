#pragma once

// A histogram in integer nanoseconds. Bounds are inclusive, as Prometheus' `le` is; a duration
// below 0 counts as 0.
//
// The bounds are the contract's: dashboards and alerts depend on them.

#include <algorithm>
#include <array>
#include <cstdint>

#include "events/state_bytes.hpp"
#include "events/time.hpp"
#include "projections/saturating.hpp"

namespace fenceline {

namespace bounds {

constexpr std::int64_t ms = 1'000'000;
// clang-format off
inline constexpr std::array<std::int64_t, 12> transition{
    1 * ms,   5 * ms,   10 * ms,    25 * ms,    50 * ms,    100 * ms,
    250 * ms, 500 * ms, 1'000 * ms, 2'500 * ms, 5'000 * ms, 10'000 * ms};
inline constexpr std::array<std::int64_t, 10> drain{
    50 * ms,    100 * ms,   250 * ms,    500 * ms,    1'000 * ms,
    2'500 * ms, 5'000 * ms, 10'000 * ms, 30'000 * ms, 60'000 * ms};
inline constexpr std::array<std::int64_t, 9> activation{
    100 * ms,   250 * ms,    500 * ms,    1'000 * ms, 2'500 * ms,
    5'000 * ms, 10'000 * ms, 30'000 * ms, 60'000 * ms};
// clang-format on

}  // namespace bounds

template <const auto& Bounds>
class Histogram {
  public:
    static constexpr std::size_t bound_count = Bounds.size();

    void add(Duration took) noexcept {
        const std::int64_t ns = std::max<std::int64_t>(took.ns, 0);
        std::size_t bucket = 0;
        while (bucket < bound_count && ns > Bounds[bucket]) ++bucket;
        ++counts_[bucket];
        sum_ns_ = saturating_add(sum_ns_, ns);
    }

    // Samples at or below each bound; the last number is `+Inf`, which is all of them.
    [[nodiscard]] std::array<std::int64_t, bound_count + 1> cumulative() const {
        auto out = counts_;
        for (std::size_t i = 1; i < out.size(); ++i) out[i] = saturating_add(out[i - 1], out[i]);
        return out;
    }
    [[nodiscard]] std::int64_t count() const { return cumulative().back(); }
    [[nodiscard]] std::int64_t sum_ns() const { return sum_ns_; }

    void save(StateWriter& out) const {
        for (const std::int64_t count : counts_) out.i64(count);
        out.i64(sum_ns_);
    }
    [[nodiscard]] bool load(StateReader& in) {
        bool sound = true;
        for (std::int64_t& count : counts_) sound &= (count = in.i64()) >= 0;
        sound &= (sum_ns_ = in.i64()) >= 0;
        return sound && in.good();
    }

  private:
    std::array<std::int64_t, bound_count + 1> counts_{};  // of each bucket alone
    std::int64_t sum_ns_ = 0;
};

}  // namespace fenceline
