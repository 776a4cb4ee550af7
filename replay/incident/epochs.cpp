// Epochs that pile up: control planes take one worker from each other again and again, and every
// turn raises its epoch. Claims are no such turn, whoever parked the worker before: that is what a
// shared pool does all day. Neither is an owner's own renewal.

#include <algorithm>
#include <deque>
#include <map>

#include "replay/incident/phrases.hpp"
#include "replay/incident/rule.hpp"

namespace fenceline::replay::incident {

namespace {

struct Turn {
    Position position;
    Time at;
};

// One worker's turns: those of late, and once they were too many, all that followed.
struct Contested {
    std::deque<Turn> recent;
    bool found = false;
    Turn first, last;
    std::int64_t turns = 0;
    Epoch before, after;
    Census<TextId> owners;
};

bool changes_owner(const Event& event) {
    return transitioned(event) && kind_of(event.operation) == OperationKind::epoch &&
           event.owner.given() && event.owner != event.caller;
}

class EpochRule final : public Rule {
  public:
    explicit EpochRule(const Limits& limits) : limits_(limits) {}

    void after(const Event& event, const World& world) override {
        if (!changes_owner(event)) return;
        Contested& worker = workers_[event.worker];
        note(worker, event);
        if (const Worker* record = world.find(event.worker); record && worker.found)
            worker.after = record->epoch;
    }

    void finish(const World& world, Time, std::vector<Finding>& out) override {
        std::vector<std::pair<WorkerId, const Contested*>> found;
        for (const auto& [id, worker] : workers_)
            if (worker.found) found.emplace_back(id, &worker);
        if (found.empty()) return;
        std::ranges::stable_sort(found, std::greater{},
                                 [](const auto& f) { return f.second->turns; });
        out.push_back(finding_of(found, world.texts));
    }

  private:
    using Found = std::vector<std::pair<WorkerId, const Contested*>>;

    void note(Contested& worker, const Event& event) const {
        const Turn turn{event.position, event.at};
        worker.owners.add(event.caller);
        worker.last = turn;
        if (worker.found) {
            ++worker.turns;
            return;
        }
        while (!worker.recent.empty() &&
               event.at - worker.recent.front().at > limits_.owner_changes.within)
            worker.recent.pop_front();
        if (worker.recent.empty()) worker.before = event.epoch;
        worker.recent.push_back(turn);
        if (std::ssize(worker.recent) < limits_.owner_changes.at_least) return;
        worker.found = true;
        worker.first = worker.recent.front();
        worker.turns = std::ssize(worker.recent);
        worker.recent.clear();
    }

    Finding finding_of(const Found& found, const Dictionary& texts) const {
        Finding finding{.rule = rule::epoch_pileup, .severity = Severity::alarm};
        finding.first = found.front().second->first.position;
        finding.from = found.front().second->first.at;
        for (const auto& [id, worker] : found) {
            finding.first = std::min(finding.first, worker->first.position);
            finding.last = std::max(finding.last, worker->last.position);
            finding.from = std::min(finding.from, worker->first.at);
            finding.to = std::max(finding.to, worker->last.at);
            finding.count += worker->turns;
        }
        const auto& [id, worst] = found.front();
        Words& words = finding.words;
        words.add("Epochs pile up: ").count(std::ssize(found), "worker", "workers");
        words.add(found.size() == 1 ? " changes its owner " : " change their owners ");
        words.count(finding.count, "time", "times");
        say_when(words, finding.first, finding.last, finding.to - finding.from);
        words.add(found.size() == 1 ? ". " : ". Most of all ").worker(id).add(" went from epoch ");
        words.number(worst->before.value).add(" to ").number(worst->after.value);
        words.add(" between ");
        say_callers(words, worst->owners, texts, limits_.named);
        words.add(" (").position(worst->first.position).add(" to ");
        words.position(worst->last.position).add(").");
        return finding;
    }

    Limits limits_;
    std::map<WorkerId, Contested> workers_;
};

}  // namespace

std::unique_ptr<Rule> make_epoch_rule(const Limits& limits) {
    return std::make_unique<EpochRule>(limits);
}

}  // namespace fenceline::replay::incident
