// The sealed part of what is asked of a journal.

#include <algorithm>

#include "events/codec.hpp"
#include "journal/chain.hpp"
#include "journal/sqlite/reads.hpp"

namespace fenceline::sqlite {

namespace {

// Works out the hashes of a segment's commits, row by row.
class Linker final : public Sink {
  public:
    Linker(ChainHash before, std::vector<OpenSegment::Link>& links)
        : previous_(before), links_(links) {}

    [[nodiscard]] bool wants_stored() const override { return true; }
    bool text(TextId id, std::string_view value) override {
        open();
        hasher_.text(id, value);
        return true;
    }
    bool recorder(const Recorder& recorder) override {
        open();
        hasher_.recorder(recorder);
        return true;
    }
    bool stored(std::uint8_t kind, std::string_view payload) override {
        kind_ = kind;
        payload_ = payload;
        return true;
    }
    bool event(const Event& event) override {
        open();
        hasher_.event(event, kind_, payload_);
        return true;
    }
    bool stored_measured(std::string_view bytes) override {
        measured_ = bytes;
        return true;
    }
    bool seal(const Seal& seal) override {
        // A flush is worked out too, not taken from its row: a hash that is believed in the middle
        // would hide whatever was changed before it.
        open();
        hasher_.measured(measured_);
        previous_ = hasher_.finish(seal.recorder);
        if (seal.first <= seal.last) links_.push_back({seal.last, previous_});
        open_ = false;
        return true;
    }

  private:
    void open() {
        if (!open_) hasher_.begin(previous_);
        open_ = true;
    }

    ChainHash previous_;
    std::vector<OpenSegment::Link>& links_;
    CommitHasher hasher_;
    bool open_ = false;
    std::uint8_t kind_ = 0;
    std::string_view payload_, measured_;
};

tl::unexpected<Error> damaged(const OpenSegment& segment, Position at) {
    const char* fault = segment.reader->fault();
    return tl::unexpected<Error>(corrupt_at(
        at, std::string("its segment is damaged: ") + (fault ? fault : "it ends too early")));
}

// Goes along until `position` is next.
Result<void> seek(OpenSegment& segment, Position position, const SegmentKnown& known) {
    auto& reader = *segment.reader;
    if (reader.next_position() > position || reader.fault() != nullptr) reader.rewind();
    Event skipped;
    while (reader.next_position() < position)
        if (!reader.next(known, skipped)) return damaged(segment, reader.next_position());
    return {};
}

SegmentKnown known_in(const SegmentRow& row) {
    return {row.after.texts, row.after.recorders};
}

}  // namespace

Result<Steady> Steady::begin(Connection& database) {
    Steady steady;
    if (!database.autocommit()) return steady;
    auto transaction = Transaction::begin(database, Transaction::Kind::read);
    if (!transaction) return tl::unexpected<Error>(std::move(transaction.error()));
    steady.transaction_.emplace(std::move(*transaction));
    return steady;
}

Reads::Wanted Reads::wanted_by(const Sink& sink) {
    return {sink.wants_stored() ? Keep::stored_too : Keep::decoded,
            sink.wants_chain() ? Chain::each : Chain::last};
}

Result<OpenSegment*> Reads::sealed(Position position) {
    if (segments_ == nullptr) return nullptr;
    return segments_->holding(position);
}

Result<void> Reads::fill_sealed(OpenSegment& segment, Cursor& cursor, Slice& slice, Wanted wanted,
                                Position last, KnownAlong& known) {
    // A read that ends inside needs the hash of the last commit that it hears of.
    if (segment.links.empty() && (wanted.chain == Chain::each ||
                                  (wanted.chain == Chain::last && cursor.to < segment.row.last())))
        FENCELINE_TRY(link(segment));
    auto& reader = *segment.reader;
    FENCELINE_TRY(seek(segment, cursor.next, known_in(segment.row)));
    const Position end = std::min(last, segment.row.last());
    while (cursor.next <= end) {
        const Known& now = known.at(cursor.next);
        Event& event = slice.next_event();
        if (!reader.next({now.texts, now.recorders}, event)) return damaged(segment, cursor.next);
        slice.keep_event();
        ++cursor.next.value;
        if (wanted.keep == Keep::stored_too) {
            auto& stored = slice.stored.emplace_back();
            stored.kind = codec::kind_of(event.payload);
            reader.stored_payload(event, stored.payload);
        }
        const auto* ended = reader.commit_ended();
        if (ended == nullptr) continue;
        auto& sealed = slice.seals.emplace_back();
        sealed.seal = {.first = ended->first,
                       .last = ended->last,
                       .recorder = ended->recorder,
                       .chain = segment.row.last_chain,
                       .measured = ended->measured};
        if (!segment.links.empty())
            sealed.seal.chain = segment.links[reader.commits_ended() - 1].chain;
        if (wanted.keep == Keep::stored_too) reader.stored_measured(sealed.stored);
    }
    cursor.commit_first = reader.commit_first();
    return {};
}

Result<void> Reads::link(OpenSegment& segment) {
    const Head& before = segment.row.before;
    Cursor cursor{.next = segment.row.first,
                  .to = segment.row.last(),
                  .commit_first = segment.row.first,
                  .texts = before.texts,
                  .recorders = before.recorders,
                  .flushes = before.flushes};
    std::vector<OpenSegment::Link> links;
    Linker linker(before.chain, links);
    Slice slice;
    Result<void> filled;
    while (filled && !cursor.done) {
        filled = fill(cursor, slice, {Keep::stored_too, Chain::none});
        if (filled && !slice.deliver(linker)) break;
    }
    FENCELINE_TRY(filled);
    if (links.empty() || std::ssize(links) != segment.row.commits ||
        links.back().last != segment.row.last() || links.back().chain != segment.row.last_chain)
        return tl::unexpected<Error>(
            corrupt_at(segment.row.first,
                       "the hashes of its segment do not end as the segment says: an "
                       "event, a text or a recorder up to event " +
                           std::to_string(segment.row.last().value) + " was changed"));
    segment.links = std::move(links);
    return {};
}

Result<Event> Reads::sealed_event(OpenSegment& segment, Position position) {
    const auto known = known_in(segment.row);
    FENCELINE_TRY(seek(segment, position, known));
    Event event;
    if (!segment.reader->next(known, event)) return damaged(segment, position);
    return event;
}

Result<std::optional<Position>> Reads::sealed_first_at(Time at) {
    using Found = std::optional<Position>;
    if (segments_ == nullptr) return Found();
    auto reached = segments_->reaching(at);
    if (!reached) return tl::unexpected<Error>(std::move(reached.error()));
    if (*reached == nullptr) return Found();
    OpenSegment& segment = **reached;
    const auto known = known_in(segment.row);
    FENCELINE_TRY(seek(segment, segment.row.first, known));
    Event event;
    while (segment.reader->next(known, event))
        if (event.at >= at) return Found(event.position);
    return damaged(segment, segment.reader->next_position());
}

Result<std::optional<ChainHash>> Reads::sealed_chain(Position position) {
    using Found = std::optional<ChainHash>;
    auto holding = sealed(position);
    if (!holding) return tl::unexpected<Error>(std::move(holding.error()));
    if (*holding == nullptr) return Found();
    OpenSegment& segment = **holding;
    if (segment.links.empty()) FENCELINE_TRY(link(segment));
    const auto found =
        std::ranges::lower_bound(segment.links, position, {}, &OpenSegment::Link::last);
    if (found == segment.links.end() || found->last != position) return Found();
    return Found(found->chain);
}

}  // namespace fenceline::sqlite
