#pragma once

// The epoch that a change or a renewal of ownership gives; 0 for other operations, and for those
// that were refused. Pure.

#include <variant>

#include "events/event.hpp"

namespace fenceline::replay {

[[nodiscard]] inline Epoch new_epoch_of(const Payload& payload) {
    return std::visit(
        [](const auto& detail) -> Epoch {
            if constexpr (requires { detail.new_epoch; })
                return detail.new_epoch;
            else
                return {};
        },
        payload);
}

}  // namespace fenceline::replay
