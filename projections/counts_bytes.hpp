#pragma once

// A table of counts as bytes: how many, then key and count, ascending by key. Reading refuses
// what writing never makes (keys out of order, counts below 1), so that one table has one form.

#include <utility>

#include "events/state_bytes.hpp"
#include "projections/flat_table.hpp"

namespace fenceline {

using Counts = FlatTable<std::int64_t>;

inline void save_counts(const Counts& counts, StateWriter& out) {
    const auto entries = counts.sorted();
    out.u32(static_cast<std::uint32_t>(entries.size()));
    for (const auto* entry : entries) {
        out.i64(static_cast<std::int64_t>(entry->key));
        out.i64(entry->value);
    }
}

[[nodiscard]] inline bool load_counts(Counts& counts, StateReader& in) {
    Counts loaded;
    std::uint64_t before = 0;
    const std::uint32_t size = in.count(16);
    for (std::uint32_t i = 0; i < size; ++i) {
        const auto key = static_cast<std::uint64_t>(in.i64());
        const std::int64_t value = in.i64();
        if (value <= 0 || (i > 0 && key <= before)) return false;
        loaded[key] = value;
        before = key;
    }
    if (!in.good()) return false;
    counts = std::move(loaded);
    return true;
}

}  // namespace fenceline
