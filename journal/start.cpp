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

Result<Start> start_before(Reader& reader, Position position) {
    auto start = own_start(reader);
    if (start && position < start->head.position)
        return tl::unexpected<Error>(
            before_beginning("#" + std::to_string(position.value), start->head));
    return start;
}

Result<Start> nearest_start(Reader& reader, Position position) {
    auto beginning = reader.beginning();
    if (!beginning) return tl::unexpected<Error>(std::move(beginning.error()));
    auto checkpoint = reader.checkpoint(position);
    if (!checkpoint && checkpoint.error().code != ErrorCode::not_found &&
        checkpoint.error().code != ErrorCode::corrupt)
        return tl::unexpected<Error>(std::move(checkpoint.error()));
    Start start;
    const bool usable = checkpoint && checkpoint->head.position <= position &&
                        checkpoint->head.position > beginning->position &&
                        start.fold.load(checkpoint->state);
    if (!usable) return start_before(reader, position);
    start.head = checkpoint->head;
    return start;
}

bool begins_after(Reader& reader, const Head& head) {
    const auto beginning = reader.beginning();
    return beginning && (head.position < beginning->position || head.flushes < beginning->flushes);
}

namespace {

Result<Start> fold_once(Reader& reader, Position position) {
    auto start = nearest_start(reader, position);
    if (!start) return start;
    const Head from = start->head;
    HeadSink sink(*start);
    if (auto read = reader.read(from, position, sink); !read)
        return tl::unexpected<Error>(std::move(read.error()));
    if (!sink.consistent() || start->head.position != position ||
        start->fold.world.position != position)
        return fail(ErrorCode::corrupt, "the journal's events and dictionary do not fit together",
                    "run `fenceline verify` on a copy");
    return start;
}

}  // namespace

// What it began with may be dropped meanwhile: then again from where the journal begins now.
Result<Start> fold_up_to(Reader& reader, Position position) {
    for (;;) {
        const auto begun = reader.beginning();
        if (!begun) return tl::unexpected<Error>(begun.error());
        auto folded = fold_once(reader, position);
        if (folded) return folded;
        const auto now = reader.beginning();
        if (!now || *now == *begun) return folded;
    }
}

}  // namespace fenceline
