#pragma once

// The invariants I2, I4 and I5 held against every event of a journal, without asking what should
// have been decided: positions without a gap, times that never go back, epochs that never fall, no
// transition by an older epoch, nothing that leaves its end.
//
//   FenceWatch watch;
//   if (auto what = watch.sees(event); !what.empty()) ...
//
// Threading: one thread.

#include <map>
#include <string>

#include "events/event.hpp"

namespace fenceline::testing {

class FenceWatch {
  public:
    // What is wrong with the event, after all before it; nothing when nothing is.
    [[nodiscard]] std::string sees(const Event& event);

  private:
    struct Known {
        std::int64_t epoch = 0;
        bool ended = false;
    };
    std::map<WorkerId, Known> workers_;
    Position last_;
    Time at_;
};

}  // namespace fenceline::testing
