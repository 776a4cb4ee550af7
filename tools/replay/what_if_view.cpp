#include "tools/replay/what_if_view.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "tools/output.hpp"
#include "tools/replay/policy.hpp"

namespace fenceline::tools {

namespace {

using replay::Cause;
using replay::ClaimApart;
using replay::CourseTotals;
using replay::Fate;
using replay::Turn;
using replay::WhatIf;
using replay::Why;
using replay::WorkerOtherwise;

std::string limit_name(const std::optional<replay::whatif::Limit>& limit) {
    return limit ? std::string(to_text(*limit)) : std::string("a limit");
}

// The first thing that set a worker apart, in words.
std::string text_of(const Cause& cause) {
    const auto at = fmt::format("#{}", cause.position.value);
    const auto other = cause.other.value;
    const auto outcome = to_text(cause.outcome);
    switch (cause.why) {
        case Why::follows: return fmt::format("follows at {}", at);
        case Why::limit_passed:
            return fmt::format("{} had passed, after {}", limit_name(cause.limit), at);
        case Why::limit_not_passed:
            return fmt::format("{} had not passed at {}", limit_name(cause.limit), at);
        case Why::spawn_refused: return fmt::format("its spawn {} ends as {}", at, outcome);
        case Why::spawn_served: return fmt::format("its spawn {} was {}", at, outcome);
        case Why::spawn_not_needed:
        case Why::claim_not_needed: return fmt::format("{} has worker {} already", at, other);
        case Why::claim_refused: return fmt::format("the claim {} ends as {}", at, outcome);
        case Why::claim_served: return fmt::format("the claim {} was {}", at, outcome);
        case Why::claim_took_other: return fmt::format("the claim {} takes worker {}", at, other);
        case Why::claim_took_this:
            return fmt::format("the claim {} takes it, not worker {}", at, other);
        case Why::held_other: return fmt::format("the caller of {} holds worker {}", at, other);
        case Why::held_nothing: return fmt::format("the caller of {} holds nothing", at);
    }
    return {};
}

std::string_view code_of(Why why) {
    switch (why) {
        case Why::follows: return "follows";
        case Why::limit_passed: return "limit_passed";
        case Why::limit_not_passed: return "limit_not_passed";
        case Why::spawn_refused: return "spawn_refused";
        case Why::spawn_served: return "spawn_served";
        case Why::spawn_not_needed: return "spawn_not_needed";
        case Why::claim_refused: return "claim_refused";
        case Why::claim_served: return "claim_served";
        case Why::claim_took_other: return "claim_took_other";
        case Why::claim_took_this: return "claim_took_this";
        case Why::claim_not_needed: return "claim_not_needed";
        case Why::held_other: return "held_other";
        case Why::held_nothing: return "held_nothing";
    }
    return "?";
}

std::string words_of(Turn turn) {
    std::string words(to_text(turn));
    std::ranges::replace(words, '_', ' ');
    return words;
}

// --- JSON ----------------------------------------------------------------------------------------

Json json_of(const Fate& fate) {
    if (fate.state == State::none) return nullptr;
    Json out{{"state", to_text(fate.state)}};
    out["ended_by"] = Json(nullptr);
    if (fate.operation == Operation::none) return out;
    out["ended_by"] = {{"position", fate.limit ? Json(nullptr) : Json(fate.position.value)},
                       {"at", tools::json_of(fate.at)},
                       {"operation", to_text(fate.operation)},
                       {"origin", to_text(fate.origin)},
                       {"reason", fate.reason},
                       {"limit", fate.limit ? Json(to_text(*fate.limit)) : Json(nullptr)}};
    return out;
}

Json json_of(const std::optional<ClaimApart>& claim) {
    if (!claim) return nullptr;
    return {{"position", claim->position.value},
            {"at", tools::json_of(claim->at)},
            {"caller", claim->caller},
            {"org", claim->org}};
}

Json json_of(const Cause& cause) {
    Json out{{"why", code_of(cause.why)},
             {"position", cause.position.value},
             {"at", tools::json_of(cause.at)}};
    if (cause.limit) out["limit"] = to_text(*cause.limit);
    if (cause.outcome != Outcome::none) out["outcome"] = to_text(cause.outcome);
    if (cause.other.given()) out["worker"] = cause.other.value;
    return out;
}

Json json_of(const WorkerOtherwise& worker) {
    return {{"worker", worker.worker.value},
            {"image", worker.image},
            {"otherwise", to_text(worker.turn)},
            {"recorded", json_of(worker.recorded)},
            {"recorded_claim", json_of(worker.recorded_claim)},
            {"policy", json_of(worker.policy)},
            {"policy_claim", json_of(worker.policy_claim)},
            {"because", json_of(worker.why)}};
}

Json json_of(const CourseTotals& totals) {
    Json states = Json::object();
    for (const auto& state : all_labels<State>())
        if (state.value != State::none)
            states[state.text] = totals.at_end[static_cast<std::size_t>(state.value)];
    return {{"claims_served", totals.claims_served},
            {"claims_refused", totals.claims_refused},
            {"spawned", totals.spawned},
            {"spawns_refused", totals.spawns_refused},
            {"swept", totals.swept},
            {"peak_active", totals.peak_active},
            {"at_end", std::move(states)}};
}

Json limits_json(const WhatIf& found) {
    Json out = Json::object();
    for (const auto limit : replay::whatif::all_limits) {
        const auto& use = found.limits[static_cast<std::size_t>(limit)];
        out[to_text(limit)] = {
            {"value_ns", use.value.ns},
            {"named", use.named},
            {"replaced", use.replaced},
            {"youngest_ns", use.youngest ? Json(use.youngest->ns) : Json(nullptr)},
            {"by_callers", use.by_callers}};
    }
    return out;
}

// --- for people ----------------------------------------------------------------------------------

std::string text_of(const Fate& fate, const std::optional<ClaimApart>& claim) {
    if (fate.state == State::none) return "never was";
    std::string out(to_text(fate.state));
    if (fate.limit)
        out += fmt::format(" by {}", to_text(*fate.limit));
    else if (fate.operation != Operation::none)
        out += fmt::format(
            " by {} #{}",
            fate.origin == Origin::unknown ? to_text(fate.operation) : to_text(fate.origin),
            fate.position.value);
    if (claim)
        out += fmt::format(", claimed #{} by {} for {}", claim->position.value, claim->caller,
                           claim->org);
    return out;
}

std::string time_of(const Fate& fate) {
    return fate.at.given() ? to_rfc3339(fate.at) : "";
}

std::string workers_text(const WhatIf& found, const Context& context) {
    if (found.workers.empty()) return {};
    using enum Table::Align;
    Table table({{"WORKER", right},
                 {"OTHERWISE"},
                 {"RECORDED"},
                 {"ENDED AT"},
                 {"UNDER THE POLICY"},
                 {"ENDED AT"},
                 {"BECAUSE"}});
    const auto shown = std::min(found.workers.size(), most_workers_shown);
    for (std::size_t i = 0; i < shown; ++i) {
        const auto& worker = found.workers[i];
        table.row({std::to_string(worker.worker.value), words_of(worker.turn),
                   text_of(worker.recorded, worker.recorded_claim), time_of(worker.recorded),
                   text_of(worker.policy, worker.policy_claim), time_of(worker.policy),
                   text_of(worker.why)});
    }
    auto out = table.text(context);
    if (shown < found.workers.size())
        out += fmt::format("and {} more\n", found.workers.size() - shown);
    return out + "\n";
}

std::string totals_text(const WhatIf& found, const Context& context) {
    using enum Table::Align;
    Table table({{""}, {"RECORDED", right}, {"POLICY", right}});
    const auto row = [&](std::string what, std::int64_t recorded, std::int64_t policy) {
        table.row({std::move(what), std::to_string(recorded), std::to_string(policy)});
    };
    const auto& was = found.recorded;
    const auto& is = found.policy;
    row("claims served", was.claims_served, is.claims_served);
    row("claims refused", was.claims_refused, is.claims_refused);
    row("spawned", was.spawned, is.spawned);
    row("spawns refused", was.spawns_refused, is.spawns_refused);
    row("most active at once", was.peak_active, is.peak_active);
    for (const auto& state : all_labels<State>()) {
        const auto i = static_cast<std::size_t>(state.value);
        if (state.value == State::none || was.at_end[i] + is.at_end[i] == 0) continue;
        row(fmt::format("{} at the end", state.text), was.at_end[i], is.at_end[i]);
    }
    return table.text(context);
}

std::string limits_text(const WhatIf& found) {
    std::string out;
    for (const auto limit : replay::whatif::all_limits) {
        const auto& use = found.limits[static_cast<std::size_t>(limit)];
        if (!use.named) continue;
        const auto seen = use.youngest ? fmt::format(
                                             "the youngest that the record's janitor "
                                             "retired was {} old",
                                             human_duration(use.youngest->ns))
                                       : std::string("the record's janitor retired nobody");
        out += fmt::format("{}: {}{}\n", to_text(limit), seen,
                           use.replaced ? "" : ", so the record has kept this");
        if (use.by_callers > 0)
            out += fmt::format("{}: {} ended by control planes on their own account, as recorded\n",
                               to_text(limit), use.by_callers);
    }
    return out;
}

std::string summary_text(const WhatIf& found) {
    if (found.workers.empty()) return "no worker would have fared otherwise\n";
    auto out = fmt::format("{} {} would have fared otherwise; ", found.workers.size(),
                           found.workers.size() == 1 ? "worker" : "workers");
    const char* separator = "";
    for (const Turn turn : replay::turns)
        if (const auto count = found.of(turn); count > 0) {
            out += fmt::format("{}{}: {}", separator, words_of(turn), count);
            separator = ", ";
        }
    return out + "\n";
}

}  // namespace

Json what_if_json(const replay::Policy& policy, const WhatIf& found) {
    Json turns = Json::object(), workers = Json::array();
    for (const Turn turn : replay::turns) turns[to_text(turn)] = found.of(turn);
    const auto shown = std::min(found.workers.size(), most_workers_shown);
    for (std::size_t i = 0; i < shown; ++i) workers.push_back(json_of(found.workers[i]));
    return {{"policy", policy_text(policy)},
            {"after", found.after.value},
            {"to", found.to.value},
            {"from_at", tools::json_of(found.from_at)},
            {"to_at", tools::json_of(found.to_at)},
            {"events", found.events},
            {"asked", found.asked},
            {"unasked", found.unasked},
            {"by_table", found.by_table},
            {"limits", limits_json(found)},
            {"recorded", json_of(found.recorded)},
            {"under_policy", json_of(found.policy)},
            {"otherwise", std::move(turns)},
            {"workers", std::move(workers)},
            {"more_workers", found.workers.size() - shown}};
}

std::string what_if_text(const replay::Policy& policy, const WhatIf& found,
                         const Context& context) {
    const auto named = policy_text(policy);
    auto out = workers_text(found, context);
    out +=
        fmt::format("under {}, events #{} to #{}, if callers had behaved as they are recorded:\n",
                    named.empty() ? "the policy that names nothing" : named, found.after.value + 1,
                    found.to.value);
    out += summary_text(found) + limits_text(found);
    if (found.unasked > 0)
        out += fmt::format("{} operations would not have been asked\n", found.unasked);
    if (found.by_table > 0)
        out += fmt::format(
            "{} operations end otherwise with today's table whatever the policy: "
            "taken as recorded, see --check\n",
            found.by_table);
    return out + "\n" + totals_text(found, context);
}

}  // namespace fenceline::tools
