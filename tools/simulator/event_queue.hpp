#pragma once

// What is to happen, by time; of two things at one time the one that was planned first comes
// first. This order is the whole schedule of a simulation.
//
// Threading: as a std::vector.

#include <functional>
#include <map>
#include <utility>

#include "events/time.hpp"

namespace fenceline::tools {

class EventQueue {
  public:
    using Action = std::function<void()>;

    void plan(Time when, Action action) {
        planned_.emplace(std::pair{when, sequence_++}, std::move(action));
    }

    [[nodiscard]] bool empty() const { return planned_.empty(); }
    [[nodiscard]] Time next() const { return planned_.begin()->first.first; }

    // The action that is next, taken out: it may plan others while it runs.
    [[nodiscard]] Action take() {
        auto node = planned_.extract(planned_.begin());
        return std::move(node.mapped());
    }

  private:
    std::map<std::pair<Time, std::uint64_t>, Action> planned_;
    std::uint64_t sequence_ = 0;
};

}  // namespace fenceline::tools
