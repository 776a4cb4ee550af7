#pragma once

// What write_trace() feeds events to. Internal.

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "replay/export/trace.hpp"
#include "statemachine/evolve.hpp"

namespace fenceline::replay {

class TraceSink final : public Sink {
  public:
    TraceSink(World& world, const EventRange& range, const Write& write)
        : world_(world), range_(range), out_(write) {}

    // What is alive already begins with the window.
    void begin(Time at);
    // What is open ends with it.
    [[nodiscard]] Result<std::int64_t> finish();

    bool text(TextId id, std::string_view value) override {
        return consistent_ = world_.texts.intern(value) == id;
    }
    bool event(const Event& event) override;
    [[nodiscard]] bool consistent() const { return consistent_; }

  private:
    // A lane: the process of an owner (0: nobody's), the track of a worker (0: its own).
    using Lane = std::pair<std::uint32_t, std::int64_t>;
    struct Open {
        Lane lane;
        State state = State::none;
    };

    // The start of a trace event, up to its args.
    std::string& start(char phase, Lane lane, std::string_view name);
    void stop();
    void name_lane(Lane lane);
    void metadata(std::string_view what, Lane lane, std::string_view name);
    void args(const Event& event);

    void follow_worker(const Event& event);
    void follow_control_plane(TextId instance, const Event* event);
    void refused(const Event& event);
    void arrow(char phase, Lane lane, const Event& event);
    void count(State left, State entered);
    void write_counts();
    void enter(WorkerId worker, Lane lane, State state, const Event* event);
    void leave(const Open& open);

    World& world_;
    const EventRange& range_;
    Buffered out_;
    Time now_;
    std::map<std::int64_t, Open> workers_;  // with an open slice
    std::map<std::uint32_t, ControlPlaneState> planes_;
    std::map<std::int64_t, int> tracks_;  // worker -> its number in the trace
    std::map<Lane, bool> named_;
    std::array<std::int64_t, state_count> counts_{};
    std::int64_t written_ = 0;
    bool consistent_ = true;
};

}  // namespace fenceline::replay
