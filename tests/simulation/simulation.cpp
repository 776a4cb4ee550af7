#include "tests/simulation/simulation.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <deque>

#include "events/invariant.hpp"
#include "journal/open.hpp"
#include "replay/verify.hpp"
#include "tests/support/fold_check.hpp"
#include "tests/support/temp_dir.hpp"

namespace fenceline::testing {

namespace {

constexpr std::size_t lines_told = 20;
// Once everything is healed: rounds of ten seconds, half an hour of them.
constexpr std::int64_t most_rounds = 180;
const Time beginning{1'779'616'800'000'000'000};

class Simulation {
  public:
    explicit Simulation(const SimulationOptions& options)
        : options_(options), dice_(options.seed), path_(make_journal()), judge_(path_) {
        const auto planes = 2 + dice_.below(7);
        for (int i = 0; i < planes; ++i)
            members_.push_back({std::make_unique<Plane>(i + 1, path_, truth_, dice_), beginning});
        members_.front().plane->orders().plant = options.plant;
    }

    SimulationResult run() {
        for (auto& member : members_)
            does(*member.plane, member.plane->start(judge_, Plane::As::same));
        for (step_ = 0; sound() && step_ < options_.steps; ++step_) step();
        if (sound()) come_to_order();
        if (sound()) check_journal();
        tally();
        return std::move(result_);
    }

  private:
    struct Member {
        std::unique_ptr<Plane> plane;
        Time back_at;  // from when on it is started again
    };

    [[nodiscard]] std::string make_journal() {
        auto made =
            create_journal({.path = dir_ / "pool.db", .wal_reserve_bytes = 0, .id = "simulation"});
        FENCELINE_INVARIANT(made.has_value(), "a journal can be made");
        return dir_ / "pool.db";
    }
    [[nodiscard]] bool sound() const { return result_.failure.empty(); }
    [[nodiscard]] Member& some_member() {
        return members_[static_cast<std::size_t>(
            dice_.below(static_cast<std::int64_t>(members_.size())))];
    }

    void tell(const std::string& line);
    void require(const std::string& objection);
    void does(Plane& plane, const std::string& objection);

    void step();
    void pass(Duration time);
    void pass_some_time();
    void make_trouble();
    void trouble_clock(Plane& plane);
    void move_leadership();
    void outage();
    void heal();
    void arm(Plane& plane, Trouble over);
    void take_turn(Member& member);

    void come_to_order();
    [[nodiscard]] std::string out_of_order() const;
    void check_journal();
    void tally();

