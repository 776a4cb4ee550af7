#pragma once

// A bounded piece of the journal in memory, taken in one read transaction and handed on after it:
// a sink that is slow (a pager, a network) never pins the write-ahead log (I8).

#include <string>
#include <vector>

#include "journal/journal.hpp"

namespace fenceline::sqlite {

// Where a read has come to. Small, so that a piece that turns out stale can be taken again.
struct Cursor {
    Position next;               // the first event not yet taken
    Position to;                 // the last one wanted
    Position commit_first;       // where the commit begins that `next` belongs to
    std::uint32_t texts = 1;     // the first text not yet taken
    std::int64_t recorders = 0;  // the last recorder taken
    std::int64_t flushes = 0;    // the last flush taken
    bool flushes_known = true;   // false: the last one before the beginning, wherever that is then
    bool done = false;
};

class Slice {
  public:
    static constexpr std::int64_t most_events = 1'000;
    static constexpr std::int64_t most_texts = 16'384;
    static constexpr std::int64_t most_recorders = 1'024;
    static constexpr std::int64_t most_flushes = 1'024;

    struct Text {
        TextId id;
        Position commit;  // its first position
        std::string value;
    };
    struct SealedAt {
        Seal seal;
        std::string stored;  // its durations' bytes
    };
    struct Stored {
        std::uint8_t kind = 0;
        std::string payload;
    };

    void clear();
    // The next free place for an event; buffers of earlier slices are reused.
    Event& next_event();
    void keep_event() { ++events_used_; }

    // Hands everything on in order. False: the sink had enough.
    [[nodiscard]] bool deliver(Sink& sink);

    std::vector<Recorder> recorders;
    std::vector<Text> texts;
    std::vector<SealedAt> seals;  // of commits with events
    std::vector<SealedAt> flushes;
    std::vector<Stored> stored;  // beside the events; empty unless the sink wants them

  private:
    [[nodiscard]] bool deliver_event(Sink& sink, std::size_t index);
    [[nodiscard]] bool deliver_before(Sink& sink, Position position);
    [[nodiscard]] bool deliver_flushes(Sink& sink, Position before);

    std::vector<Event> events_;
    std::size_t events_used_ = 0;
    // How far the delivery has come.
    std::size_t text_ = 0, recorder_ = 0, seal_ = 0, flush_ = 0;
    Position due_;  // no text and no recorder comes before an earlier event
};

}  // namespace fenceline::sqlite
