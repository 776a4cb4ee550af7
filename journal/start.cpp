#include "journal/start.hpp"

namespace fenceline {

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
    HeadSink sink(*start);
    FENCELINE_TRY(reader.read(from, position, sink));
    if (!sink.consistent() || start->head.position != position ||
        start->fold.world.position != position)
        return fail(ErrorCode::corrupt, "the journal's events and dictionary do not fit together",
                    "run `fenceline verify` on a copy");
    return start;
}

}  // namespace fenceline
