#pragma once

// A journal: events in order, appended in commits, never changed. This is the interface that a
// database implements (journal/sqlite, journal/memory); the store above it is the same for all.
//
// Writing is three steps under one lock that all processes share:
//
//   auto head = journal.begin_write();        // waits fairly, at most lock_timeout
//   ... journal.read(after, head, sink) ...   // what others appended meanwhile
//   journal.append(commit);                   // one commit, one sync; the lock is released
//   (or journal.cancel_write())
//
// Threading: begin_write .. append/cancel_write from one thread at a time (the store's queue sees
// to it); reads from any thread that holds its own Reader.

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "events/event.hpp"
#include "events/limits.hpp"
#include "events/result.hpp"
#include "events/text.hpp"

namespace fenceline {

// BLAKE2b-256 over a commit's rows and the hash of the commit before it (I7, FORMAT.md).
using ChainHash = std::array<std::uint8_t, 32>;

// The end of the journal: the last position, and the hash that seals everything up to it.
struct Head {
    Position position;
    ChainHash chain{};
    std::uint32_t texts = 1;     // dictionary entries, the empty text included
    std::int64_t recorders = 0;  // recorders known
    std::int64_t flushes = 0;    // commits without events so far (see Commit)
    Time at;                     // time of the last event
    bool operator==(const Head&) const = default;
};

// What one commit brings. Positions continue head.position without a gap.
//
// A commit without events is a *flush*: it records durations that no later operation came to
// carry (before a scrape, at close). It takes no position, so that positions count operations and
// nothing else; it is chained like every commit, and its place is after the event at the head.
struct Commit {
    std::span<const Event> events;
    // Dictionary entries that are new with this commit: numbers head.texts and on.
    std::span<const std::string> texts;
    // Set when this commit is the first of its recorder. A flush is never the first.
    const Recorder* recorder = nullptr;
    // Who commits: the recorder of every event in it.
    RecorderId by;
    // Durations of an earlier commit, may be empty; never empty in a flush.
    Measurements measured;
};

// The seal of a commit, as read back after its last event. A flush has no events: its `last` is
// the position it follows and its `first` one more.
struct Seal {
    Position first, last;
    RecorderId recorder;
    ChainHash chain{};
    Measurements measured;
};

// Receives a range of the journal in order. A text or a recorder comes before the first event
// that names it; a seal comes after the last event of its commit. Returning false stops the read.
class Sink {
  public:
    virtual ~Sink() = default;
    virtual bool text(TextId, std::string_view) { return true; }
    virtual bool recorder(const Recorder&) { return true; }
    virtual bool event(const Event&) { return true; }
    virtual bool seal(const Seal&) { return true; }

    // For those who check the chain, which seals bytes: a payload as it is stored, right before
    // its event, and a commit's durations (none: empty), right before its seal.
    [[nodiscard]] virtual bool wants_stored() const { return false; }
    virtual bool stored(std::uint8_t /*kind*/, std::string_view /*payload*/) { return true; }
    virtual bool stored_measured(std::string_view) { return true; }

