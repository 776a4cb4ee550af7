#pragma once

// What is asked of a journal's database, over one connection: the same statements for the store
// that writes and for a reader of a file at rest.
//
// Every value that comes out has been checked for type and range: the file may be a stranger's.

#include <memory>

#include "journal/journal.hpp"
#include "journal/sqlite/event_row.hpp"
#include "journal/sqlite/slice.hpp"
#include "journal/sqlite/sqlite.hpp"

namespace fenceline::sqlite {

class Reads {
  public:
    // The database has the schema of `format`. The connection outlives this object.
    [[nodiscard]] static Result<std::unique_ptr<Reads>> prepare(Connection& database, int format);

    [[nodiscard]] Result<Head> head();
    [[nodiscard]] Result<Event> event(Position position);
    [[nodiscard]] Result<Checkpoint> checkpoint(Position position);
    [[nodiscard]] Result<std::vector<Position>> checkpoints();
    [[nodiscard]] Result<Position> first_at(Time at);
    // Whether the journal once ended so: its hash at that place is that head's.
    [[nodiscard]] Result<bool> was_head(const Head& head);

    // Where a read of (after, to] begins.
    [[nodiscard]] Result<Cursor> start(const Head& after, Position to);
    // Takes the next piece into `slice`. Inside of a read or write transaction of the caller.
    enum class Keep { decoded, stored_too };
    [[nodiscard]] Result<void> fill(Cursor& cursor, Slice& slice, Keep keep);

  private:
    explicit Reads(Connection& database) : database_(database) {}
    // Each takes what belongs to positions up to `last`. False: there is more than fits (of
    // events: fewer, the journal ends).
    [[nodiscard]] Result<bool> fill_texts(Cursor& cursor, Slice& slice, Position last);
    [[nodiscard]] Result<bool> fill_recorders(Cursor& cursor, Slice& slice, Position last);
    [[nodiscard]] Result<bool> fill_flushes(Cursor& cursor, Slice& slice, Position last);
    [[nodiscard]] Result<bool> fill_events(Cursor& cursor, Slice& slice, Keep keep, Position last,
                                           const Known& before);
    [[nodiscard]] Result<Known> known();
    [[nodiscard]] Result<std::optional<Time>> time_at(Position position);

    Connection& database_;
    Statement last_event_, last_flush_, known_;
    Statement events_, texts_, recorders_, flushes_;
    Statement sealed_before_, time_at_, chain_at_;
    Statement checkpoint_, checkpoints_;  // not there before format_with_checkpoints
    bool has_checkpoints_ = false;
};

}  // namespace fenceline::sqlite
