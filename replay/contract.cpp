#include "replay/contract.hpp"

namespace fenceline::replay {

std::span<const KnownFamily> known_families() {
    using enum MetricType;
    static const std::vector<KnownFamily> table{
        {"worker_lifecycle_count", gauge, {"binding", "image", "state"}},
        {"worker_lifecycle_transitions_total",
         counter,
         {"image", "operation", "origin", "outcome"}},
        {"worker_lifecycle_transition_duration_seconds", histogram, {"operation"}},
        {"worker_drain_total_duration_seconds", histogram, {}},
        {"worker_spawn_failures_total", counter, {"image", "reason"}},
        {"worker_health_checks_total", counter, {"image", "result"}},
        {"worker_stranded_pods_reconciled_total", counter, {"outcome"}},
        {"worker_stranded_secrets_reconciled_total", counter, {"outcome"}},
        {"activation_duration_seconds", histogram, {"image"}},
        {"activation_failures_total", counter, {"image"}},
        {"warm_capacity_misses_total", counter, {"image", "reason"}},
        {"warm_capacity_effective_target", gauge, {"image"}},
        {"warm_capacity_headroom", gauge, {}},
    };
    return table;
}

std::string full_name(const KnownFamily& family, std::string_view name_space) {
    std::string out(name_space);
    if (!out.empty()) out += '_';
    return out.append(family.name);
}

const KnownFamily* known_family(std::string_view name, std::string_view name_space) {
    for (const KnownFamily& family : known_families())
        if (name == family.name || name == full_name(family, name_space)) return &family;
    return nullptr;
}

}  // namespace fenceline::replay
