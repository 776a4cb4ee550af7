#pragma once

// Where a fold of a journal begins: at a checkpoint, at the base, or with nothing before event 1.
//
//   auto start = nearest_start(reader, position);
//   reader.read(start->head, position, FoldSink(start->fold));
//
// Threading: as the reader.

#include <string>

#include "journal/fold_sink.hpp"
#include "journal/journal.hpp"
#include "projections/fold.hpp"

namespace fenceline {

struct Start {
    Fold fold;
    Head head;  // what the fold has seen
};

// Keeps the head that belongs to the fold.
class HeadSink : public FoldSink {
  public:
    explicit HeadSink(Start& start) : FoldSink(start.fold), start_(start) {}
    bool recorder(const Recorder& recorder) override {
        ++start_.head.recorders;
        return FoldSink::recorder(recorder);
    }
    bool seal(const Seal& seal) override {
        Head& head = start_.head;
        if (seal.first > seal.last) ++head.flushes;
        head.position = seal.last;
        head.chain = seal.chain;
        head.at = start_.fold.world.at;
        head.texts = start_.fold.world.texts.size();
        return FoldSink::seal(seal);
    }

  private:
    Start& start_;
};

// The journal's own beginning. `corrupt` when it has a base that is damaged: without it nothing can
// be folded.
[[nodiscard]] Result<Start> own_start(Reader& reader);

// The same. `invalid_request` when it is after `position`.
[[nodiscard]] Result<Start> start_before(Reader& reader, Position position);

// The nearest checkpoint at or before `position`, else the journal's own beginning: a checkpoint
// that cannot be used only costs time. `invalid_request` when the journal begins after `position`.
[[nodiscard]] Result<Start> nearest_start(Reader& reader, Position position);

// Everything up to and including `position`, the flushes that follow it included.
[[nodiscard]] Result<Start> fold_up_to(Reader& reader, Position position);

// Whether something that followed `head` is dropped: the beginning moves while others read.
[[nodiscard]] bool begins_after(Reader& reader, const Head& head);

// What to say to whoever asks for something before the base.
[[nodiscard]] Error before_beginning(const std::string& asked, const Head& beginning);

}  // namespace fenceline
