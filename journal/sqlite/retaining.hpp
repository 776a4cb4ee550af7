#pragma once

// What is being dropped: how much of it may go, and the fold of it so far. Nothing is written here,
// and no lock is held.
//
// Threading: as the journal.

#include <string>

#include "journal/journal.hpp"
#include "journal/sqlite/slice.hpp"
#include "journal/sqlite/sqlite.hpp"
#include "journal/start.hpp"

namespace fenceline::sqlite {

// How far the oldest segments may go, at most limits::segments_dropped of them.
struct DropPlan {
    Position last;       // of the last one; 0: none may go
    std::string pinned;  // the pin that keeps the next one
};
[[nodiscard]] Result<DropPlan> plan_drop(Connection& database, const RetainRequest& request,
                                         Position newest);

// The pin that holds any of these positions; empty when none does.
[[nodiscard]] Result<std::string> pin_on(Connection& database, Position first, Position last);

// Folds from where the journal begins, hearing every hash: a damaged segment shows before it goes.
class Retaining final : public HeadSink {
  public:
    static std::unique_ptr<Retaining> from(Start start, Position last) {
        return std::unique_ptr<Retaining>(new Retaining(std::move(start), last));
    }
    [[nodiscard]] bool wants_chain() const override { return true; }

    [[nodiscard]] const Start& folded() const { return start_; }
    [[nodiscard]] bool complete() const { return start_.head.position >= last; }
    // The next segments, after those that were dropped.
    void go_on(Position to) {
        before = start_.head;
        last = cursor.to = to;
        cursor.done = false;
    }

    Head before;  // the beginning that the journal must still have when it is dropped
    Position last;
    Cursor cursor;

  private:
    Retaining(Start start, Position to)
        : HeadSink(start_), before(start.head), last(to), start_(std::move(start)) {
        cursor = {.next = Position{before.position.value + 1},
                  .to = to,
                  .commit_first = Position{before.position.value + 1},
                  .texts = before.texts,
                  .recorders = before.recorders,
                  .flushes = before.flushes};
    }
    Start start_;
};

}  // namespace fenceline::sqlite
