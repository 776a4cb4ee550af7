#include <algorithm>
#include <cstring>

#include <zstd.h>

#include "events/codec.hpp"
#include "events/limits.hpp"
#include "events/utf8.hpp"
#include "journal/segment.hpp"

namespace fenceline {

using segment::Durations;
using segment::Kept;

namespace {

tl::unexpected<Error> damaged(Position first, const std::string& why) {
    return fail(ErrorCode::corrupt,
                "the segment from event " + std::to_string(first.value) + " on is damaged: " + why);
}

template <typename Entry>
void copy_entries(std::string_view bytes, std::vector<Entry>& out) {
    out.resize(bytes.size() / sizeof(Entry));
    if (!out.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
}

}  // namespace

Result<std::unique_ptr<SegmentReader>> SegmentReader::open(std::string_view packed, Position first,
                                                           Position last) {
    std::unique_ptr<SegmentReader> reader(new SegmentReader);
    reader->first_ = first;
    reader->last_ = last;
    FENCELINE_TRY(reader->unpack(packed));
    FENCELINE_TRY(reader->split());
    reader->rewind();
    return reader;
}

// The size that the frame names is held against the limit before anything is allocated.
Result<void> SegmentReader::unpack(std::string_view packed) {
    const auto size = ZSTD_getFrameContentSize(packed.data(), packed.size());
    if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN ||
        size > limits::segment_bytes)
        return damaged(first_, "it names no size, or one beyond its limit");
    unpacked_size_ = static_cast<std::size_t>(size);
    unpacked_ = std::make_unique_for_overwrite<char[]>(unpacked_size_);
    const auto done =
        ZSTD_decompress(unpacked_.get(), unpacked_size_, packed.data(), packed.size());
    if (ZSTD_isError(done) != 0 || done != size) return damaged(first_, "it cannot be unpacked");
    return {};
}

Result<void> SegmentReader::split() {
    std::string_view rest(unpacked_.get(), unpacked_size_);
    for (auto& part : parts_) {
        std::uint32_t size = 0;
        if (rest.size() < sizeof size) return damaged(first_, "a column is missing");
        std::memcpy(&size, rest.data(), sizeof size);
        rest.remove_prefix(sizeof size);
        if (size > rest.size()) return damaged(first_, "a column ends too early");
        part = rest.substr(0, size);
        rest.remove_prefix(size);
    }
    if (!rest.empty()) return damaged(first_, "something follows its last column");
    if (parts_[segment::shapes].size() % segment::shape_bytes != 0 ||
        parts_[segment::names].size() % segment::name_bytes != 0)
        return damaged(first_, "a list of it is cut");
    copy_entries(parts_[segment::shapes], shapes_);
    copy_entries(parts_[segment::names], names_);
    for (const auto& shape : shapes_)
        if (shape.kept > static_cast<std::uint8_t>(Kept::as_envelope))
            return damaged(first_, "payloads of it are kept in an unknown way");
    last_text_.clear();
    for (const auto& names : names_)
        last_text_.push_back(std::max({names.caller, names.image, names.org, names.owner}));
    return {};
}

void SegmentReader::rewind() {
    for (std::size_t i = 0; i < segment::columns; ++i) in_[i] = segment::ColumnReader(parts_[i]);
    ahead_.events = ahead_.next = 0;
    position_ = commit_first_ = first_;
    at_ = Time{};
    commit_left_ = 0;
    commits_ended_ = 0;
    ended_ = false;
    fault_ = nullptr;
}

bool SegmentReader::spoil(const char* why) {
    if (fault_ == nullptr) fault_ = why;
    ended_ = false;
    return false;
}

bool SegmentReader::next(const SegmentKnown& known, Event& event) {
    ended_ = false;
    if (fault_ != nullptr || position_ > last_) return false;
    if (commit_left_ == 0 && !begin_commit(known)) return false;
    if (!envelope(known, event) || !payload(known, event)) return false;
    ++position_.value;
    if (--commit_left_ == 0 && !end_commit()) return false;
    if (position_ <= last_) return true;
    if (commit_left_ != 0) return spoil("it ends inside of a commit");
    for (std::size_t i = segment::shape; i < segment::columns; ++i)
        if (!in_[i].complete()) return spoil("a column holds more than its events");
    return true;
}

bool SegmentReader::begin_commit(const SegmentKnown& known) {
    auto& in = in_[segment::commits];
    commit_left_ = in.varint();
    const auto recorder = in.varint();
    if (!in.good() || commit_left_ == 0 ||
        commit_left_ > static_cast<std::uint64_t>(last_.value - position_.value + 1))
        return spoil("a commit of it has no events, or too many");
    if (recorder == 0 || recorder > static_cast<std::uint64_t>(known.recorders))
        return spoil("it names a recorder that is not there");
    commit_.recorder = RecorderId{static_cast<std::int64_t>(recorder)};
    commit_.first = commit_first_ = position_;
    return true;
}

bool SegmentReader::end_commit() {
    auto& in = in_[segment::commits];
    const auto kept = in.varint();
    commit_.last = Position{position_.value - 1};
    commit_.kept = static_cast<Durations>(kept);
    commit_.measured.first = Position{};
    commit_.measured.values.clear();
    commit_.bytes = {};
    commit_first_ = position_;
    ++commits_ended_;
    ended_ = true;
    if (kept == static_cast<std::uint64_t>(Durations::none)) return in.good() || spoil("it is cut");
    if (kept == static_cast<std::uint64_t>(Durations::bytes)) {
        commit_.bytes = in_[segment::measured_bytes].take(in.varint());
        auto decoded = codec::decode_measurements(commit_.bytes);
        if (!decoded || decoded->values.empty()) return spoil("durations of it are damaged");
        commit_.measured = std::move(*decoded);
        return true;
    }
    if (kept != static_cast<std::uint64_t>(Durations::columns))
        return spoil("durations of it are kept in an unknown way");
    const auto back = in.varint(), count = in.varint();
    const auto labels = in_[segment::measured_labels].take(count);
    if (!in.good() || count == 0 || labels.size() != count ||
        back >= static_cast<std::uint64_t>(position_.value))
        return spoil("durations of it are out of range");
    commit_.measured.first = Position{position_.value - static_cast<std::int64_t>(back)};
    auto& times = in_[segment::measured_times];
    commit_.measured.values.resize(labels.size());
    for (std::size_t i = 0; i < labels.size(); ++i)
        commit_.measured.values[i] = {static_cast<Operation>(static_cast<unsigned char>(labels[i])),
                                      Duration{static_cast<std::int64_t>(times.varint())}};
    return times.good() || spoil("durations of it are missing");
}

// Only as far as the segment's own events: what is left of a column behind them is found by the
// last of them.
void SegmentReader::look_ahead() {
    const auto left = static_cast<std::size_t>(last_.value - position_.value + 1);
    ahead_.events = ahead_.sound = std::min(left, Ahead::most);
    ahead_.next = 0;
    for (std::size_t i = 0; i < segment::event_columns; ++i) {
        const std::span numbers(ahead_.numbers[i].data(), ahead_.events);
        ahead_.sound = std::min(ahead_.sound, in_[segment::shape + i].varints(numbers));
    }
}

bool SegmentReader::envelope(const SegmentKnown& known, Event& event) {
    if (ahead_.next == ahead_.events) look_ahead();
    const auto shape_number = ahead_[segment::shape];
    const auto name_number = ahead_[segment::name];
    if (shape_number >= shapes_.size() || name_number >= names_.size())
        return spoil("it names a shape or texts that it does not list");
    if (last_text_[name_number] >= known.texts) return spoil("it names a text that is not there");
    const auto& shape = shapes_[shape_number];
    const auto& names = names_[name_number];
    at_.ns = static_cast<std::int64_t>(static_cast<std::uint64_t>(at_.ns) + ahead_[segment::at]);
    event.position = position_;
    event.at = at_;
    event.recorder = commit_.recorder;
    event.operation = static_cast<Operation>(shape.operation);
    event.outcome = static_cast<Outcome>(shape.outcome);
    event.failed_check = static_cast<Check>(shape.failed_check);
    event.origin = static_cast<Origin>(shape.origin);
    event.from = static_cast<State>(shape.from);
    event.to = static_cast<State>(shape.to);
    event.count = shape.count;
    event.caller = TextId{names.caller};
    event.image = TextId{names.image};
    event.org = TextId{names.org};
    event.owner = TextId{names.owner};
    event.worker = WorkerId{static_cast<std::int64_t>(ahead_[segment::worker])};
    event.epoch = Epoch{static_cast<std::int64_t>(ahead_[segment::epoch])};
    const auto back = ahead_[segment::version];
    if (event.epoch.value < 0 || back > static_cast<std::uint64_t>(position_.value))
        return spoil("an epoch or a version of it is out of range");
    event.version = Position{back == 0 ? 0 : position_.value - static_cast<std::int64_t>(back)};
    const auto size = ahead_[segment::request_sizes];
    event.request_id.clear();
    if (size != 0) {
        event.request_id = in_[segment::request_bytes].take(size);
        if (size > limits::request_id_bytes || !is_valid_utf8(event.request_id))
            return spoil("a request id of it is out of range");
    }
    if (ahead_.next >= ahead_.sound || !in_[segment::request_bytes].good())
        return spoil("a column of it ends too early");
    ++ahead_.next;
    kept_bytes_ = shape.kept == static_cast<std::uint8_t>(Kept::bytes);
    kind_ = shape.kind;
    return true;
}

bool SegmentReader::payload(const SegmentKnown& known, Event& event) {
    payload_ = {};
    if (!kept_bytes_)
        return segment::payload_of_envelope(event, kind_, event.payload) ||
               spoil("a payload of it is kept in an unknown way");
    payload_ = in_[segment::payload_bytes].take(in_[segment::payload_sizes].varint());
    if (!in_[segment::payload_sizes].good() || !in_[segment::payload_bytes].good())
        return spoil("a payload of it is cut");
    if (!codec::decode(kind_, payload_, known.texts, event.payload))
        return spoil("a payload of it cannot be read");
    return true;
}

void SegmentReader::stored_payload(const Event& event, std::string& out) const {
    if (kept_bytes_)
        out.append(payload_);
    else
        codec::encode(event.payload, out);
}

void SegmentReader::stored_measured(std::string& out) const {
    if (commit_.kept == Durations::bytes)
        out.append(commit_.bytes);
    else
        codec::encode(commit_.measured, out);
}

}  // namespace fenceline
