#pragma once

// When the janitor of the other course sweeps, and whom it finds too old.
//
// The record shows only those of its sweeps that ended somebody, so nobody knows when exactly the
// others were. A worker is therefore found at the latest moment at which the janitor would have
// found it: one sweep after its limit, while the leading control plane is heard from. That way no
// sweep comes before one that the record has.
//
// Under a limit that the policy replaces all workers are looked at, under the others only those
// that differ from the record: the recorded janitor looks after the rest.
//
// Threading: as a std::vector.

#include <limits>
#include <optional>
#include <vector>

#include "replay/replayer.hpp"
#include "replay/whatif/course.hpp"
#include "replay/whatif/differences.hpp"

namespace fenceline::replay::whatif {

// Who leads, as far as the journal tells: by its own word, or because it does the leader's work.
class Leader {
  public:
    explicit Leader(const Replayed& begin);
    void hear(const Event& event);

    [[nodiscard]] TextId id() const { return id_; }
    [[nodiscard]] Time since() const { return since_; }
    [[nodiscard]] Time heard_at() const { return heard_at_; }

  private:
    TextId id_;
    Time since_, heard_at_;
};

struct Overdue {
    WorkerId worker;
    Limit limit;
};

class Sweeper {
  public:
    Sweeper(const Limits& limits, const Replayed& begin)
        : limits_(limits), leader_(begin), last_(begin.head.at), next_(begin.head.at) {}

    void hear(const Event& event) { leader_.hear(event); }
    [[nodiscard]] TextId leader() const { return leader_.id(); }

    // When to sweep next, if that is at or before `to`.
    [[nodiscard]] std::optional<Time> next(Time to);
    // In the order of a sweep, by worker within each limit; a worker may be there twice.
    [[nodiscard]] std::vector<Overdue> overdue(Time at, const Course& course,
                                               const Differences& differences);
    // Somebody old may be there who was not before.
    void look_again(Time at);

  private:
    static constexpr Duration step = seconds(1);
    static constexpr Time never{std::numeric_limits<std::int64_t>::max()};

    void look(WorkerId worker, Limit limit, const Course& course, bool differs);

    const Limits& limits_;
    Leader leader_;
    Time last_, next_;
    // Of the sweep under way.
    Time at_, earliest_;
    std::vector<Overdue> found_;
};

}  // namespace fenceline::replay::whatif
