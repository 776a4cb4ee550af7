#include "replay/whatif/differences.hpp"

#include <algorithm>

namespace fenceline::replay {

std::string_view to_text(Turn turn) {
    switch (turn) {
        case Turn::spawned: return "spawned";
        case Turn::not_spawned: return "not_spawned";
        case Turn::lives: return "lives";
        case Turn::dies: return "dies";
        case Turn::ends: return "ends_otherwise";
        case Turn::claimed: return "claimed_otherwise";
        case Turn::stands: return "stands_otherwise";
    }
    return "?";
}

}  // namespace fenceline::replay

namespace fenceline::replay::whatif {

bool alike(const Worker* one, const Worker* other) {
    if (!one || !other) return one == other;
    return one->version == other->version && one->state == other->state &&
           one->owner == other->owner && one->epoch == other->epoch && one->org == other->org;
}

void Differences::blame(WorkerId worker, const Cause& cause) {
    blamed_.emplace_back(worker, cause);
}

void Differences::only_recorded(WorkerId worker, const Event& claim, TextId org) {
    claims_.push_back(
        {worker, {claim.position, claim.at, claim.caller, org}, &Row::recorded_claim});
}

void Differences::only_told(WorkerId worker, const Event& claim, TextId org) {
    claims_.push_back({worker, {claim.position, claim.at, claim.caller, org}, &Row::told_claim});
}

void Differences::settle(const Event* event, std::span<const Told> told, const Cause& otherwise,
                         const World& recorded, const World& course) {
    const bool changed = event && transitioned(*event) && event->worker.given();
    if (changed) look(event->worker, otherwise, recorded, course);
    for (const Told& one : told)
        if (one.event.worker.given()) look(one.event.worker, otherwise, recorded, course);
    if (changed) note_end(*event, std::nullopt, &Row::recorded_end);
    for (const Told& one : told) note_end(one.event, one.limit, &Row::told_end);
    for (const Claim& claim : claims_)
        if (const auto row = rows_.find(claim.worker); row != rows_.end())
            if (auto& first = row->second.*claim.whose; !first) first = claim.claim;
    blamed_.clear();
    claims_.clear();
}

void Differences::look(WorkerId worker, const Cause& otherwise, const World& recorded,
                       const World& course) {
    if (alike(recorded.find(worker), course.find(worker))) {
        now_.erase(worker);
        return;
    }
    if (now_.insert(worker).second) more_ = true;
    if (rows_.contains(worker)) return;
    const auto blamed = std::ranges::find(blamed_, worker, &std::pair<WorkerId, Cause>::first);
    rows_[worker].why = blamed == blamed_.end() ? otherwise : blamed->second;
}

void Differences::note_end(const Event& event, std::optional<Limit> limit,
                           std::optional<End> Row::*end) {
    if (!transitioned(event) || !is_terminal(event.to)) return;
    // Heartbeats that are tallied after the end did not bring it about.
    if (std::holds_alternative<HeartbeatsTallied>(event.payload)) return;
    const auto row = rows_.find(event.worker);
    if (row == rows_.end()) return;
    row->second.*end = End{event.position, event.at, event.operation, event.origin, limit};
}

Fate Differences::fate_of(const Worker* worker, const std::optional<End>& end,
                          const Dictionary& texts) {
    Fate fate;
    if (!worker) return fate;
    fate.state = worker->state;
    if (!is_terminal(worker->state)) return fate;
    fate.reason = texts.text(worker->retire_reason);
    if (!end) return fate;
    fate.position = end->position;
    fate.at = end->at;
    fate.operation = end->operation;
    fate.origin = end->origin;
    fate.limit = end->limit;
    return fate;
}

std::optional<Turn> Differences::turn_of(const Row& row, const Worker* recorded,
                                         const Worker* told) {
    if (!recorded && !told) return std::nullopt;
    if (!recorded) return Turn::spawned;
    if (!told) return Turn::not_spawned;
    const bool ended = is_terminal(recorded->state), ended_here = is_terminal(told->state);
    if (ended && !ended_here) return Turn::lives;
    if (!ended && ended_here) return Turn::dies;
    if (ended && (recorded->version != told->version || recorded->state != told->state))
        return Turn::ends;
    if (row.recorded_claim || row.told_claim) return Turn::claimed;
    if (recorded->state != told->state || recorded->owner != told->owner ||
        recorded->org != told->org)
        return Turn::stands;
    return std::nullopt;
}

std::vector<WorkerOtherwise> Differences::list(const World& recorded, const World& course) const {
    // The course knows every text that the record does.
    const Dictionary& texts = course.texts;
    const auto claim_of = [&](const std::optional<Apart>& apart) -> std::optional<ClaimApart> {
        if (!apart) return std::nullopt;
        return ClaimApart{apart->position, apart->at, std::string(texts.text(apart->caller)),
                          std::string(texts.text(apart->org))};
    };
    std::vector<WorkerOtherwise> out;
    for (const auto& [worker, row] : rows_) {
        const Worker* was = recorded.find(worker);
        const Worker* is = course.find(worker);
        const auto turn = turn_of(row, was, is);
        if (!turn) continue;
        out.push_back({.worker = worker,
                       .image = std::string(texts.text((was ? was : is)->image)),
                       .turn = *turn,
                       .recorded = fate_of(was, row.recorded_end, texts),
                       .policy = fate_of(is, row.told_end, texts),
                       .why = row.why,
                       .recorded_claim = claim_of(row.recorded_claim),
                       .policy_claim = claim_of(row.told_claim)});
    }
    return out;
}

}  // namespace fenceline::replay::whatif