    // Whether the hash of each seal matters. In sealed history hashes are worked out, which takes
    // longer than all the rest: whoever says no hears the right one with the last seal of a read,
    // and any hash with those before it.
    [[nodiscard]] virtual bool wants_chain() const { return true; }
};

// A saved fold: bytes that the layer above wrote, and the head that they belong to.
struct Checkpoint {
    Head head;
    std::string state;
};

// History that was dropped behind a base: what, when and by whom, and the hashes before and after
// it, so that what is left can be held against a copy of what is gone.
struct Drop {
    Position first, last;
    Time at;         // when it was dropped
    std::string by;  // who said so
    ChainHash before{}, after{};
    bool operator==(const Drop&) const = default;
};

// What is never dropped, under the name of whoever wants it kept.
struct Pin {
    std::string name;
    Position first, last;
    bool operator==(const Pin&) const = default;
};

// What a journal begins with that does not begin at event 1: the fold of all events before its
// first one, and what else has to be known of them. It is sealed, and nothing but a seal kept
// elsewhere can tell more about it: the events are not there.
struct Base {
    Checkpoint saved;
    std::vector<Recorder> recorders;  // all of saved.head.recorders
    // Of a window that was taken out of another journal: that journal's id (unless redacted), and
    // which names were made unreadable ("org,owner"; empty: none).
    std::string source, redacted;
    std::vector<Drop> drops;  // in this very journal, in order
};

// Reads. Never blocks the writer, never changes a file (I8).
class Reader {
  public:
    virtual ~Reader() = default;
    // What makes this journal another than all others; empty when it does not say.
    [[nodiscard]] virtual Result<std::string> id() { return std::string(); }
    // The head as of now.
    [[nodiscard]] virtual Result<Head> head() = 0;
    // Whether the journal ended so once. A head that others saw before it was durable may be gone.
    [[nodiscard]] virtual Result<bool> was_head(const Head& /*head*/) { return true; }
    // The head that the first event follows: Head{}, unless the journal begins at a base.
    [[nodiscard]] virtual Result<Head> beginning() { return Head{}; }
    // The base; `not_found` when the journal begins at event 1, `corrupt` when it is not what its
    // seal says.
    [[nodiscard]] virtual Result<Base> base() {
        return fail(ErrorCode::not_found, "the journal begins at its first event");
    }
    // Everything after `after` up to and including `to`: texts and recorders from those of
    // `after` on (all of them when after.texts is 1 and after.recorders is 0). Flushes beyond
    // after.flushes come in their place, those that follow `to` included. `not_found` when the
    // journal begins after `after`, also when it does only since a moment ago: nobody goes on
    // behind a gap that he was not told of.
    [[nodiscard]] virtual Result<void> read(const Head& after, Position to, Sink& sink) = 0;
    // Everything that is there up to `to`, wherever it begins, and all texts and recorders.
    [[nodiscard]] Result<void> read_all(Position to, Sink& sink) {
        const auto begun = beginning();
        if (!begun) return tl::unexpected<Error>(begun.error());
        return read({.position = begun->position, .flushes = begun->flushes}, to, sink);
    }
    // One event by its position; `not_found` when there is none.
    [[nodiscard]] virtual Result<Event> event(Position position) = 0;
    // What is pinned, by name.
    [[nodiscard]] virtual Result<std::vector<Pin>> pins() { return std::vector<Pin>(); }
    // The nearest checkpoint at or before `position`; `not_found` when there is none.
    [[nodiscard]] virtual Result<Checkpoint> checkpoint(Position position) = 0;
    // Positions of all checkpoints, ascending.
    [[nodiscard]] virtual Result<std::vector<Position>> checkpoints() = 0;
    // The first position whose time is at or after `at`; one past the last when none is.
    [[nodiscard]] virtual Result<Position> first_at(Time at) = 0;
    // What is wrong with the journal's storage where no event is, a line each: it reads, and a
    // store may still be unable to work with it. Takes as long as reading all of it.
    [[nodiscard]] virtual Result<std::vector<std::string>> damage() {
        return std::vector<std::string>();
    }
};

// What may be sealed, and what came of it.
struct SealRequest {
    Position last;           // nothing after it
    std::int64_t least = 1;  // events; a shorter segment is not made
};
struct SealStep {
    Position sealed;    // up to here history is in segments
    bool more = false;  // another step would go on
};

// What may be dropped: whole segments, the oldest first, of which all that is given here is true.
// Nothing that is pinned, and nothing after it.
struct RetainRequest {
    Position before;                 // all events lie before this one; 0: anywhere
    std::optional<Time> older_than;  // all events are older than that
    std::int64_t most_bytes = 0;     // the journal uses more than this; 0: whatever it uses
    // The newest positions are kept in any case: a retry finds its answer there.
    std::int64_t keep = limits::request_window;
    std::string by;  // who says so: it is written down
};
struct RetainStep {
    Position beginning;  // events up to here are dropped
    bool more = false;   // another step would go on
    std::string pinned;  // the pin that kept it from dropping more; empty: none did
};

// A long part of some housekeeping. It needs nothing of the journal that gave it: any thread runs
// it, while the journal is used. run() says nothing; the journal knows what came of it.
class LongWork {
  public:
    virtual ~LongWork() = default;
    virtual void run() = 0;
};

class Journal : public Reader {
  public:
    // Takes the write lock; from here to append or cancel_write nobody else can append. `busy`
    // when it was not to be had in time. Returns the head under the lock.
    [[nodiscard]] virtual Result<Head> begin_write() = 0;
    // The events that the commit will have at least, all so far: a journal may write them already,
    // while the store decides the next ones. Nothing of them is there before `append`, which
    // brings them again, and nothing after cancel_write, the only call that may follow an error.
    [[nodiscard]] virtual Result<void> prepare(std::span<const Event> /*events*/) { return {}; }
    // Appends and commits with one sync; the lock is released, whatever comes of it. On success:
    // the new head, and everything of the commit is durable. `invalid_request` when the commit
    // does not continue the head (commit_check.hpp). An error says whether it is certain that
    // nothing was written (`not_applied`) or not (`unknown`, and the journal refuses work until
    // reopened).
    [[nodiscard]] virtual Result<Head> append(const Commit& commit) = 0;
    // Releases the lock without having written.
    virtual void cancel_write() = 0;
    // Whoever answers from what head() or begin_write() told, without an append of its own, calls
    // it first: another store's commit may be read before it is durable. An error poisons.
    [[nodiscard]] virtual Result<void> make_durable() { return {}; }
    // Saves a checkpoint for the current head or an earlier one. Takes the write lock itself.
    [[nodiscard]] virtual Result<void> save_checkpoint(const Checkpoint& checkpoint) = 0;
    // Housekeeping that the writer owes now and then (moving the WAL into the database). Called
    // by the store outside its callers' answers. Takes the write lock itself.
    [[nodiscard]] virtual Result<void> maintain() = 0;
    // The same without holding anybody up for long, where a journal can: it is begun, which takes
    // the write lock for a moment; the work that this gives is run once; and it is ended, before
    // anything else of that kind is begun and before close(). Null: nothing is due, or only
    // maintain() can do it.
    [[nodiscard]] virtual Result<LongWork*> begin_maintenance() { return nullptr; }
    [[nodiscard]] virtual Result<void> end_maintenance() { return {}; }
    // Housekeeping has fallen so far behind that whoever writes shall wait for what is being done.
    [[nodiscard]] virtual bool lags() const { return false; }
    // What the destructor does, but says what went wrong: a sync that failed while the log was
    // moved loses nothing, and still is somebody's business. Nothing may be asked afterwards.
    [[nodiscard]] virtual Result<void> close() { return {}; }
    // One step of packing the oldest rows into segments, where a journal has such: it reads about a
    // thousand rows, or puts a segment that is full in the place of its rows. The write lock is
    // held for the latter alone, and taken by the call itself. Reads stay as they were. `corrupt`
    // when the rows do not have the hashes that seal them: they stay rows.
    [[nodiscard]] virtual Result<SealStep> seal(const SealRequest& request) = 0;
    // One step of dropping the oldest segments behind a base, where a journal has such: it folds
    // about a thousand events, or puts a base in the place of some segments. The write lock is held
    // for the latter alone, and taken by the call itself. What is dropped was held against its
    // hashes before: `corrupt` when they differ, and it stays.
    [[nodiscard]] virtual Result<RetainStep> retain(const RetainRequest& /*request*/) {
        return RetainStep{};
    }
    // Keeps a range from being dropped. `already_exists` for a name that is taken,
    // `invalid_request` for a range that is not, or not any more, in the journal.
    [[nodiscard]] virtual Result<void> pin(const Pin& /*pin*/) {
        return fail(ErrorCode::invalid_request, "this journal never drops anything");
    }
    // `not_found` for a name that nothing has.
    [[nodiscard]] virtual Result<void> unpin(const std::string& name) {
        return fail(ErrorCode::not_found, "there is no pin of the name " + name);
    }
    // Gives the room that dropping and sealing left back to the disk: writes the file anew, under
    // the write lock, while writers wait.
    [[nodiscard]] virtual Result<void> compact() { return {}; }
};

}  // namespace fenceline
