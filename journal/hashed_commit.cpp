#include "journal/hashed_commit.hpp"

#include <cstring>

#include "events/codec.hpp"

namespace fenceline {

namespace {

using chain_bytes::Row;

bool repeats(Row row) {
    return row == Row::text || row == Row::event;
}

}  // namespace

std::optional<ChainHash> HashedCommit::previous_of(std::string_view bytes) {
    ChainHash previous{};
    constexpr auto before = opening_bytes - previous.size();
    codec::WireReader in;
    in.begin(bytes, codec::any_text);
    if (in.take_bytes() != chain_bytes::domain || bytes.size() < opening_bytes) return std::nullopt;
    std::memcpy(previous.data(), bytes.data() + before, previous.size());
    return previous;
}

bool HashedCommit::take_apart(std::string_view bytes, std::uint32_t texts_before) {
    texts_before_ = texts_before;
    recorder_.reset();
    first_text_ = {};
    texts_.clear();
    events_.clear();
    measured_ = {};
    if (!previous_of(bytes)) return false;
    in_.begin(bytes.substr(opening_bytes), codec::any_text);
    auto before = Row{};
    for (auto row = in_.take<Row>(); row != Row::end; row = in_.take<Row>()) {
        const bool in_order = before < row || (before == row && repeats(row));
        if (!in_order || !take_row(row)) return false;
        before = row;
    }
    by_ = RecorderId{in_.take<std::int64_t>()};
    const auto texts = in_.take<std::uint64_t>(), events = in_.take<std::uint64_t>();
    return in_.fault() == nullptr && texts == texts_.size() && events == events_.size();
}

// Of no kind: also where the bytes have come to an end.
bool HashedCommit::take_row(Row row) {
    switch (row) {
        case Row::recorder:
            recorder_ = Recorder{.id = RecorderId{in_.take<std::int64_t>()}};
            recorder_->first = Position{in_.take<std::int64_t>()};
            recorder_->instance = in_.take_bytes();
            recorder_->run = in_.take_bytes();
            return true;
        case Row::text: return take_text();
        case Row::event: return take_event();
        case Row::measured: {  // never an empty one
            auto measured = codec::decode_measurements(in_.take_bytes());
            if (measured) measured_ = std::move(*measured);
            return measured.has_value() && !measured_.values.empty();
        }
        default: return false;
    }
}

// Numbered on, one after the other.
bool HashedCommit::take_text() {
    const TextId number{in_.take<std::uint32_t>()};
    if (texts_.empty()) first_text_ = number;
    if (number.value - first_text_.value != texts_.size()) return false;
    texts_.emplace_back(in_.take_bytes());
    return true;
}

bool HashedCommit::take_event() {
    Event& event = events_.emplace_back();
    event.position = Position{in_.take<std::int64_t>()};
    event.at = Time{in_.take<std::int64_t>()};
    event.recorder = RecorderId{in_.take<std::int64_t>()};
    event.operation = in_.take<Operation>();
    event.outcome = in_.take<Outcome>();
    event.failed_check = in_.take<Check>();
    event.origin = in_.take<Origin>();
    event.caller = TextId{in_.take<std::uint32_t>()};
    event.worker = WorkerId{in_.take<std::int64_t>()};
    event.image = TextId{in_.take<std::uint32_t>()};
    event.count = in_.take<std::uint32_t>();
    event.owner = TextId{in_.take<std::uint32_t>()};
    event.org = TextId{in_.take<std::uint32_t>()};
    event.epoch = Epoch{in_.take<std::int64_t>()};
    event.from = in_.take<State>();
    event.version = Position{in_.take<std::int64_t>()};
    event.to = in_.take<State>();
    event.request_id = in_.take_bytes();
    const auto kind = in_.take<std::uint8_t>();
    const auto texts = texts_before_ + static_cast<std::uint32_t>(texts_.size());
    return codec::decode(kind, in_.take_bytes(), texts, event.payload).has_value();
}

Commit HashedCommit::commit() const {
    return {.events = events_,
            .texts = texts_,
            .recorder = recorder_ ? &*recorder_ : nullptr,
            .by = by_,
            .measured = measured_};
}

}  // namespace fenceline
