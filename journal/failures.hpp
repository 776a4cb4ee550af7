#pragma once

// Operations that the journal could not take: counted at once, appended as soon as it takes
// events again. Equal ones are kept together.
//
// Threading: the store guards it.

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "events/event.hpp"
#include "events/limits.hpp"
#include "events/text.hpp"
#include "statemachine/commands.hpp"

namespace fenceline {

// What an operation named, for the label and the timeline; empty where its kind names none.
struct Named {
    WorkerId worker;
    std::string_view image;
};
[[nodiscard]] Named named_by(const Request& request);

class PendingFailures {
  public:
    void add(const Command& command, ErrorCode code, Duration took);

    [[nodiscard]] bool empty() const { return kept_.empty(); }
    [[nodiscard]] std::int64_t count() const { return count_; }
    // Failures beyond limits::pending_failures or memory: neither kept nor counted any more.
    [[nodiscard]] std::int64_t dropped() const { return dropped_; }

    // The first of them as events, at most `most`; texts are numbered in `texts`.
    [[nodiscard]] std::vector<Event> events(Dictionary& texts, Time at, std::size_t most) const;
    // The first `n` events that events() gave are in a commit that nobody knows the end of. What is
    // added from here on is not in it.
    void doubt(std::size_t n);
    // The commit in doubt is there: what it held is recorded. Or it is not, and all is as before.
    void doubt_recorded();
    void doubt_dismissed();
    // The first `n` events that events() gave are durable.
    void recorded(std::size_t n) {
        doubt(n);
        doubt_recorded();
    }
    // One more that there is no memory for.
    void drop() { ++dropped_; }

  private:
    // operation, origin, code, worker, caller, image
    using Key = std::tuple<Operation, Origin, ErrorCode, WorkerId, std::string, std::string>;
    struct Kept {
        std::vector<Duration> took;
        std::size_t in_doubt = 0;  // the first so many
    };
    std::map<Key, Kept> kept_;
    std::int64_t count_ = 0;
    std::int64_t dropped_ = 0;
};

}  // namespace fenceline
