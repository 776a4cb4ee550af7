#include "journal/sqlite/reads.hpp"

#include <algorithm>
#include <limits>

#include "events/codec.hpp"
#include "events/limits.hpp"
#include "journal/sqlite/base_row.hpp"
#include "journal/sqlite/checkpoint_row.hpp"
#include "journal/sqlite/schema.hpp"

namespace fenceline::sqlite {

namespace {

constexpr std::string_view last_event_sql =
    "SELECT position, at, chain FROM event ORDER BY position DESC LIMIT 1";
constexpr std::string_view last_flush_sql =
    "SELECT id, position, chain FROM flush ORDER BY id DESC LIMIT 1";
constexpr std::string_view known_sql =
    "SELECT (SELECT ifnull(max(id), 0) FROM text), (SELECT ifnull(max(id), 0) FROM recorder)";
constexpr std::string_view texts_sql =
    "SELECT id, position, value FROM text WHERE id >= ?1 ORDER BY id LIMIT ?2";
constexpr std::string_view recorders_sql =
    "SELECT id, position, instance, run FROM recorder WHERE id > ?1 ORDER BY id LIMIT 1025";
constexpr std::string_view flushes_sql =
    "SELECT id, position, recorder, measured, chain FROM flush WHERE id > ?1 ORDER BY id LIMIT ?2";
constexpr std::string_view sealed_before_sql =
    "SELECT position FROM event WHERE position <= ?1 AND chain IS NOT NULL "
    "ORDER BY position DESC LIMIT 1";
constexpr std::string_view chain_at_sql =
    "SELECT ifnull((SELECT chain FROM flush WHERE id = ?1 AND position = ?2), "
    "(SELECT chain FROM event WHERE position = ?2))";
constexpr std::string_view time_at_sql = "SELECT at FROM event WHERE position = ?1";

Error corrupt(std::string text) {
    return {.code = ErrorCode::corrupt,
            .text = std::move(text),
            .hint = "run `fenceline verify` on a copy"};
}

tl::unexpected<Error> before_the_base(const std::string& what, const Head& begin) {
    return fail(ErrorCode::not_found,
                what + "; the journal begins after #" + std::to_string(begin.position.value));
}

tl::unexpected<Error> before_the_base(Position position, const Head& begin) {
    return before_the_base("there is no #" + std::to_string(position.value), begin);
}

// Durations that no event carries, between two that do.
tl::unexpected<Error> flush_before_the_base(const Head& begin) {
    return before_the_base("a flush before the next event was dropped", begin);
}

}  // namespace

Result<std::unique_ptr<Reads>> Reads::prepare(Connection& database, int format) {
    std::unique_ptr<Reads> reads(new Reads(database));
    Error error;
    const auto prepare = [&](Statement& into, std::string_view sql) {
        auto statement = database.prepare(sql);
        if (statement)
            into = std::move(*statement);
        else
            error = std::move(statement.error());
        return statement.has_value();
    };
    if (format >= format_with_segments) {
        auto segments = Segments::prepare(database);
        if (!segments) return tl::unexpected<Error>(std::move(segments.error()));
        reads->segments_ = std::move(*segments);
    }
    reads->has_checkpoints_ = format >= format_with_checkpoints;
    reads->has_base_ = format >= format_with_base;
    const bool prepared =
        prepare(reads->last_event_, last_event_sql) &&
        prepare(reads->last_flush_, last_flush_sql) && prepare(reads->known_, known_sql) &&
        prepare(reads->events_, select_events_sql) && prepare(reads->texts_, texts_sql) &&
        prepare(reads->recorders_, recorders_sql) && prepare(reads->flushes_, flushes_sql) &&
        prepare(reads->sealed_before_, sealed_before_sql) &&
        prepare(reads->time_at_, time_at_sql) && prepare(reads->chain_at_, chain_at_sql) &&
        (!reads->has_checkpoints_ || (prepare(reads->checkpoint_, select_checkpoint_sql) &&
                                      prepare(reads->checkpoints_, select_checkpoints_sql))) &&
        (!reads->has_base_ || prepare(reads->begin_, select_begin_sql));
    if (!prepared) return tl::unexpected<Error>(std::move(error));
    return reads;
}

// The first statement stays open until the last one is done: together they read one state.
Result<std::optional<JournalEnd>> Reads::last_event() {
    auto found = last_event_.step();
    if (!found) return tl::unexpected<Error>(std::move(found.error()));
    if (!*found) return std::nullopt;
    JournalEnd end{.position = Position{last_event_.integer(0).value_or(0)}};
    if (to_hash(last_event_.blob(2), end.chain)) return end;
    return tl::unexpected<Error>(corrupt_at(end.position, "the journal ends inside of a commit"));
}

// How many there were, unless there is no row of one; it is the journal's end where it follows it.
Result<std::optional<std::int64_t>> Reads::last_flush(JournalEnd& end) {
    auto found = last_flush_.step();
    if (!found) return tl::unexpected<Error>(std::move(found.error()));
    if (!*found) return std::nullopt;
    const Position follows{last_flush_.integer(1).value_or(-1)};
    if (follows == end.position && !to_hash(last_flush_.blob(2), end.chain))
        return tl::unexpected<Error>(corrupt_at(end.position, "the flush after it has no hash"));
    return last_flush_.integer(0).value_or(0);
}

Result<Head> Reads::head() {
    const Resetting first(last_event_), second(last_flush_), third(known_);
    auto event = last_event();
    if (!event) return tl::unexpected<Error>(std::move(event.error()));
    if (!*event && database_.autocommit()) {  // that statement is done and holds no state
        auto steady = Steady::begin(database_);
        return steady ? this->head() : tl::unexpected<Error>(std::move(steady.error()));
    }
    auto begun = beginning();
    if (!begun) return tl::unexpected<Error>(std::move(begun.error()));
    Head head = *begun;
    if (*event) head.at = Time{last_event_.integer(1).value_or(0)};
    auto known = this->known();
    if (!known) return tl::unexpected<Error>(std::move(known.error()));
    head.texts = known->texts;
    head.recorders = known->recorders;
    JournalEnd end = event->value_or(JournalEnd{head.position, head.chain});
    auto flushes = last_flush(end);
    if (!flushes) return tl::unexpected<Error>(std::move(flushes.error()));
    head.flushes = flushes->value_or(head.flushes);
    head.position = end.position;
    head.chain = end.chain;
    return head;
}

Result<JournalEnd> Reads::end() {
    const Resetting first(last_event_), second(last_flush_);
    auto event = last_event();
    if (!event) return tl::unexpected<Error>(std::move(event.error()));
    JournalEnd end = event->value_or(JournalEnd{});
    auto flushes = last_flush(end);
    if (!flushes) return tl::unexpected<Error>(std::move(flushes.error()));
    return end;
}

Result<Known> Reads::known() {
    auto row = known_.step();
    if (!row) return tl::unexpected<Error>(std::move(row.error()));
    const auto texts = known_.integer(0).value_or(-1);
    const auto recorders = known_.integer(1).value_or(-1);
    known_.reset();
    if (texts < 0 || texts >= std::numeric_limits<std::uint32_t>::max() || recorders < 0)
        return tl::unexpected<Error>(corrupt("the numbers of texts or recorders are out of range"));
    return Known{static_cast<std::uint32_t>(texts) + 1, recorders};
}

Result<Event> Reads::event(Position position) {
    auto steady = Steady::begin(database_);
    if (!steady) return tl::unexpected<Error>(std::move(steady.error()));
    auto begun = beginning();
    if (!begun) return tl::unexpected<Error>(std::move(begun.error()));
    if (position <= begun->position) return before_the_base(position, *begun);
    auto segment = sealed(position);
    if (!segment) return tl::unexpected<Error>(std::move(segment.error()));
    if (*segment != nullptr) return sealed_event(**segment, position);
    auto known = this->known();
    if (!known) return tl::unexpected<Error>(std::move(known.error()));
    const Resetting reset(events_);
    events_.bind(1, position.value);
    events_.bind(2, position.value);
    auto row = events_.step();
    if (!row) return tl::unexpected<Error>(std::move(row.error()));
    if (!*row)
        return fail(ErrorCode::not_found,
                    "there is no event " + std::to_string(position.value) + " in the journal");
    Event event;
    EventRow found;
    FENCELINE_TRY(read_event(events_, *known, event, found));
    return event;
}

Result<bool> Reads::was_head(const Head& head) {
    if (head == Head{}) return true;
    auto steady = Steady::begin(database_);
    if (!steady) return tl::unexpected<Error>(std::move(steady.error()));
    auto begun = beginning();
    if (!begun) return tl::unexpected<Error>(std::move(begun.error()));
    if (head.position == begun->position && head.flushes == begun->flushes)
        return head.chain == begun->chain;
    const Resetting reset(chain_at_);
    chain_at_.bind(1, head.flushes);
    chain_at_.bind(2, head.position.value);
    auto row = chain_at_.step();
    if (!row) return row;
    ChainHash chain{};
    if (*row && to_hash(chain_at_.blob(0), chain)) return chain == head.chain;
    chain_at_.reset();
    auto sealed = sealed_chain(head.position);
    if (!sealed) return tl::unexpected<Error>(std::move(sealed.error()));
    return sealed->has_value() && **sealed == head.chain;
}

// --- ranges

Result<Cursor> Reads::start(const Head& after, Position to) {
    auto steady = Steady::begin(database_);
    if (!steady) return tl::unexpected<Error>(std::move(steady.error()));
    auto begun = beginning();
    if (!begun) return tl::unexpected<Error>(std::move(begun.error()));
    if (after.position < begun->position)
        return before_the_base(Position{after.position.value + 1}, *begun);
    // A place alone, without what was known there, has no flush to go on from.
    const bool known = after.chain != ChainHash{};
    const auto from = after.position;
    Cursor cursor{.next = Position{from.value + 1},
                  .to = to,
                  .commit_first = Position{begun->position.value + 1},
                  .texts = after.texts,
                  .recorders = after.recorders,
                  .flushes = after.flushes,
                  .flushes_known = known};
    auto segment = sealed(cursor.next);
    if (!segment) return tl::unexpected<Error>(std::move(segment.error()));
    if (*segment != nullptr) return cursor;  // the segment knows its commits
    // `after` may lie inside of a commit: its seal names where the commit really began.
    const Resetting reset(sealed_before_);
    sealed_before_.bind(1, from.value);
    auto row = sealed_before_.step();
    if (!row) return tl::unexpected<Error>(std::move(row.error()));
    if (*row) {
        cursor.commit_first = Position{sealed_before_.integer(0).value_or(0) + 1};
        return cursor;
    }
    auto before_rows = rows_follow();
    if (!before_rows) return tl::unexpected<Error>(std::move(before_rows.error()));
    cursor.commit_first = Position{before_rows->value + 1};
    return cursor;
}

// Positions have no gaps, so the last one of a piece is known before anything is read, and what
// an event may name is there before the event.
Result<void> Reads::fill(Cursor& cursor, Slice& slice, Wanted wanted) {
    slice.clear();
    auto begun = beginning();
    if (!begun) return tl::unexpected<Error>(std::move(begun.error()));
    // Since the read began, or since its last piece.
    if (cursor.next <= begun->position) return before_the_base(cursor.next, *begun);
    if (!cursor.flushes_known) cursor.flushes = std::max(cursor.flushes, begun->flushes);
    cursor.flushes_known = true;
    if (cursor.flushes < begun->flushes) return flush_before_the_base(*begun);
    Known known{cursor.texts, cursor.recorders};
    Position last{std::min(cursor.to.value, cursor.next.value + Slice::most_events - 1)};
    auto all_texts = fill_texts(cursor, slice, last);
    if (!all_texts) return tl::unexpected<Error>(std::move(all_texts.error()));
    // Events from that commit on wait until all of its texts are handed on.
    if (!*all_texts) last = Position{slice.texts.back().commit.value - 1};
    auto all_flushes = fill_flushes(cursor, slice, last);
    if (!all_flushes) return tl::unexpected<Error>(std::move(all_flushes.error()));
    if (!*all_flushes) last = slice.flushes.back().seal.last;
    auto all_recorders = fill_recorders(cursor, slice, last);
    if (!all_recorders) return tl::unexpected<Error>(std::move(all_recorders.error()));
    if (!*all_recorders) last = Position{slice.recorders.back().first.value - 1};
    auto all_events = fill_events(cursor, slice, wanted, last, known);
    if (!all_events) return tl::unexpected<Error>(std::move(all_events.error()));
    // An event that is not there is the journal's end.
    const bool complete = *all_texts && *all_flushes && *all_recorders;
    cursor.done = complete && (!*all_events || cursor.next > cursor.to);
    return {};
}

namespace {

Result<void> keep_seal(const EventRow& row, const Event& event, Position first, Slice& slice) {
    auto& sealed = slice.seals.emplace_back();
    sealed.seal.first = first;
    sealed.seal.last = event.position;
    sealed.seal.recorder = event.recorder;
    sealed.seal.chain = row.chain;
    if (row.measured.empty()) return {};
    auto measured = codec::decode_measurements(row.measured);
    if (!measured) return tl::unexpected<Error>(corrupt_at(event.position, measured.error().text));
    sealed.seal.measured = std::move(*measured);
    sealed.stored = row.measured;
    return {};
}

}  // namespace

// False: the journal ends before `last`.
Result<bool> Reads::fill_events(Cursor& cursor, Slice& slice, Wanted wanted, Position last,
                                const Known& before) {
    KnownAlong known(before, slice);
    while (cursor.next <= last) {
        auto segment = sealed(cursor.next);
        if (!segment) return tl::unexpected<Error>(std::move(segment.error()));
        if (*segment == nullptr) return fill_rows(cursor, slice, wanted.keep, last, known);
        FENCELINE_TRY(fill_sealed(**segment, cursor, slice, wanted, last, known));
    }
    return true;
}

Result<bool> Reads::fill_rows(Cursor& cursor, Slice& slice, Keep keep, Position last,
                              KnownAlong& known) {
    const Resetting reset(events_);
    events_.bind(1, cursor.next.value);
    events_.bind(2, last.value);
    EventRow row;
    for (;;) {
        auto more = events_.step();
        if (!more) return tl::unexpected<Error>(std::move(more.error()));
        if (!*more) return cursor.next > last;
        Event& event = slice.next_event();
        FENCELINE_TRY(read_event(events_, known.at(cursor.next), event, row));
        if (event.position != cursor.next)
            return tl::unexpected<Error>(corrupt_at(cursor.next, "it is missing"));
        slice.keep_event();
        ++cursor.next.value;
        if (keep == Keep::stored_too)
            slice.stored.push_back({codec::kind_of(event.payload), std::string(row.payload)});
        if (row.sealed) {
            FENCELINE_TRY(keep_seal(row, event, cursor.commit_first, slice));
            cursor.commit_first = cursor.next;
        } else if (!row.measured.empty()) {
            return tl::unexpected<Error>(corrupt_at(event.position, "durations, but no hash"));
        }
    }
}

// --- by time

Result<std::optional<Time>> Reads::time_at(Position position) {
    const Resetting reset(time_at_);
    time_at_.bind(1, position.value);
    auto row = time_at_.step();
    if (!row) return tl::unexpected<Error>(std::move(row.error()));
    if (!*row) return std::optional<Time>();
    const auto at = time_at_.integer(0);
    if (!at) return tl::unexpected<Error>(corrupt_at(position, "its time is no number"));
    return std::optional<Time>(Time{*at});
}

// Times never go back along positions, so halving finds the place.
Result<Position> Reads::first_at(Time at) {
    auto steady = Steady::begin(database_);
    if (!steady) return tl::unexpected<Error>(std::move(steady.error()));
    auto found = sealed_first_at(at);
    if (!found) return tl::unexpected<Error>(std::move(found.error()));
    if (*found) return **found;
    auto rows_after = rows_follow();
    if (!rows_after) return tl::unexpected<Error>(std::move(rows_after.error()));
    auto end = head();
    if (!end) return tl::unexpected<Error>(std::move(end.error()));
    std::int64_t low = rows_after->value + 1, high = end->position.value + 1;
    while (low < high) {
        const auto middle = low + (high - low) / 2;
        auto time = time_at(Position{middle});
        if (!time) return tl::unexpected<Error>(std::move(time.error()));
        if (!*time) return tl::unexpected<Error>(corrupt_at(Position{middle}, "it is missing"));
        if (**time < at)
            low = middle + 1;
        else
            high = middle;
    }
    return Position{low};
}

// --- checkpoints

Result<Checkpoint> Reads::checkpoint(Position position) {
    if (!has_checkpoints_)
        return fail(ErrorCode::not_found, "the journal's format knows no checkpoints yet");
    const Resetting reset(checkpoint_);
    const RaisedLimit limit(database_, limits::checkpoint_bytes);
    checkpoint_.bind(1, position.value);
    auto row = checkpoint_.step();
    if (!row) return tl::unexpected<Error>(std::move(row.error()));
    if (!*row) return fail(ErrorCode::not_found, "there is no checkpoint at or before that event");
    return read_checkpoint(checkpoint_);
}

Result<std::vector<Position>> Reads::checkpoints() {
    std::vector<Position> out;
    if (!has_checkpoints_) return out;
    const Resetting reset(checkpoints_);
    for (;;) {
        auto row = checkpoints_.step();
        if (!row) return tl::unexpected<Error>(std::move(row.error()));
        if (!*row) return out;
        out.emplace_back(checkpoints_.integer(0).value_or(0));
    }
}

}  // namespace fenceline::sqlite
