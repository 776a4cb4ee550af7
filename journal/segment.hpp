#pragma once

// A segment: the events of some whole commits, packed by columns and then with zstd. Pure bytes;
// where they are kept is a database's business (journal/sqlite/segment_row).
//
//   SegmentPacker packer(Position{1});
//   packer.event(event, payload_bytes);              // ... for each event of the commit
//   packer.seal(recorder, measured_bytes);           // ... for each commit
//   auto packed = packer.pack();
//
//   auto segment = SegmentReader::open(*packed, Position{1}, last);
//   while (segment->next(known, event)) use(event, segment->commit_ended());
//
// Lossless: payloads and durations come back byte for byte, so that every hash of the chain can be
// worked out again. The hashes themselves are not in it: thirty-two bytes that nothing shortens
// would be most of a segment.
//
// Whatever the bytes say, memory stays within limits::segment_bytes and an error names the event.
//
// Threading: one thread an object.

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "events/event.hpp"
#include "journal/segment_bytes.hpp"

namespace fenceline {

namespace segment {

// FROZEN, like every number here: journals outlive programs.
inline constexpr std::int64_t layout = 1;

enum Column : std::size_t {
    shapes,           // what events are like: shape_bytes each, in the order of first use
    names,            // which texts they name: name_bytes each, likewise
    shape,            // per event: its shape's number
    name,             // per event: its names' number
    at,               // per event: the time since the event before it
    worker,           // per event
    epoch,            // per event
    version,          // per event: how far back it lies, 0 for none
    request_sizes,    // per event
    request_bytes,    //
    payload_sizes,    // per event whose payload is kept as bytes
    payload_bytes,    //
    commits,          // per commit: its events, its recorder, how its durations are kept
    measured_labels,  // per duration: its operation
    measured_times,   // per duration: nanoseconds
    measured_bytes,   // of commits whose durations are kept as bytes
    columns
};

// How a payload is kept: as its bytes, or not at all, because it says what the envelope says.
enum class Kept : std::uint8_t { bytes = 0, as_envelope = 1 };
// How a commit's durations are kept.
enum class Durations : std::uint8_t { none = 0, columns = 1, bytes = 2 };

struct Shape {
    std::uint8_t operation, outcome, failed_check, origin, from, to, kind, kept;
    std::uint32_t count;
};
struct Names {
    std::uint32_t caller, image, org, owner;
};
// The columns that have one number for each event: from `shape` to `request_sizes`.
inline constexpr std::size_t event_columns = request_sizes - shape + 1;
inline constexpr std::size_t shape_bytes = 12, name_bytes = 16;
static_assert(sizeof(Shape) == shape_bytes && sizeof(Names) == name_bytes);

// Into `payload` what an event of this kind says when it says no more than its envelope. False: no
// payload of this kind ever does.
[[nodiscard]] bool payload_of_envelope(const Event& event, std::uint8_t kind, Payload& payload);

}  // namespace segment

class SegmentPacker {
  public:
    explicit SegmentPacker(Position first) : first_(first), next_(first) {}

    // `payload`: the bytes as they are stored.
    void event(const Event& event, std::string_view payload);
    // `measured`: likewise, empty when there are none.
    void seal(RecorderId recorder, std::string_view measured);

    [[nodiscard]] Position first() const { return first_; }
    // One past the last event.
    [[nodiscard]] Position next() const { return next_; }
    [[nodiscard]] std::int64_t commits() const { return commits_; }
    // Before zstd.
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] Result<std::string> pack() const;

  private:
    void payload(const Event& event, std::string_view bytes, segment::Shape& shape);
    void durations(std::string_view measured);
    [[nodiscard]] std::uint64_t number_of(std::unordered_map<std::string, std::uint64_t>& numbers,
                                          segment::Column column, std::string_view entry);

    Position first_, next_;
    Time at_;
    std::int64_t commits_ = 0;
    std::int64_t commit_events_ = 0;
    std::size_t size_ = 0;
    std::unordered_map<std::string, std::uint64_t> shapes_, names_;
    std::string columns_[segment::columns];
    std::string scratch_;
};

// What an event may name: dictionary entries (the empty one included) and recorders.
struct SegmentKnown {
    std::uint32_t texts = 1;
    std::int64_t recorders = 0;
};

class SegmentReader {
  public:
    struct CommitEnd {
        Position first, last;
        RecorderId recorder;
        segment::Durations kept = segment::Durations::none;
        Measurements measured;
        std::string_view bytes;  // when they are kept as bytes
    };

    [[nodiscard]] static Result<std::unique_ptr<SegmentReader>> open(std::string_view packed,
                                                                     Position first, Position last);

    // Takes the next event into `event`, whose buffers are used again. False: after the last one,
    // or something is wrong.
    [[nodiscard]] bool next(const SegmentKnown& known, Event& event);
    // The commit that the last event ended; null inside of a commit. Until the next call.
    [[nodiscard]] const CommitEnd* commit_ended() const { return ended_ ? &commit_ : nullptr; }
    // The payload of the last event and the durations of the commit it ended, as they were stored.
    void stored_payload(const Event& event, std::string& out) const;
    void stored_measured(std::string& out) const;
    // What is wrong; null when nothing is.
    [[nodiscard]] const char* fault() const { return fault_; }

    [[nodiscard]] Position next_position() const { return position_; }
    // Where the commit began that the next event belongs to.
    [[nodiscard]] Position commit_first() const { return commit_first_; }
    // Commits that were ended so far.
    [[nodiscard]] std::size_t commits_ended() const { return commits_ended_; }
    void rewind();

  private:
    SegmentReader() = default;
    [[nodiscard]] Result<void> unpack(std::string_view packed);
    [[nodiscard]] Result<void> split();
    bool spoil(const char* why);
    [[nodiscard]] bool begin_commit(const SegmentKnown& known);
    [[nodiscard]] bool end_commit();
    void look_ahead();
    [[nodiscard]] bool envelope(const SegmentKnown& known, Event& event);
    [[nodiscard]] bool payload(const SegmentKnown& known, Event& event);

    // The numbers of the events that are next: as many at once as stay in a core's own cache.
    struct Ahead {
        static constexpr std::size_t most = 128;
        std::array<std::array<std::uint64_t, most>, segment::event_columns> numbers;
        std::size_t events = 0;
        std::size_t sound = 0;  // of those
        std::size_t next = 0;

        std::uint64_t operator[](segment::Column column) const {
            return numbers[column - segment::shape][next];
        }
    };

    std::unique_ptr<char[]> unpacked_;
    std::size_t unpacked_size_ = 0;
    std::string_view parts_[segment::columns];
    std::vector<segment::Shape> shapes_;
    std::vector<segment::Names> names_;
    std::vector<std::uint32_t> last_text_;  // by names: the highest that is named
    segment::ColumnReader in_[segment::columns];
    Ahead ahead_;
    Position first_, last_, position_, commit_first_;
    Time at_;
    std::uint64_t commit_left_ = 0;
    std::size_t commits_ended_ = 0;
    CommitEnd commit_;
    bool ended_ = false;
    bool kept_bytes_ = false;  // of the last event: its payload
    std::uint8_t kind_ = 0;
    std::string_view payload_;
    const char* fault_ = nullptr;
};

}  // namespace fenceline
