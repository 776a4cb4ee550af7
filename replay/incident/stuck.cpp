// Workers that stay in a passing state longer than its limit: spawning, reserved, activating,
// draining. Heartbeats and renewals touch a record without moving it, so what counts is when the
// state was entered.

#include <algorithm>
#include <array>

#include "projections/flat_table.hpp"
#include "replay/incident/phrases.hpp"
#include "replay/incident/rule.hpp"

namespace fenceline::replay::incident {

namespace {

constexpr std::array passing{State::spawning, State::reserved, State::activating, State::draining};

struct Entered {
    State state = State::none;
    Time at;
    Position by;
};

struct Stay {
    WorkerId worker;
    Position entered_by, left_by;  // 0: it is still there
    Time since;
    Duration lasted;
    State after = State::none;
};

// When a record that is older than the window entered its state, as far as it tells.
Time entered_at(const Worker& worker) {
    const auto or_updated = [&](Time at) { return at.given() ? at : worker.updated_at; };
    switch (worker.state) {
        case State::spawning: return or_updated(worker.created_at);
        case State::reserved: return or_updated(worker.reserved_at);
        case State::activating: return or_updated(worker.activation_started_at);
        case State::draining: return or_updated(worker.drain_started_at);
        default: return worker.updated_at;
    }
}

std::uint64_t key_of(WorkerId worker) {
    return static_cast<std::uint64_t>(worker.value);
}

class StuckRule final : public Rule {
  public:
    explicit StuckRule(const Limits& limits) : limits_(limits) {}

    void begin(const World& world) override {
        for (const Worker& worker : world.workers())
            if (is_active(worker.state))
                entered_[key_of(worker.id)] = {worker.state, entered_at(worker), worker.version};
    }

    void after(const Event& event, const World& world) override {
        if (!transitioned(event) || !event.worker.given()) return;
        const Worker* record = world.find(event.worker);
        if (!record) return;
        Entered& entered = entered_[key_of(event.worker)];
        if (entered.state == record->state) return;
        judge(event.worker, entered, event.at, event.position, record->state);
        entered = {record->state, event.at, event.position};
    }

    void finish(const World& world, Time end, std::vector<Finding>& out) override {
        for (const auto* entry : entered_.sorted())
            judge(WorkerId{static_cast<std::int64_t>(entry->key)}, entry->value, end, {},
                  State::none);
        for (std::size_t i = 0; i < passing.size(); ++i)
            if (!stays_[i].empty())
                out.push_back(finding_of(passing[i], stays_[i], world.position, end));
    }

  private:
    [[nodiscard]] Duration limit_of(State state) const {
        switch (state) {
            case State::spawning: return limits_.spawning;
            case State::reserved: return limits_.reserved;
            case State::activating: return limits_.activating;
            default: return limits_.draining;
        }
    }

    void judge(WorkerId worker, const Entered& entered, Time until, Position left_by, State after) {
        const auto it = std::ranges::find(passing, entered.state);
        if (it == passing.end() || until - entered.at <= limit_of(entered.state)) return;
        stays_[static_cast<std::size_t>(it - passing.begin())].push_back(
            {worker, entered.by, left_by, entered.at, until - entered.at, after});
    }

    Finding finding_of(State state, std::vector<Stay>& stays, Position last, Time end) const {
        std::ranges::stable_sort(stays, std::greater{}, [](const Stay& s) { return s.lasted; });
        Finding finding{.rule = rule::stuck, .severity = Severity::notice};
        finding.first = stays.front().entered_by;
        finding.from = stays.front().since;
        finding.count = std::ssize(stays);
        Census<State> ends;
        for (const Stay& stay : stays) {
            finding.first = std::min(finding.first, stay.entered_by);
            finding.from = std::min(finding.from, stay.since);
            finding.last = std::max(finding.last, stay.left_by.given() ? stay.left_by : last);
            const Time until = stay.left_by.given() ? stay.since + stay.lasted : end;
            finding.to = std::max(finding.to, until);
            ends.add(stay.after);
        }
        say(finding.words, state, stays, ends);
        return finding;
    }

    void say(Words& words, State state, const std::vector<Stay>& stays,
             const Census<State>& ends) const {
        words.count(std::ssize(stays), "worker was", "workers were").add(" stuck in ");
        words.add(to_text(state)).add(" for more than ").span(limit_of(state)).add(": ");
        say_list(words, stays.size(), limits_.named, [&](std::size_t i) {
            words.worker(stays[i].worker).add(" (").span(stays[i].lasted).add(" since ");
            words.position(stays[i].entered_by).add(")");
        });
        words.add(". ");
        const auto ranked = ends.ranked();
        say_list(words, ranked.size(), ranked.size(), [&](std::size_t i) {
            words.number(ranked[i].second);
            if (ranked[i].first == State::none)
                words.add(" still there at the end");
            else
                words.add(" became ").add(to_text(ranked[i].first));
        });
        words.add(".");
    }

    Limits limits_;
    FlatTable<Entered> entered_;
    std::array<std::vector<Stay>, passing.size()> stays_;
};

}  // namespace

std::unique_ptr<Rule> make_stuck_rule(const Limits& limits) {
    return std::make_unique<StuckRule>(limits);
}

}  // namespace fenceline::replay::incident
