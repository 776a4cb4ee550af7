#pragma once

// The journal of a simulated plane. It may lose the answer of a commit that is durable, which the
// contract allows: nobody knows then. And it may lie, where a lie is planted: a judge that does not
// stumble over it proves nothing.
//
// Threading: one thread.

#include <memory>
#include <set>
#include <string_view>

#include "tests/support/passing_journal.hpp"

namespace fenceline::testing {

enum class Plant {
    none,
    stale_world,        // a pause over, what others took meanwhile is not heard
    lease_twice,        // the claims of others are heard as refused
    answer_lost,        // answered as done, and never written
    refused_yet_done,   // answered as not applied, and written
    half_commit,        // answered as done, all but the last event of it
    dropped_at_reopen,  // opened again, the last acknowledged event is heard as nothing
    request_forgotten,  // what was answered to a request id is not found again
    answer_differs,     // what is recorded is not what is answered
    early_sweep,        // the leader's clock is ahead while it sweeps (see SkewedClock::leap)
};
constexpr int plant_count = 10;
[[nodiscard]] std::string_view to_text(Plant plant);

// What one process's journal is told to do; the plane holds it too.
struct Orders {
    Plant plant = Plant::none;
    bool armed = false;             // the plant goes off when it can
    bool lose_next_answer = false;  // the next commit is durable, and answered as unknown
};

class PlantedJournal final : public PassingJournal {
  public:
    PlantedJournal(std::unique_ptr<Journal> journal, Orders& orders)
        : PassingJournal(std::move(journal)), orders_(orders) {}

    [[nodiscard]] Result<Head> begin_write() override;
    [[nodiscard]] Result<void> prepare(std::span<const Event>) override { return {}; }
    [[nodiscard]] Result<Head> append(const Commit& commit) override;
    [[nodiscard]] Result<void> read(const Head& after, Position to, Sink& sink) override;
    [[nodiscard]] Result<Event> event(Position position) override;

  private:
    [[nodiscard]] bool goes_off(Plant plant) const {
        return orders_.armed && orders_.plant == plant;
    }
    [[nodiscard]] Head made_up(const Commit& commit, std::int64_t fewer = 0) const;

    Orders& orders_;
    Head before_;
    bool opening_ = true;  // nothing was read yet
};

}  // namespace fenceline::testing
