#include "replay/incident/burst.hpp"

namespace fenceline::replay::incident {

void BurstDetector::add(const Event& event) {
    if (open_ && event.at - episodes_.back().to <= rate_.within)
        return extend(episodes_.back(), event);
    open_ = false;
    while (!recent_.empty() && event.at - recent_.front().at > rate_.within) {
        recent_count_ -= recent_.front().count;
        recent_.pop_front();
    }
    recent_.push_back(event);
    recent_count_ += event.count;
    if (recent_count_ >= rate_.at_least) begin();
}

void BurstDetector::begin() {
    Episode& episode = episodes_.emplace_back();
    episode.first = recent_.front().position;
    episode.from = recent_.front().at;
    episode.example = recent_.front();
    for (const Event& event : recent_) extend(episode, event);
    recent_.clear();
    recent_count_ = 0;
    open_ = true;
}

void BurstDetector::extend(Episode& episode, const Event& event) {
    episode.last = event.position;
    episode.to = event.at;
    episode.count += event.count;
    episode.operations.add(event.operation, event.count);
    episode.callers.add(event.caller, event.count);
    if (event.worker.given()) episode.workers.insert(event.worker);
}

}  // namespace fenceline::replay::incident
