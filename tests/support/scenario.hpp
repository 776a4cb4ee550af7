#pragma once

// given - when - then for decide() and evolve(), without a journal: positions are counted here,
// and time stands still unless a test says later().
//
//   given(as("cp-a", Spawn{}))
//       .when(as("cp-a", PublishIdle{lease(1, "cp-a", 0)}))
//       .then(Outcome::transitioned);
//
// given() must succeed; when() may end anyhow, and then() says how.

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "statemachine/decide.hpp"
#include "statemachine/evolve.hpp"
#include "statemachine/minter.hpp"

namespace fenceline::testing {

inline constexpr Time noon{1'800'000'000'000'000'000};

inline Command as(std::string caller, Request request, Origin origin = Origin::unknown) {
    return {{.caller = std::move(caller), .origin = origin}, std::move(request)};
}

inline WorkerLease lease(std::int64_t worker, std::string owner, std::int64_t epoch,
                         std::string image = {}) {
    return Minter::lease(WorkerId{worker}, std::move(owner), Epoch{epoch}, std::move(image));
}

// What somebody would have been given who looked at the record now.
inline WorkerView row_of(const Worker& worker, const Dictionary& texts) {
    return {.worker = worker.id,
            .image = std::string(texts.text(worker.image)),
            .org = std::string(texts.text(worker.org)),
            .owner = std::string(texts.text(worker.owner)),
            .state = worker.state,
            .epoch = worker.epoch,
            .version = worker.version};
}

// A worker that came from elsewhere: the short way into any state.
inline Adopt worker_in(State state, WorkerView row = {}) {
    row.state = state;
    if (!row.worker.given()) row.worker = WorkerId{1};
    return Adopt{std::move(row)};
}

class Scenario {
  public:
    // Decided and folded; more than one event only from the expiries of control planes.
    Scenario& when(const Command& command) {
        decided_.clear();
        decide(world_, command, now_, decided_);
        for (Event& event : decided_) {
            event.position = Position{world_.position.value + 1};
            evolve(world_, event);
        }
        return *this;
    }
    Scenario& given(const Command& command) {
        when(command);
        for (const Event& event : decided_) {
            CAPTURE(to_text(event.operation));
            CAPTURE(to_text(event.outcome));
            REQUIRE((transitioned(event) || event.outcome == Outcome::recorded));
        }
        return *this;
    }
    // A fact that was recorded elsewhere.
    Scenario& given(Event event) {
        event.position = Position{world_.position.value + 1};
        evolve(world_, event);
        return *this;
    }
    Scenario& later(Duration duration) {
        now_ = now_ + duration;
        return *this;
    }

    Scenario& then(Outcome outcome, Check check = Check::none) {
        REQUIRE(decided_.size() == 1);
        CHECK(to_text(event().outcome) == to_text(outcome));
        CHECK(to_text(event().failed_check) == to_text(check));
        return *this;
    }
    Scenario& moved(State from, State to) {
        REQUIRE(decided_.size() == 1);
        CHECK(to_text(event().from) == to_text(from));
        CHECK(to_text(event().to) == to_text(to));
        return *this;
    }

    [[nodiscard]] const Event& event() const { return decided_.at(0); }
    [[nodiscard]] const std::vector<Event>& events() const { return decided_; }
    template <typename Detail>
    [[nodiscard]] const Detail& detail() const {
        return std::get<Detail>(event().payload);
    }

    [[nodiscard]] const Worker& worker(std::int64_t id = 1) const {
        const Worker* worker = world_.find(WorkerId{id});
        REQUIRE(worker != nullptr);
        return *worker;
    }
    [[nodiscard]] const ControlPlane& plane(std::string_view name) const {
        TextId id;
        REQUIRE(world_.texts.find(name, id));
        const ControlPlane* plane = world_.find_control_plane(id);
        REQUIRE(plane != nullptr);
        return *plane;
    }
    [[nodiscard]] WorkerSnapshot observe(std::int64_t id = 1) const {
        return Minter::snapshot(row_of(worker(id), world_.texts));
    }
    [[nodiscard]] std::string_view text(TextId id) const { return world_.texts.text(id); }
    [[nodiscard]] World& world() { return world_; }
    [[nodiscard]] Time now() const { return now_; }

  private:
    World world_;
    Time now_ = noon;
    std::vector<Event> decided_;
};

template <typename... Commands>
Scenario given(const Commands&... commands) {
    Scenario scenario;
    (scenario.given(commands), ...);
    return scenario;
}

}  // namespace fenceline::testing
