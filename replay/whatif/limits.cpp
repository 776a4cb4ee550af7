#include "replay/whatif/limits.hpp"

#include <algorithm>

#include "journal/lifecycle_store.hpp"
#include "statemachine/lists.hpp"

namespace fenceline::replay::whatif {

namespace {

std::optional<Duration> named_by(const Policy& policy, Limit limit) {
    switch (limit) {
        case Limit::orphan_grace: return policy.orphan_grace;
        case Limit::stuck_spawning: return policy.stuck_spawning;
        case Limit::stuck_activating: return policy.stuck_activating;
        case Limit::hot_idle_ttl: return policy.hot_idle_ttl;
    }
    return std::nullopt;
}

Duration default_of(Limit limit) {
    const SweepOptions defaults;
    switch (limit) {
        case Limit::orphan_grace: return defaults.orphan_grace;
        case Limit::stuck_spawning: return defaults.stuck_spawning;
        case Limit::stuck_activating: return defaults.stuck_activating;
        case Limit::hot_idle_ttl: return defaults.hot_idle_ttl;
    }
    return {};
}

// Whether the record may have been made with this very limit.
bool kept(Duration limit, Duration youngest) {
    return limit <= youngest && limit + sweep_every + sweep_takes > youngest;
}

LimitInUse use_of(Limit limit, const Policy& policy, std::optional<Duration> youngest) {
    const auto named = named_by(policy, limit);
    LimitInUse use{.value = default_of(limit), .youngest = youngest, .named = named.has_value()};
    if (youngest) use.value = std::max(*youngest - sweep_every, Duration{});
    if (!named) return use;
    use.value = *named;
    use.replaced = !youngest || !kept(*named, *youngest);
    return use;
}

}  // namespace

std::string_view to_text(Limit limit) {
    switch (limit) {
        case Limit::orphan_grace: return "orphan_grace";
        case Limit::stuck_spawning: return "stuck_spawning";
        case Limit::stuck_activating: return "stuck_activating";
        case Limit::hot_idle_ttl: return "hot_idle_ttl";
    }
    return "?";
}

std::optional<Limit> limit_of(const Event& event) {
    const auto* seen = std::get_if<SnapshotJudged>(&event.payload);
    if (!seen) return std::nullopt;
    switch (event.origin) {
        case Origin::janitor_orphan: return Limit::orphan_grace;
        case Origin::janitor_hot_idle_ttl: return Limit::hot_idle_ttl;
        case Origin::janitor_stuck_activating:
            return seen->observed_state == State::spawning ? Limit::stuck_spawning
                                                           : Limit::stuck_activating;
        default: return std::nullopt;
    }
}

std::optional<Limit> callers_limit_of(const Event& event) {
    if (!transitioned(event) || !is_terminal(event.to)) return std::nullopt;
    switch (event.origin) {
        case Origin::per_cp_orphan: return Limit::orphan_grace;
        case Origin::pool_stuck_activating: return Limit::stuck_activating;
        case Origin::per_cp_hot_idle_ttl: return Limit::hot_idle_ttl;
        default: return std::nullopt;
    }
}

std::optional<Time> since(Limit limit, const World& world, const Worker& worker) {
    switch (limit) {
        case Limit::orphan_grace: return lists::orphaned_since(world, worker);
        case Limit::stuck_spawning:
            if (worker.state != State::spawning) return std::nullopt;
            return lists::stuck_since(world, worker);
        case Limit::stuck_activating:
            if (worker.state == State::spawning) return std::nullopt;
            return lists::stuck_since(world, worker);
        case Limit::hot_idle_ttl: return lists::hot_idle_since(worker);
    }
    return std::nullopt;
}

Command call_of(Limit limit, const WorkerSnapshot& seen, std::string caller) {
    Ask ask{.caller = std::move(caller)};
    switch (limit) {
        case Limit::orphan_grace:
            ask.origin = Origin::janitor_orphan;
            return {ask, RetireOrphan{seen, std::string(retire_reason::orphaned)}};
        case Limit::hot_idle_ttl:
            ask.origin = Origin::janitor_hot_idle_ttl;
            return {ask, RetireIdleVariant{seen, std::string(retire_reason::hot_idle_ttl_expired)}};
        default:
            ask.origin = Origin::janitor_stuck_activating;
            return {ask, RetireFromSnapshot{seen, State::retired,
                                            std::string(retire_reason::stuck_activating)}};
    }
}

Limits::Limits(const Policy& policy, const Youngest& youngest, const ByCallers& by_callers) {
    for (const Limit limit : all_limits) {
        const auto i = static_cast<std::size_t>(limit);
        uses_[i] = use_of(limit, policy, youngest[i]);
        uses_[i].by_callers = by_callers[i];
    }
}

bool Limits::any_replaced() const {
    return std::ranges::any_of(uses_, &LimitInUse::replaced);
}

Duration Limits::shortest() const {
    return std::ranges::min_element(uses_, {}, &LimitInUse::value)->value;
}

}  // namespace fenceline::replay::whatif
