#pragma once

// Tagged values that cannot be mixed: a worker id is not an epoch, an epoch is not a position.
//
//   WorkerId worker{61};
//   Epoch next{epoch.value + 1};
//
// Plain values: comparable, hashable by their number, safe to share between threads.

#include <compare>
#include <cstdint>

namespace fenceline {

template <typename Raw, typename Tag>
struct Tagged {
    using raw_type = Raw;
    Raw value{};

    constexpr Tagged() = default;
    constexpr explicit Tagged(Raw raw) : value(raw) {}
    constexpr auto operator<=>(const Tagged&) const = default;
    // True when it names something: 0 is "none" for every id of this page.
    [[nodiscard]] constexpr bool given() const { return value != Raw{}; }
};

// A worker's number, from 1. 0 stands for "none".
using WorkerId = Tagged<std::int64_t, struct WorkerIdTag>;
// The owner epoch of a worker: rises with every change and every renewal of ownership.
using Epoch = Tagged<std::int64_t, struct EpochTag>;
// The place of an event in the journal, from 1, gap-free. 0 is "before the first event".
using Position = Tagged<std::int64_t, struct PositionTag>;
// Who recorded an event: one opened store (instance and run). Assigned by the journal, from 1.
using RecorderId = Tagged<std::int64_t, struct RecorderIdTag>;
// A text in the journal's dictionary. 0 is the empty text.
using TextId = Tagged<std::uint32_t, struct TextIdTag>;

}  // namespace fenceline
