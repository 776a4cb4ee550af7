#pragma once

// What is asked of a journal's database, over one connection: the same statements for the store
// that writes and for a reader of a file at rest. Events come from rows and from segments alike:
// nobody above can tell them apart.
//
// Every value that comes out has been checked for type and range: the file may be a stranger's.

#include <cstdint>
#include <memory>
#include <optional>

#include "journal/journal.hpp"
#include "journal/sqlite/event_row.hpp"
#include "journal/sqlite/segments.hpp"
#include "journal/sqlite/slice.hpp"
#include "journal/sqlite/sqlite.hpp"

namespace fenceline::sqlite {

// What may be named at a position: what earlier commits brought, and its own.
class KnownAlong {
  public:
    KnownAlong(const Known& before, const Slice& slice) : known_(before), slice_(slice) {}
    const Known& at(Position position) {
        while (text_ < slice_.texts.size() && slice_.texts[text_].commit <= position)
            known_.texts = slice_.texts[text_++].id.value + 1;
        while (recorder_ < slice_.recorders.size() && slice_.recorders[recorder_].first <= position)
            known_.recorders = slice_.recorders[recorder_++].id.value;
        return known_;
    }

  private:
    Known known_;
    const Slice& slice_;
    std::size_t text_ = 0, recorder_ = 0;
};

// One state of the database for several statements, unless the caller has one already. Between
// two of them a store could seal what the first one saw as rows.
class Steady {
  public:
    [[nodiscard]] static Result<Steady> begin(Connection& database);

  private:
    std::optional<Transaction> transaction_;
};

// Where the journal ends, by its last rows. The hash is that of a flush where one follows.
struct JournalEnd {
    Position position;
    ChainHash chain{};
    bool operator==(const JournalEnd&) const = default;
};

class Reads {
  public:
    // The database has the schema of `format`. The connection outlives this object.
    [[nodiscard]] static Result<std::unique_ptr<Reads>> prepare(Connection& database, int format);

    [[nodiscard]] Result<Head> head();
    // Only within a transaction, and only what is rows: zeros where there is none.
    [[nodiscard]] Result<JournalEnd> end();
    // Where the journal begins; Head{} without a base.
    [[nodiscard]] Result<Head> beginning();
    [[nodiscard]] Result<Base> base();
    [[nodiscard]] Result<std::vector<Pin>> pins();
    // The last position before the event rows.
    [[nodiscard]] Result<Position> rows_follow();
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
    // Inside of a segment hashes have to be worked out; most readers need none but the last.
    enum class Chain { each, last, none };
    struct Wanted {
        Keep keep = Keep::decoded;
        Chain chain = Chain::each;
    };
    [[nodiscard]] static Wanted wanted_by(const Sink& sink);
    [[nodiscard]] Result<void> fill(Cursor& cursor, Slice& slice, Wanted wanted);

    // The segments; null before format_with_segments.
    [[nodiscard]] Segments* segments() { return segments_.get(); }
    // Works out every hash of a segment from its events, the texts, recorders and flushes beside
    // it, and holds the last one against the row's: `corrupt` when they differ.
    [[nodiscard]] Result<void> link(OpenSegment& segment);

  private:
    explicit Reads(Connection& database) : database_(database) {}
    // Each takes what belongs to positions up to `last`. False: there is more than fits (of
    // events: fewer, the journal ends).
    [[nodiscard]] Result<bool> fill_texts(Cursor& cursor, Slice& slice, Position last);
    [[nodiscard]] Result<bool> fill_recorders(Cursor& cursor, Slice& slice, Position last);
    [[nodiscard]] Result<bool> fill_flushes(Cursor& cursor, Slice& slice, Position last);
    [[nodiscard]] Result<bool> fill_events(Cursor& cursor, Slice& slice, Wanted wanted,
                                           Position last, const Known& before);
    [[nodiscard]] Result<bool> fill_rows(Cursor& cursor, Slice& slice, Keep keep, Position last,
                                         KnownAlong& known);
    [[nodiscard]] Result<void> fill_sealed(OpenSegment& segment, Cursor& cursor, Slice& slice,
                                           Wanted wanted, Position last, KnownAlong& known);
    [[nodiscard]] Result<OpenSegment*> sealed(Position position);
    [[nodiscard]] Result<Event> sealed_event(OpenSegment& segment, Position position);
    [[nodiscard]] Result<std::optional<Position>> sealed_first_at(Time at);
    [[nodiscard]] Result<std::optional<ChainHash>> sealed_chain(Position position);
    [[nodiscard]] Result<std::optional<JournalEnd>> last_event();
    [[nodiscard]] Result<std::optional<std::int64_t>> last_flush(JournalEnd& end);
    [[nodiscard]] Result<Known> known();
    [[nodiscard]] Result<std::optional<Time>> time_at(Position position);

    Connection& database_;
    std::unique_ptr<Segments> segments_;
    Statement last_event_, last_flush_, known_;
    Statement events_, texts_, recorders_, flushes_;
    Statement sealed_before_, time_at_, chain_at_;
    Statement checkpoint_, checkpoints_;  // not there before format_with_checkpoints
    Statement begin_;                     // nor this one before format_with_base
    bool has_checkpoints_ = false, has_base_ = false;
};

}  // namespace fenceline::sqlite
