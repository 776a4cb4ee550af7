#include "replay/invariants.hpp"

#include <iterator>
#include <utility>

namespace fenceline::replay {

namespace {

std::string text(std::int64_t number) {
    return std::to_string(number);
}

// A claim of a parked worker leaves the parked ones out, so that one of them can be an org's only
// slot; the claimed one counts afterwards.
std::int64_t counted(const World& world, TextId org, Operation operation) {
    const auto active = world.active_of(org);
    return operation == Operation::claim_hot_idle ? active - world.hot_idle_of(org) : active;
}

}  // namespace

void Invariants::before(const Event& event, const World& world) {
    was_.reset();
    const Worker* record = event.worker.given() ? world.find(event.worker) : nullptr;
    if (record != nullptr) was_ = *record;
}

void Invariants::after(const Event& event, const World& world) {
    last_ = event.at;
    if (!open_.empty()) end_mended(event, world);
    judge_worker(event, world);
    if (transitioned(event)) judge_caps(event, world);
}

void Invariants::open(Key key, std::int64_t bound, const Event& event, std::string what) {
    open_.try_emplace(key, Open{{event.position, event.at, std::move(what), {}, {}}, bound});
}

void Invariants::judge_worker(const Event& event, const World& world) {
    if (!was_) return;
    const Worker* is = world.find(event.worker);
    if (is == nullptr) return;
    const auto worker = "worker " + text(is->id.value);
    if (is->epoch < was_->epoch)
        open({Kind::fallen_epoch, is->id.value}, was_->epoch.value - 1, event,
             worker + ": its epoch fell from " + text(was_->epoch.value) + " to " +
                 text(is->epoch.value));
    else if (is->epoch == was_->epoch && is->owner != was_->owner)
        open({Kind::shared_epoch, is->id.value}, is->epoch.value, event,
             worker + ": two owners at epoch " + text(is->epoch.value) + ", " +
                 std::string(world.texts.text(was_->owner)) + " and " +
                 std::string(world.texts.text(is->owner)));
    if (is_terminal(was_->state) && is->state != was_->state)
        open({Kind::left_its_end, is->id.value}, 0, event,
             worker + ": " + std::string(to_text(was_->state)) + ", and yet " +
                 std::string(to_text(is->state)) + " afterwards");
}

void Invariants::judge_caps(const Event& event, const World& world) {
    const auto exceeds = [](std::int64_t count, std::int64_t cap) {
        return cap > 0 && count > cap;
    };
    const auto org_cap = [&](TextId org, std::int64_t cap) {
        const auto count = counted(world, org, event.operation);
        if (exceeds(count, cap))
            open({Kind::org_cap, org.value}, cap, event,
                 "org " + std::string(world.texts.text(org)) + ": " + text(count) +
                     " workers, where " + std::string(to_text(event.operation)) +
                     " named a cap of " + text(cap));
    };
    if (const auto* claimed = std::get_if<WorkerClaimed>(&event.payload)) {
        org_cap(claimed->org, claimed->caps.max_org_workers);
        return;
    }
    const auto* spawned = std::get_if<WorkerSpawned>(&event.payload);
    if (spawned == nullptr) return;
    if (spawned->org.given()) org_cap(spawned->org, spawned->caps.max_org_workers);
    if (exceeds(world.active(), spawned->caps.max_global_workers))
        open({Kind::global_cap, 0}, spawned->caps.max_global_workers, event,
             "the pool: " + text(world.active()) + " workers, where spawn named a cap of " +
                 text(spawned->caps.max_global_workers));
    if (!spawned->org.given() && exceeds(world.warm(event.image), spawned->warm_target))
        open({Kind::warm_target, event.image.value}, spawned->warm_target, event,
             "image " + std::string(world.texts.text(event.image)) + ": " +
                 text(world.warm(event.image)) + " warm workers, where spawn named a target of " +
                 text(spawned->warm_target));
}

void Invariants::end_mended(const Event& event, const World& world) {
    const auto mended = [&](const Key& key, const Open& open) {
        const auto id = key.second;
        const TextId named{static_cast<std::uint32_t>(id)};
        const Worker* worker = world.find(WorkerId{id});
        switch (key.first) {
            case Kind::shared_epoch:
            case Kind::fallen_epoch:
                return worker == nullptr || worker->epoch.value > open.bound ||
                       is_terminal(worker->state);
            case Kind::left_its_end: return worker == nullptr || is_terminal(worker->state);
            case Kind::org_cap: return world.active_of(named) <= open.bound;
            case Kind::global_cap: return world.active() <= open.bound;
            case Kind::warm_target: return world.warm(named) <= open.bound;
        }
        return true;
    };
    for (auto it = open_.begin(); it != open_.end();) {
        if (!mended(it->first, it->second)) {
            ++it;
            continue;
        }
        Violation& violation = it->second.violation;
        violation.until = event.position;
        violation.lasted = event.at - violation.at;
        ended_.push_back(std::move(violation));
        it = open_.erase(it);
    }
}

std::vector<Violation> Invariants::take_ended() {
    return std::exchange(ended_, {});
}

std::vector<Violation> Invariants::finish() {
    auto out = take_ended();
    for (auto& [key, open] : open_) {
        open.violation.lasted = last_ - open.violation.at;
        out.push_back(std::move(open.violation));
    }
    open_.clear();
    return out;
}

}  // namespace fenceline::replay
