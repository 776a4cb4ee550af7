#include "replay/incident/watch.hpp"

#include <algorithm>

namespace fenceline::replay::incident {

Watch::Watch(const Limits& limits) {
    rules_.push_back(make_expiry_rule(limits));
    rules_.push_back(make_janitor_rule(limits));
    rules_.push_back(make_epoch_rule(limits));
    rules_.push_back(make_burst_rule(limits));
    rules_.push_back(make_stuck_rule(limits));
}

void Watch::begin(const World& world) {
    for (const auto& rule : rules_) rule->begin(world);
}

void Watch::before(const Event& event, const World& world) {
    for (const auto& rule : rules_) rule->before(event, world);
}

void Watch::after(const Event& event, const World& world) {
    for (const auto& rule : rules_) rule->after(event, world);
}

std::vector<Finding> Watch::finish(const World& world, Time end) {
    std::vector<Finding> out;
    for (const auto& rule : rules_) rule->finish(world, end, out);
    std::ranges::stable_sort(out, {}, &Finding::first);
    return out;
}

}  // namespace fenceline::replay::incident
