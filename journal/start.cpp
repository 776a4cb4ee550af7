#include "journal/start.hpp"

#include "journal/fold_sink.hpp"

namespace fenceline {

namespace {

// Keeps the head that belongs to the fold.
class HeadSink final : public FoldSink {
  public:
    HeadSink(Fold& fold, Head& head) : FoldSink(fold), fold_(fold), head_(head) {}
    bool recorder(const Recorder& recorder) override {
        ++head_.recorders;
        return FoldSink::recorder(recorder);
    }
    bool seal(const Seal& seal) override {
        if (seal.first > seal.last) ++head_.flushes;
        head_.position = seal.last;
        head_.chain = seal.chain;
        head_.at = fold_.world.at;
        return FoldSink::seal(seal);
    }

  private:
    Fold& fold_;
    Head& head_;
};

}  // namespace

Error before_beginning(const std::string& asked, const Head& beginning) {
    return {.code = ErrorCode::invalid_request,
            .text = asked + " is before the journal's beginning: it begins after #" +
                    std::to_string(beginning.position.value) + ", " + to_rfc3339(beginning.at),
            .hint = "what was before is only there as the state it left"};
}

Result<Start> own_start(Reader& reader) {
    auto head = reader.beginning();
    if (!head) return tl::unexpected<Error>(std::move(head.error()));
    Start start;
    if (*head == Head{}) return start;
    auto base = reader.base();
    if (!base) return tl::unexpected<Error>(std::move(base.error()));
    if (!start.fold.load(base->saved.state))
        return fail(ErrorCode::corrupt, "the journal's base is not what this program can fold");
    start.head = base->saved.head;
    return start;
}

Result<Start> nearest_start(Reader& reader, Position position) {
    auto beginning = reader.beginning();
    if (!beginning) return tl::unexpected<Error>(std::move(beginning.error()));
    if (position < beginning->position)
        return tl::unexpected<Error>(
            before_beginning("#" + std::to_string(position.value), *beginning));
    auto checkpoint = reader.checkpoint(position);
    if (!checkpoint && checkpoint.error().code != ErrorCode::not_found &&
        checkpoint.error().code != ErrorCode::corrupt)
        return tl::unexpected<Error>(std::move(checkpoint.error()));
    Start start;
    const bool usable = checkpoint && checkpoint->head.position <= position &&
                        checkpoint->head.position > beginning->position &&
                        start.fold.load(checkpoint->state);
    if (!usable) return own_start(reader);
    start.head = checkpoint->head;
    return start;
}

Result<Start> fold_up_to(Reader& reader, Position position) {
    auto start = nearest_start(reader, position);
    if (!start) return start;
    const Head from = start->head;
    HeadSink sink(start->fold, start->head);
    FENCELINE_TRY(reader.read(from, position, sink));
    start->head.texts = start->fold.world.texts.size();
    if (!sink.consistent() || start->head.position != position ||
        start->fold.world.position != position)
        return fail(ErrorCode::corrupt, "the journal's events and dictionary do not fit together",
                    "run `fenceline verify` on a copy");
    return start;
}

}  // namespace fenceline
