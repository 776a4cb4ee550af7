#pragma once

// A window told again under a policy: each recorded operation is put to a world of its own, as far
// as its caller would still have asked. The rules are those of what_if.hpp.
//
//   Retelling retelling(options.policy, begin, std::move(evidence), to, progress);
//   FENCELINE_TRY(read_window(reader, begin.head, to, retelling));
//   WhatIf found = std::move(retelling).take();
//
// Threading: one thread.

#include "replay/whatif/course.hpp"
#include "replay/whatif/differences.hpp"
#include "replay/whatif/evidence.hpp"
#include "replay/whatif/holdings.hpp"
#include "replay/whatif/spares.hpp"
#include "replay/whatif/sweeper.hpp"
#include "replay/whatif/what_if.hpp"
#include "replay/whatif/window_sink.hpp"

namespace fenceline::replay::whatif {

class Retelling final : public WindowSink {
  public:
    Retelling(const Policy& policy, const Replayed& begin, Evidence evidence, Position to,
              const Progress& progress);
    [[nodiscard]] WhatIf take() &&;

  private:
    void take_in(const Event& event) override;
    void retell(const Event& event);
    void settle(const Event* event);
    // What comes between two recorded events.
    void advance(Time to);
    void sweep(Time at);
    void serve_out(const Spare& spare);

    // --- one recorded operation (retelling_claims.cpp, retelling_workers.cpp)
    void spawn(const Event& event, Command command);
    void claim(const Event& event, Command command);
    void take_over(const Event& event, Command command);
    void exercise(const Event& event, Command command);
    void act_on_sight(const Event& event, Command command);
    void janitor_call(const Event& event, const Command& command, Limit limit);
    void lose(const Event& event, Command command, const Held& holder);
    void tally(const Event& event);
    void reap_with(const Event& event);

    // --- what they share
    // What came of it; nothing when it makes no sense to today's store.
    std::optional<Event> put(const Event& recorded, const Command& command, bool same_footing);
    void let_go(const Held& held, Time at);
    void add_spare(const Event& recorded, const Held& held, TextId org, Spare::From from);
    std::optional<Held> take_spare(const Event& event, TextId org, TextId image,
                                   Spare::From instead_of);
    void end_claim(const Event& event, TextId org, const std::optional<Held>& held,
                   Outcome outcome);
    void note_claim(const Event& event, TextId org, const std::optional<Held>& held,
                    Outcome outcome);
    // Gives the caller of a recorded grant what came of it here.
    void grant(const Event& recorded, const std::optional<Held>& held);
    bool apply_policy(Request& request) const;
    [[nodiscard]] Cause because(Why why) const;
    [[nodiscard]] Cause because(Why why, Outcome outcome) const;
    [[nodiscard]] Cause because(Why why, WorkerId other) const;

    Policy policy_;
    Limits limits_;
    World recorded_;  // as it was
    Course course_;   // as it would have been
    Holdings holdings_;
    Spares spares_;
    Differences differences_;
    Sweeper sweeper_;
    WorkerId highest_;  // of the record, and of what only the policy spawned
    Duration pod_takes_ = pod_takes;

    // Of the step under way.
    Position position_;
    Time at_;
    Cause cause_;

    WhatIf out_;
};

}  // namespace fenceline::replay::whatif
