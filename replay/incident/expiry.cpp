// A control plane that expires while workers of its own are alive: from then on nobody answers for
// them until a janitor ends them or somebody takes them over.

#include "projections/flat_table.hpp"
#include "replay/incident/phrases.hpp"
#include "replay/incident/rule.hpp"

namespace fenceline::replay::incident {

namespace {

class ExpiryRule final : public Rule {
  public:
    explicit ExpiryRule(const Limits& limits) : limits_(limits) {}

    void begin(const World& world) override {
        for (const Worker& worker : world.workers())
            if (is_active(worker.state)) ++alive_[worker.owner.value];
    }

    // A record leaves its owner before the event, and is somebody's after it.
    void before(const Event& event, const World& world) override {
        expired_last_heard_ = {};
        if (const auto* mark = std::get_if<ControlPlaneMarked>(&event.payload))
            if (const ControlPlane* plane = world.find_control_plane(mark->instance))
                expired_last_heard_ = plane->last_heartbeat_at;
        count(event, world, -1);
    }
    void after(const Event& event, const World& world) override {
        count(event, world, 1);
        const bool expires = event.operation == Operation::cp_expire_stale ||
                             event.operation == Operation::cp_expire_draining;
        if (expires && transitioned(event)) expired(event, world.texts);
    }

    void finish(const World&, Time, std::vector<Finding>& out) override {
        out.insert(out.end(), found_.begin(), found_.end());
    }

  private:
    void count(const Event& event, const World& world, std::int64_t by) {
        if (!transitioned(event) || !event.worker.given()) return;
        const Worker* record = world.find(event.worker);
        if (record && is_active(record->state)) alive_[record->owner.value] += by;
    }

    void expired(const Event& event, const Dictionary& texts) {
        const auto* mark = std::get_if<ControlPlaneMarked>(&event.payload);
        if (!mark) return;
        const std::int64_t alive = alive_[mark->instance.value];
        if (alive <= 0) return;
        Finding finding{.rule = rule::control_plane_expired,
                        .severity = Severity::alarm,
                        .first = event.position,
                        .last = event.position,
                        .from = event.at,
                        .to = event.at,
                        .count = alive};
        Words& words = finding.words;
        words.add("Control plane ").name(texts.text(mark->instance)).add(" expired at ");
        words.position(event.position).add(" with ").count(alive, "worker", "workers");
        words.add(" alive");
        if (event.operation == Operation::cp_expire_draining)
            words.add("; it had been draining too long");
        else if (expired_last_heard_.given())
            words.add("; it had not been heard of for ").span(event.at - expired_last_heard_);
        words.add(", and ").name(texts.text(event.caller)).add(" ended its lease.");
        found_.push_back(std::move(finding));
    }

    Limits limits_;
    FlatTable<std::int64_t> alive_;  // active workers by owner
    Time expired_last_heard_;
    std::vector<Finding> found_;
};

}  // namespace

std::unique_ptr<Rule> make_expiry_rule(const Limits& limits) {
    return std::make_unique<ExpiryRule>(limits);
}

}  // namespace fenceline::replay::incident
