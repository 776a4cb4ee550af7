#pragma once

// What a rule found: one sentence, and the stretch of the journal that it is about.
//
// Plain data.

#include "replay/incident/words.hpp"

namespace fenceline::replay::incident {

// `alarm`: somebody lost work, or the pool can no longer be trusted to mend itself.
enum class Severity : std::uint8_t { notice, alarm };

struct Finding {
    std::string_view rule;  // a stable name: "fence_burst"
    Severity severity = Severity::notice;
    Position first, last;  // the first and the last event that it is about
    Time from, to;         // their times; `to` is the window's end when it still goes on
    std::int64_t count = 0;
    Words words;
};

// A word per rule, for legends and filters of the page.
namespace rule {
inline constexpr std::string_view fence_burst = "fence_burst";
inline constexpr std::string_view cap_burst = "cap_burst";
inline constexpr std::string_view epoch_pileup = "epoch_pileup";
inline constexpr std::string_view stuck = "stuck";
inline constexpr std::string_view orphan_wave = "orphan_wave";
inline constexpr std::string_view loss_wave = "loss_wave";
inline constexpr std::string_view spawn_failures = "spawn_failures";
inline constexpr std::string_view activation_failures = "activation_failures";
inline constexpr std::string_view health_failures = "health_failures";
inline constexpr std::string_view pod_delete_failures = "pod_delete_failures";
inline constexpr std::string_view capacity_misses = "capacity_misses";
inline constexpr std::string_view store_errors = "store_errors";
inline constexpr std::string_view control_plane_expired = "control_plane_expired";
inline constexpr std::string_view janitor_silent = "janitor_silent";
}  // namespace rule

}  // namespace fenceline::replay::incident
