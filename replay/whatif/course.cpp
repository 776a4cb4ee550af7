#include "replay/whatif/course.hpp"

#include "statemachine/decide.hpp"
#include "statemachine/evolve.hpp"
#include "statemachine/minter.hpp"

namespace fenceline::replay::whatif {

Course::Course(World begin, Dictionary texts) : world_(std::move(begin)) {
    world_.texts = std::move(texts);
    for (const Worker& worker : world_.workers())
        if (is_active(worker.state)) active_.insert(worker.id);
}

Event Course::judge(const Command& command, Time at, Position position) {
    decided_.clear();
    decide(world_, command, at, decided_);
    decided_.front().position = position;
    return std::move(decided_.front());
}

void Course::fold(const Event& event, std::optional<Limit> limit) {
    evolve(world_, event);
    if (!transitioned(event) || !event.worker.given()) return;
    if (is_active(event.to))
        active_.insert(event.worker);
    else
        active_.erase(event.worker);
    told_.push_back({event, limit});
}

bool Course::put(const Command& command, Time at, Position position, std::optional<Limit> limit) {
    const Event event = judge(command, at, position);
    fold(event, limit);
    return transitioned(event);
}

const Worker* Course::held(const Held& held) const {
    const Worker* worker = world_.find(held.worker);
    const bool so = worker && is_active(worker->state) && worker->owner == held.owner &&
                    worker->epoch == held.epoch;
    return so ? worker : nullptr;
}

WorkerLease Course::lease(const Held& held) const {
    const Worker* worker = world_.find(held.worker);
    return Minter::lease(held.worker, text(held.owner), held.epoch,
                         worker ? text(worker->image) : std::string());
}

WorkerSnapshot Course::snapshot(const Worker& worker) const {
    return Minter::snapshot({.worker = worker.id,
                             .image = text(worker.image),
                             .org = text(worker.org),
                             .owner = text(worker.owner),
                             .state = worker.state,
                             .epoch = worker.epoch,
                             .version = worker.version});
}

}  // namespace fenceline::replay::whatif
