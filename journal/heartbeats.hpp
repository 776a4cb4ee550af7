#pragma once

// Heartbeats answered from memory, per worker, until that worker's next event records them.
//
// Threading: the store guards it.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "events/event.hpp"
#include "events/limits.hpp"
#include "statemachine/worker.hpp"

namespace fenceline {

class HeartbeatTallies {
  public:
    // Whether one more, decided as `event`, may stay in memory: it came within `resolution` of
    // the last recorded one and fits what is tallied already.
    [[nodiscard]] bool may_wait(const Event& event, const Worker& worker,
                                Duration resolution) const {
        if (!transitioned(event) || !event.request_id.empty()) return false;
        if (event.at - worker.last_heartbeat_at >= resolution) return false;
        const auto it = tallies_.find(event.worker);
        if (it == tallies_.end()) return true;
        return it->second.origin == event.origin && it->second.owner == event.owner &&
               it->second.epoch == event.epoch &&
               it->second.tally.took.size() < limits::heartbeats_per_tally;
    }

    // Where memory runs out nothing is added.
    void add(const Event& event, Duration took) {
        const auto [at, fresh] =
            tallies_.try_emplace(event.worker, Entry{.tally = {.took = {took}}});
        auto& entry = at->second;
        if (!fresh) entry.tally.took.push_back(took);
        entry.origin = event.origin;
        entry.owner = event.owner;
        entry.epoch = event.epoch;
        entry.tally.last_at = event.at;
    }

    [[nodiscard]] bool empty() const { return tallies_.empty(); }
    [[nodiscard]] std::vector<WorkerId> workers() const {
        std::vector<WorkerId> ids;
        ids.reserve(tallies_.size());
        for (const auto& [id, entry] : tallies_) ids.push_back(id);
        return ids;
    }

    // Moves a worker's tally out as the event that records it; nothing when there is none. The
    // envelope is the record's as it is found now.
    [[nodiscard]] std::optional<Event> take(const Worker& worker, Time at) {
        const auto it = tallies_.find(worker.id);
        if (it == tallies_.end()) return std::nullopt;
        Event event{.at = at,
                    .operation = Operation::heartbeat,
                    .outcome = Outcome::transitioned,
                    .origin = it->second.origin,
                    .caller = it->second.owner,
                    .worker = worker.id,
                    .image = worker.image,
                    .count = static_cast<std::uint32_t>(it->second.tally.took.size()),
                    .owner = worker.owner,
                    .org = worker.org,
                    .epoch = worker.epoch,
                    .from = worker.state,
                    .version = worker.version,
                    .to = worker.state,
                    .payload = it->second.tally};
        taken_.emplace_back(worker.id, std::move(it->second));
        tallies_.erase(it);
        return event;
    }

    // The batch that take() fed became durable.
    void recorded() { taken_.clear(); }
    // It did not: what was taken waits again, before what was added since. Where memory runs out in
    // the middle the next call does the rest.
    void put_back() {
        for (; !taken_.empty(); taken_.pop_back()) {
            auto& [worker, was] = taken_.back();
            auto& entry = tallies_[worker];
            was.tally.took.insert(was.tally.took.end(), entry.tally.took.begin(),
                                  entry.tally.took.end());
            was.tally.last_at = std::max(was.tally.last_at, entry.tally.last_at);
            entry = std::move(was);
        }
    }

  private:
    struct Entry {
        Origin origin = Origin::unknown;
        TextId owner;
        Epoch epoch;
        HeartbeatsTallied tally;
    };

    std::map<WorkerId, Entry> tallies_;
    std::vector<std::pair<WorkerId, Entry>> taken_;
};

}  // namespace fenceline
