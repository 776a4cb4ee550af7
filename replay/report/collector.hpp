#pragma once

// Hears the events of a window and lays them out as the model's columns.
//
//   Collector collector(fold.world, first, limits, progress);
//   reader.read(head, to, collector);
//   Model model = std::move(collector).finish();

#include "projections/flat_table.hpp"
#include "replay/incident/watch.hpp"
#include "replay/report/model.hpp"
#include "statemachine/world.hpp"

namespace fenceline::replay::report {

class Collector final : public Sink {
  public:
    // `world` is the one before the window; the collector folds on in it.
    Collector(World& world, const ModelOptions& options);

    bool text(TextId id, std::string_view value) override;
    bool event(const Event& event) override;

    // False: the dictionary's numbers did not fit.
    [[nodiscard]] bool consistent() const { return consistent_; }
    [[nodiscard]] Model finish() &&;

  private:
    void begin(Time start);
    std::uint32_t lane_of(WorkerId worker);
    void open_lane(const Worker& worker);
    void note_row(const Event& event, std::uint32_t lane);
    void note_refusal(const Event& event);
    void follow_worker(const Event& event, std::uint32_t lane);
    void follow_plane(const Event& event);
    PlaneLane& plane_lane(const ControlPlane& plane);

    World& world_;
    const ModelOptions& options_;
    incident::Watch watch_;
    Model model_;
    FlatTable<std::uint32_t> lanes_;   // worker -> place + 1
    FlatTable<std::uint32_t> planes_;  // text -> place + 1
    bool consistent_ = true;
};

}  // namespace fenceline::replay::report
