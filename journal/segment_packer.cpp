#include <zstd.h>

#include "events/codec.hpp"
#include "events/invariant.hpp"
#include "events/limits.hpp"
#include "journal/segment.hpp"

namespace fenceline {

namespace {

// Packed once, read often: above this level packing takes twice as long for a few per cent.
constexpr int zstd_level = 9;

template <typename Entry>
std::string_view bytes_of(const Entry& entry) {
    return {reinterpret_cast<const char*>(&entry), sizeof entry};
}

template <typename E>
std::uint8_t byte_of(E value) {
    return static_cast<std::uint8_t>(value);
}

void put_u32(std::string& out, std::uint32_t value) {
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

}  // namespace

bool segment::payload_of_envelope(const Event& event, std::uint8_t kind, Payload& payload) {
    const Presented presented{event.owner, event.epoch};
    switch (std::size_t{kind}) {
        case Payload(NoDetail{}).index(): payload.emplace<NoDetail>(); return true;
        case Payload(LeaseExercised{}).index():
            payload.emplace<LeaseExercised>(presented);
            return true;
        case Payload(LeaseRefreshed{}).index():
            // Wraps where hostile bytes ask for it; no journal of ours comes near.
            payload.emplace<LeaseRefreshed>(
                presented, Epoch{static_cast<std::int64_t>(
                               static_cast<std::uint64_t>(event.epoch.value) + 1)});
            return true;
        default: return false;
    }
}

std::uint64_t SegmentPacker::number_of(std::unordered_map<std::string, std::uint64_t>& numbers,
                                       segment::Column column, std::string_view entry) {
    const auto [found, is_new] = numbers.try_emplace(std::string(entry), numbers.size());
    if (is_new) columns_[column].append(entry);
    return found->second;
}

void SegmentPacker::event(const Event& event, std::string_view payload) {
    FENCELINE_INVARIANT(event.position == next_, "a segment has no gaps");
    using namespace segment;
    Shape shape{byte_of(event.operation),
                byte_of(event.outcome),
                byte_of(event.failed_check),
                byte_of(event.origin),
                byte_of(event.from),
                byte_of(event.to),
                codec::kind_of(event.payload),
                0,
                event.count};
    this->payload(event, payload, shape);
    const Names names{event.caller.value, event.image.value, event.org.value, event.owner.value};
    put_varint(columns_[Column::shape], number_of(shapes_, shapes, bytes_of(shape)));
    put_varint(columns_[name], number_of(names_, Column::names, bytes_of(names)));
    put_varint(columns_[at],
               static_cast<std::uint64_t>(event.at.ns) - static_cast<std::uint64_t>(at_.ns));
    put_varint(columns_[worker], static_cast<std::uint64_t>(event.worker.value));
    put_varint(columns_[epoch], static_cast<std::uint64_t>(event.epoch.value));
    const auto back = event.version.given() ? event.position.value - event.version.value : 0;
    put_varint(columns_[version], static_cast<std::uint64_t>(back));
    put_varint(columns_[request_sizes], event.request_id.size());
    columns_[request_bytes] += event.request_id;
    at_ = event.at;
    size_ += 24 + event.request_id.size() + payload.size();
    ++commit_events_;
    ++next_.value;
}

void SegmentPacker::payload(const Event& event, std::string_view bytes, segment::Shape& shape) {
    Payload same;
    if (segment::payload_of_envelope(event, shape.kind, same)) {
        scratch_.clear();
        codec::encode(same, scratch_);
        if (scratch_ == bytes) {
            shape.kept = byte_of(segment::Kept::as_envelope);
            return;
        }
    }
    segment::put_varint(columns_[segment::payload_sizes], bytes.size());
    columns_[segment::payload_bytes] += bytes;
}

void SegmentPacker::seal(RecorderId recorder, std::string_view measured) {
    segment::put_varint(columns_[segment::commits], static_cast<std::uint64_t>(commit_events_));
    segment::put_varint(columns_[segment::commits], static_cast<std::uint64_t>(recorder.value));
    durations(measured);
    size_ += measured.size();
    commit_events_ = 0;
    ++commits_;
}

void SegmentPacker::durations(std::string_view measured) {
    using namespace segment;
    auto& commits = columns_[Column::commits];
    const auto kept = [&](Durations how) { put_varint(commits, byte_of(how)); };
    if (measured.empty()) return kept(Durations::none);
    auto values = codec::decode_measurements(measured);
    scratch_.clear();
    if (values) codec::encode(*values, scratch_);
    if (!values || scratch_ != measured || values->first.value < 1 || values->first > next_) {
        kept(Durations::bytes);
        put_varint(commits, measured.size());
        columns_[measured_bytes] += measured;
        return;
    }
    kept(Durations::columns);
    put_varint(commits, static_cast<std::uint64_t>(next_.value - values->first.value));
    put_varint(commits, values->values.size());
    for (const Measurement& value : values->values) {
        columns_[measured_labels].push_back(static_cast<char>(value.operation));
        put_varint(columns_[measured_times], static_cast<std::uint64_t>(value.took.ns));
    }
}

Result<std::string> SegmentPacker::pack() const {
    FENCELINE_INVARIANT(commit_events_ == 0, "a segment holds whole commits");
    std::string plain;
    for (const auto& column : columns_) {
        put_u32(plain, static_cast<std::uint32_t>(column.size()));
        plain += column;
    }
    if (plain.size() > limits::segment_bytes)
        return fail(ErrorCode::invalid_request, "the segment is larger than its limit");
    std::string packed(ZSTD_compressBound(plain.size()), '\0');
    const auto size =
        ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), zstd_level);
    if (ZSTD_isError(size) != 0)
        return fail(ErrorCode::io, std::string("packing a segment: ") + ZSTD_getErrorName(size));
    packed.resize(size);
    return packed;
}

}  // namespace fenceline
