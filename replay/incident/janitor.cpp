// A janitor that does not come. A sweep that finds nothing to do leaves no event, so silence is
// told by work that stays undone: instances not heard of that nobody expires, and workers of
// expired ones that nobody ends, for longer than a janitor takes.

#include <algorithm>
#include <map>

#include "replay/incident/phrases.hpp"
#include "replay/incident/rule.hpp"

namespace fenceline::replay::incident {

namespace {

bool is_janitors(const Event& event) {
    switch (event.origin) {
        case Origin::janitor_orphan:
        case Origin::janitor_hot_idle_ttl:
        case Origin::janitor_hot_idle_cap:
        case Origin::janitor_stuck_activating: return true;
        default:
            return event.operation == Operation::cp_expire_stale ||
                   event.operation == Operation::cp_expire_draining;
    }
}

// Something that waited too long, from when it was due.
struct Overdue {
    Time due, until;
};

class JanitorRule final : public Rule {
  public:
    explicit JanitorRule(const Limits& limits) : limits_(limits) {}

    void begin(const World& world) override { first_ = last_ = Position{world.position.value + 1}; }

    void before(const Event& event, const World& world) override {
        last_ = event.position;
        if (is_janitors(event)) {
            last_janitor_ = event.position;
            last_janitor_at_ = event.at;
        }
        if (!transitioned(event)) return;
        if (const auto* mark = std::get_if<ControlPlaneMarked>(&event.payload))
            judge(world.find_control_plane(mark->instance), event.at);
        else if (event.worker.given())
            judge(world.find(event.worker), world, event.at);
    }

    void finish(const World& world, Time end, std::vector<Finding>& out) override {
        for (const ControlPlane& plane : world.control_planes()) judge(&plane, end);
        for (const Worker& worker : world.workers()) judge(&worker, world, end);
        if (!planes_.empty() || !workers_.empty()) out.push_back(finding_of(world.texts));
    }

  private:
    void judge(const ControlPlane* plane, Time now) {
        if (!plane || !plane->live() || !plane->last_heartbeat_at.given()) return;
        const Time due = plane->last_heartbeat_at + limits_.stale;
        if (now - due > limits_.patience) keep(planes_, plane->id, {due, now});
    }

    void judge(const Worker* worker, const World& world, Time now) {
        if (!worker || !is_active(worker->state)) return;
        const ControlPlane* owner = world.find_control_plane(worker->owner);
        if (!owner || owner->state != ControlPlaneState::expired) return;
        const Time due = owner->expired_at + limits_.orphan_grace;
        if (now - due > limits_.patience) keep(workers_, worker->id, {due, now});
    }

    // The longest wait of each counts.
    template <typename Id>
    static void keep(std::map<Id, Overdue>& into, Id id, const Overdue& overdue) {
        Overdue& kept = into.try_emplace(id, overdue).first->second;
        if (overdue.until - overdue.due > kept.until - kept.due) kept = overdue;
    }

    Finding finding_of(const Dictionary& texts) const {
        Finding finding{.rule = rule::janitor_silent, .severity = Severity::alarm};
        finding.first = first_;
        finding.last = last_;
        finding.count = std::ssize(planes_) + std::ssize(workers_);
        const auto span = [&](const Overdue& overdue) {
            finding.from = finding.from.given() ? std::min(finding.from, overdue.due) : overdue.due;
            finding.to = std::max(finding.to, overdue.until);
        };
        for (const auto& [id, overdue] : planes_) span(overdue);
        for (const auto& [id, overdue] : workers_) span(overdue);
        say(finding.words, texts);
        return finding;
    }

    void say(Words& words, const Dictionary& texts) const {
        words.add("The janitor is silent: ");
        if (!planes_.empty()) say_planes(words, texts);
        if (!planes_.empty() && !workers_.empty()) words.add("; ");
        if (!workers_.empty()) say_orphans(words);
        if (last_janitor_.given())
            words.add(". Its last event was ").position(last_janitor_).add(".");
        else
            words.add(". It left no event in this window.");
    }

    void say_planes(Words& words, const Dictionary& texts) const {
        words.add("nobody expired ");
        std::vector<std::pair<TextId, Overdue>> planes(planes_.begin(), planes_.end());
        say_list(words, planes.size(), limits_.named, [&](std::size_t i) {
            const auto& [id, overdue] = planes[i];
            words.name(texts.text(id)).add(" for ").span(overdue.until - overdue.due);
        });
        words.add(" after its heartbeats had ended");
    }

    void say_orphans(Words& words) const {
        const auto longest = std::ranges::max_element(
            workers_, {}, [](const auto& entry) { return entry.second.until - entry.second.due; });
        words.count(std::ssize(workers_), "worker", "workers");
        words.add(" of expired control planes waited for an end, ").worker(longest->first);
        words.add(" longest, for ").span(longest->second.until - longest->second.due);
    }

    Limits limits_;
    Position first_, last_, last_janitor_;
    Time last_janitor_at_;
    std::map<TextId, Overdue> planes_;
    std::map<WorkerId, Overdue> workers_;
};

}  // namespace

std::unique_ptr<Rule> make_janitor_rule(const Limits& limits) {
    return std::make_unique<JanitorRule>(limits);
}

}  // namespace fenceline::replay::incident