    SimulationOptions options_;
    Dice dice_;
    TempDir dir_;
    std::string path_;
    Judge judge_;
    Time truth_ = beginning;
    std::vector<Member> members_;
    Workers silent_;
    std::int64_t step_ = 0;
    std::deque<std::string> told_;
    bool aloud_ = std::getenv("FENCELINE_TELL") != nullptr;
    SimulationResult result_;
};

// --- what happened ------------------------------------------------------------------------------

void Simulation::tell(const std::string& line) {
    const auto at = (truth_ - beginning).ns / 1'000'000;
    told_.push_back("step " + std::to_string(step_) + ", " + std::to_string(at) + " ms: " + line);
    if (told_.size() > lines_told) told_.pop_front();
    if (aloud_) std::fprintf(stderr, "%s\n", told_.back().c_str());
    for (const char c : told_.back())  // FNV-1a
        result_.trace = (result_.trace ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
}

void Simulation::require(const std::string& objection) {
    if (objection.empty() || !sound()) return;
    result_.failure = "seed " + std::to_string(options_.seed) + ", step " + std::to_string(step_) +
                      " of " + std::to_string(options_.steps) + ": " + objection + "\n";
    for (const auto& line : told_) result_.failure += "  " + line + "\n";
}

void Simulation::does(Plane& plane, const std::string& objection) {
    if (!plane.told().empty()) tell(plane.instance() + " " + plane.told());
    require(objection);
}

// --- a step -------------------------------------------------------------------------------------

void Simulation::step() {
    pass_some_time();
    heal();
    if (dice_.percent(12)) make_trouble();
    if (sound()) take_turn(some_member());
}

void Simulation::pass(Duration time) {
    truth_ = truth_ + time;
    for (auto& member : members_) member.plane->clock().pass(time);
}

void Simulation::pass_some_time() {
    const auto chance = dice_.below(100);
    constexpr std::int64_t ms = 1'000'000;
    pass(Duration{chance < 60   ? (50 + dice_.below(450)) * ms
                  : chance < 90 ? (500 + dice_.below(4'500)) * ms
                  : chance < 98 ? (5'000 + dice_.below(25'000)) * ms
                                : (60'000 + dice_.below(240'000)) * ms});
}

void Simulation::take_turn(Member& member) {
    Plane& plane = *member.plane;
    if (!plane.up()) {
        if (truth_ < member.back_at) return;
        if (dice_.percent(10)) plane.meet(Trouble::dying, truth_ + seconds(1), dice_);
        const auto as = dice_.percent(60) ? Plane::As::same : Plane::As::another_boot;
        does(plane, plane.start(judge_, as));
        return;
    }
    does(plane, plane.turn(judge_, silent_));
    if (sound() && dice_.percent(6)) require(plane.queried(judge_));
    if (!plane.up()) member.back_at = truth_ + seconds(dice_.below(60));
}

// --- trouble ------------------------------------------------------------------------------------

void Simulation::make_trouble() {
    ++result_.counts.troubles;
    auto& member = some_member();
    Plane& plane = *member.plane;
    const auto chance = dice_.below(100);
    if (chance < 3) return outage();
    if (chance < 18) return trouble_clock(plane);
    if (chance < 28) return move_leadership();
    if (chance < 38) {
        silent_.insert(
            1 + dice_.below(static_cast<std::int64_t>(judge_.oracle().workers().size()) + 1));
        return;
    }
    if (chance < 44) {
        tell(plane.instance() + " is killed");
        plane.die();
        member.back_at = truth_ + seconds(dice_.below(90));
        return;
    }
    if (!plane.up() || plane.trouble() != Trouble::none) return;
    const auto trouble = static_cast<Trouble>(1 + dice_.below(trouble_count - 1));
    plane.meet(trouble, truth_ + seconds(1 + dice_.below(dice_.percent(80) ? 40 : 240)), dice_);
    tell(plane.instance() + " meets trouble: " + std::string(to_text(trouble)));
}

void Simulation::trouble_clock(Plane& plane) {
    ++result_.counts.clock_troubles;
    switch (dice_.below(4)) {
        case 0: plane.clock().step(seconds(dice_.below(240) - 120)); break;
        case 1: plane.clock().drift(dice_.below(20'001) - 10'000); break;
        case 2: plane.clock().stall(); break;
        default: plane.clock().go_on(); break;
    }
    tell(plane.instance() + " has another clock");
}

// One after the other, or two at once: the old one hears of it later, if at all.
void Simulation::move_leadership() {
    ++result_.counts.leaders_moved;
    Plane& next = *some_member().plane;
    if (dice_.percent(60))
        for (auto& member : members_) member.plane->lead(false);
    next.lead(true);
    tell(next.instance() + " leads");
}

// The machine that all run on stops: nobody is left who knows what the log's index said.
void Simulation::outage() {
    ++result_.counts.outages;
    tell("all are killed at once");
    judge_.let_go();
    for (auto& member : members_) {
        member.plane->die();
        member.back_at = truth_ + seconds(dice_.below(30));
    }
    require(judge_.settle());
}

void Simulation::heal() {
    for (auto& member : members_) {
        Plane& plane = *member.plane;
        const auto trouble = plane.trouble();
        if (trouble == Trouble::none || truth_ < plane.until()) continue;
        arm(plane, trouble);
        does(plane, plane.recover(judge_));
    }
    // Worlds go stale while nobody listens, so that lie waits for a pause to end.
    if (options_.plant != Plant::stale_world && step_ > options_.steps / 4)
        members_.front().plane->orders().armed = true;
}

void Simulation::arm(Plane& plane, Trouble over) {
    const bool paused = over == Trouble::paused || over == Trouble::unreachable;
    if (options_.plant == Plant::stale_world && paused) plane.orders().armed = true;
}

// --- the end ------------------------------------------------------------------------------------

// Clocks are right again, and the time of the journal is past: a plane that was an hour ahead has
// left events of then, and no age counts until then.
void Simulation::come_to_order() {
    for (auto& member : members_) {
        Plane& plane = *member.plane;
        does(plane, plane.recover(judge_));
        plane.orders().lose_next_answer = false;
        // Whoever was told to drain stays so; only another boot works again.
        const auto known = judge_.oracle().planes().find(plane.instance());
        const bool drains =
            known != judge_.oracle().planes().end() && known->second.state == "draining";
        if (sound() && plane.up() && drains) does(plane, plane.close(judge_));
        if (sound() && !plane.up()) does(plane, plane.start(judge_, Plane::As::another_boot));
        if (!sound()) return;
        plane.lead(false);
    }
    members_.back().plane->lead(true);
    silent_.clear();
    const Time recorded{judge_.oracle().last_at()};
    if (truth_ < recorded) pass(recorded - truth_);
    for (auto& member : members_) member.plane->clock().set_right(truth_);
    auto& rounds = result_.counts.rounds;
    for (std::string what = "not begun"; sound() && !what.empty(); what = out_of_order()) {
        if (++rounds > most_rounds) return require("half an hour after all is well: " + what);
        pass(seconds(10));
        for (auto& member : members_)
            if (sound()) does(*member.plane, member.plane->put_in_order(judge_, silent_));
    }
    for (auto& member : members_) {
        if (sound()) does(*member.plane, member.plane->operates(judge_));
        if (sound()) require(member.plane->queried(judge_));
    }
}

// Every living worker is owned by a plane that is up and live.
std::string Simulation::out_of_order() const {
    std::set<std::string> up;
    for (const auto& member : members_) up.insert(member.plane->instance());
    const auto live = judge_.oracle().live_planes();
    for (const auto& [id, row] : judge_.oracle().workers()) {
        if (row.state == "retired" || row.state == "lost") continue;
        if (!up.contains(row.owner) || std::ranges::find(live, row.owner) == live.end())
            return "worker " + std::to_string(id) + " is still owned by \"" + row.owner + "\"";
    }
    return {};
}

void Simulation::check_journal() {
    for (auto& member : members_)
        if (sound()) does(*member.plane, member.plane->close(judge_));
    if (!sound()) return;
    const auto reader = open_reader(path_);
    if (!reader) return require("the journal: " + reader.error().text);
    require(checkpoints_differ(**reader));
    const auto verified = replay::verify(**reader);
    if (!verified) return require("verify: " + verified.error().text);
    if (!verified->sound()) require("verify: " + verified->findings.front().what);
    for (const auto byte : verified->head.chain)
        result_.trace = (result_.trace ^ byte) * 0x100000001b3U;
}

void Simulation::tally() {
    auto& counts = result_.counts;
    counts.seeds = 1;
    counts.planes = static_cast<std::int64_t>(members_.size());
    counts.steps = step_;
    counts.events = judge_.oracle().position();
    counts.most_rounds = counts.rounds;
    counts.judge = judge_.counts();
    for (const auto& member : members_) {
        const auto& plane = member.plane->counts();
        counts.plane.turns += plane.turns;
        counts.plane.starts += plane.starts;
        counts.plane.deaths += plane.deaths;
        counts.plane.reopened += plane.reopened;
        counts.plane.rollouts += plane.rollouts;
        counts.plane.unanswered += plane.unanswered;
    }
}

}  // namespace

SimulationResult simulate(const SimulationOptions& options) {
    return Simulation(options).run();
}

}  // namespace fenceline::testing
