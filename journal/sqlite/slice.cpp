#include "journal/sqlite/slice.hpp"

#include <algorithm>
#include <limits>

namespace fenceline::sqlite {

namespace {
bool hand_on(Sink& sink, const Slice::SealedAt& sealed) {
    if (sink.wants_stored() && !sink.stored_measured(sealed.stored)) return false;
    return sink.seal(sealed.seal);
}
}  // namespace

void Slice::clear() {
    recorders.clear();
    texts.clear();
    seals.clear();
    flushes.clear();
    stored.clear();
    events_used_ = 0;
    text_ = recorder_ = seal_ = flush_ = 0;
    due_ = Position{};
}

Event& Slice::next_event() {
    if (events_used_ == events_.size()) events_.emplace_back();
    return events_[events_used_];
}

bool Slice::deliver(Sink& sink) {
    // A flush that follows the event before this slice comes first.
    if (events_used_ > 0 && !deliver_flushes(sink, events_[0].position)) return false;
    for (std::size_t i = 0; i < events_used_; ++i)
        if (!deliver_event(sink, i)) return false;
    // Texts of a commit whose events come with the next slice.
    constexpr Position end{std::numeric_limits<std::int64_t>::max()};
    return deliver_flushes(sink, end) && deliver_before(sink, end);
}

bool Slice::deliver_before(Sink& sink, Position position) {
    for (; recorder_ < recorders.size() && recorders[recorder_].first <= position; ++recorder_)
        if (!sink.recorder(recorders[recorder_])) return false;
    for (; text_ < texts.size() && texts[text_].commit <= position; ++text_)
        if (!sink.text(texts[text_].id, texts[text_].value)) return false;
    due_ = Position{std::numeric_limits<std::int64_t>::max()};
    if (recorder_ < recorders.size()) due_ = recorders[recorder_].first;
    if (text_ < texts.size()) due_ = std::min(due_, texts[text_].commit);
    return true;
}

bool Slice::deliver_event(Sink& sink, std::size_t index) {
    const Event& event = events_[index];
    if (event.position >= due_ && !deliver_before(sink, event.position)) return false;
    if (!stored.empty() && !sink.stored(stored[index].kind, stored[index].payload)) return false;
    if (!sink.event(event)) return false;
    if (seal_ < seals.size() && seals[seal_].seal.last == event.position &&
        !hand_on(sink, seals[seal_++]))
        return false;
    const Position next{event.position.value + 1};
    return flush_ == flushes.size() || deliver_flushes(sink, next);
}

// Those that follow an event before `before`.
bool Slice::deliver_flushes(Sink& sink, Position before) {
    for (; flush_ < flushes.size() && flushes[flush_].seal.last < before; ++flush_)
        if (!hand_on(sink, flushes[flush_])) return false;
    return true;
}

}  // namespace fenceline::sqlite
