// Section 6 of the lifecycle contract, and the seed labels of section 4: the thirteen metrics,
// added up sample by sample.

#include <algorithm>

#include "tests/support/oracle.hpp"

namespace fenceline::testing {

namespace {

constexpr std::int64_t ms = 1'000'000;
const std::vector<std::int64_t> drain_bounds{50 * ms,     100 * ms,   250 * ms,   500 * ms,
                                             1'000 * ms,  2'500 * ms, 5'000 * ms, 10'000 * ms,
                                             30'000 * ms, 60'000 * ms};
const std::vector<std::int64_t> activation_bounds{100 * ms,    250 * ms,    500 * ms,
                                                  1'000 * ms,  2'500 * ms,  5'000 * ms,
                                                  10'000 * ms, 30'000 * ms, 60'000 * ms};

std::vector<std::int64_t> histogram(const std::vector<std::int64_t>& samples,
                                    const std::vector<std::int64_t>& bounds) {
    std::vector<std::int64_t> numbers;
    for (const auto bound : bounds)
        numbers.push_back(std::ranges::count_if(samples, [&](auto s) { return s <= bound; }));
    numbers.push_back(static_cast<std::int64_t>(samples.size()));
    std::int64_t sum = 0;
    for (const auto sample : samples) sum += sample;
    numbers.push_back(sum);
    return numbers;
}

std::string seed_label(const std::string& operation, const std::string& outcome,
                       const std::string& observed) {
    if (outcome == "transitioned" || outcome == "store_error") return outcome;
    if (operation == "drain" || operation == "retire_drained" ||
        operation == "mark_lost_from_lease")
        return "fence_miss_lease";
    if (operation == "refresh_lease") return "fence_miss_owner";
    if (operation == "retire_idle_variant_from_snapshot" && observed != "idle" &&
        observed != "hot_idle")
        return "fence_miss_state";
    if (operation.ends_with("_from_snapshot")) return "fence_miss_snapshot";
    return outcome;
}

bool acts_on_a_worker(const std::string& operation) {
    static const std::set<std::string> operations{"spawn",
                                                  "adopt",
                                                  "publish_idle",
                                                  "publish_reserved",
                                                  "claim_idle",
                                                  "claim_hot_idle",
                                                  "take_over",
                                                  "begin_activation",
                                                  "complete_activation",
                                                  "park",
                                                  "unpark",
                                                  "heartbeat",
                                                  "refresh_lease",
                                                  "credentials_refreshed",
                                                  "drain",
                                                  "retire_drained",
                                                  "mark_lost_from_lease",
                                                  "retire_local",
                                                  "retire_from_snapshot",
                                                  "retire_orphan_from_snapshot",
                                                  "retire_idle_variant_from_snapshot"};
    return operations.contains(operation);
}

}  // namespace

void Oracle::count(const OracleEvent& event, const std::string& observed) {
    if (!acts_on_a_worker(event.operation)) return;
    const auto image = event.image.empty() ? "unknown" : event.image;
    for (auto* counts : {&own_, &all_}) {
        counts->transitions[{event.operation, event.outcome, image, event.origin, observed}] +=
            event.count;
        counts->calls[event.operation] += event.count;
    }
}

void Oracle::count_failures(const std::string& operation, const std::string& image,
                            const std::string& origin, std::int64_t n) {
    OracleEvent event;
    event.operation = operation;
    event.outcome = "store_error";
    event.image = image;
    event.origin = origin;
    event.count = n;
    count(event);
}

void Oracle::forget_durations(const std::string& operation, std::int64_t n) {
    for (auto* counts : {&own_, &all_}) {
        const auto it = counts->calls.find(operation);
        if (it != counts->calls.end() && (it->second -= n) <= 0) counts->calls.erase(it);
    }
}

bool Oracle::leads() const {
    const auto latest = leadership_.find(instance_);
    return latest == leadership_.end() ? leads_ : latest->second == "acquired";
}

std::int64_t Oracle::headroom() const {
    if (!targeted_ || max_workers_ <= 0) return -1;
    std::int64_t taken = 0;
    for (const auto& [_, target] : targets_) taken += target;
    return std::max<std::int64_t>(0, max_workers_ - taken);
}

OraclePage Oracle::page(bool seed_labels, View view) const {
    OraclePage page;
    const OracleCounts& counts = view == View::this_process ? own_ : all_;
    const bool shows_pool = view == View::everybody || leads();

    if (shows_pool) {
        std::set<std::string> images;
        for (const auto& [key, _] : stats()) images.insert(key[0]);
        for (const auto& [image, _] : targets_) images.insert(image);
        for (const auto& image : images)
            for (const auto* state :
                 {"spawning", "idle", "reserved", "activating", "hot", "hot_idle", "draining"})
                for (const auto* binding : {"neutral", "org_bound"})
                    page[{"worker_lifecycle_count", image, state, binding}] = {0};
        for (const auto& [key, n] : stats())
            page[{"worker_lifecycle_count", key[0], key[1], key[2]}] = {n};
        for (const auto& [image, target] : targets_)
            page[{"warm_capacity_effective_target", image}] = {target};
    }
    page[{"warm_capacity_headroom"}] = {shows_pool ? headroom() : -1};

    for (const auto& [key, n] : counts.transitions) {
        const auto outcome = seed_labels ? seed_label(key[0], key[1], key[4]) : key[1];
        auto& value = page[{"worker_lifecycle_transitions_total", key[0], outcome, key[2], key[3]}];
        value = {(value.empty() ? 0 : value[0]) + n};
    }
    for (const auto& [operation, n] : counts.calls)
        page[{"worker_lifecycle_transition_duration_seconds", operation}] = {n};
    page[{"worker_drain_total_duration_seconds"}] = histogram(counts.drains, drain_bounds);
    for (const auto& [image, samples] : counts.activations)
        page[{"activation_duration_seconds", image}] = histogram(samples, activation_bounds);
    for (const auto& [series, n] : counts.observed) page[series] = {n};
    return page;
}

}  // namespace fenceline::testing
