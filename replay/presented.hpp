#pragma once

// The ownership that a lease operation presented, whatever its payload; null for others. Pure.

#include <variant>

#include "events/event.hpp"

namespace fenceline::replay {

[[nodiscard]] inline const Presented* presented_by(const Payload& payload) {
    return std::visit(
        [](const auto& detail) -> const Presented* {
            if constexpr (requires { detail.lease; })
                return &detail.lease;
            else
                return nullptr;
        },
        payload);
}

}  // namespace fenceline::replay
