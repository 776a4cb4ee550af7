#include "replay/report/note.hpp"

namespace fenceline::replay::report {

namespace {

class Note {
  public:
    explicit Note(const Dictionary& texts) : texts_(texts) {}

    std::string operator()(const WorkerSpawned& d) const {
        return d.org.given() ? "for " + text(d.org) : std::string();
    }
    std::string operator()(const WorkerClaimed& d) const {
        std::string note = "for " + text(d.org);
        if (d.new_epoch.given()) note += ", " + epoch(d.new_epoch);
        return note;
    }
    std::string operator()(const WorkerTakenOver& d) const {
        std::string note = "for " + text(d.org) + ", saw " + epoch(d.asked_epoch);
        if (d.new_epoch.given()) note += ", now " + epoch(d.new_epoch);
        return note;
    }
    std::string operator()(const LeaseRefreshed& d) const {
        return d.new_epoch.given() ? epoch(d.new_epoch) : std::string();
    }
    std::string operator()(const WorkerEnded& d) const { return text(d.reason); }
    std::string operator()(const SnapshotJudged& d) const { return text(d.reason); }
    std::string operator()(const ControlPlaneMarked& d) const { return text(d.instance); }
    std::string operator()(const SpawnFailed& d) const { return label(d.reason); }
    std::string operator()(const HealthChecked& d) const { return label(d.result); }
    std::string operator()(const StrandedReconciled& d) const { return label(d.outcome); }
    std::string operator()(const WarmCapacityMissed& d) const { return label(d.reason); }
    std::string operator()(const WarmCapacityTargeted& d) const {
        std::string note = "at most " + std::to_string(d.max_workers) + " workers";
        for (const auto& [image, target] : d.targets)
            note += ", " + text(image) + ": " + std::to_string(target);
        return note;
    }
    std::string operator()(const LeadershipChanged& d) const { return label(d.leadership); }
    std::string operator()(const OperationFailed& d) const { return std::string(to_text(d.code)); }
    template <typename Other>
    std::string operator()(const Other&) const {
        return {};
    }

  private:
    [[nodiscard]] std::string text(TextId id) const { return std::string(texts_.text(id)); }
    static std::string epoch(Epoch epoch) { return "epoch " + std::to_string(epoch.value); }
    template <typename Label>
    static std::string label(Label value) {
        return std::string(to_text(value));
    }

    const Dictionary& texts_;
};

}  // namespace

std::string note_of(const Event& event, const Dictionary& texts) {
    return std::visit(Note(texts), event.payload);
}

}  // namespace fenceline::replay::report
