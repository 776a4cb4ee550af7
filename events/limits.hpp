#pragma once

// Every limit that the store enforces, by name. A value outside is refused with `invalid_request`
// at the edge; nothing is ever cut silently.

#include <cstddef>
#include <cstdint>

namespace fenceline::limits {

// Texts from outside (owner, org, image, pod, prefix): bytes of valid UTF-8 without NUL.
inline constexpr std::size_t name_bytes = 256;
inline constexpr std::size_t reason_bytes = 64;
inline constexpr std::size_t request_id_bytes = 128;
inline constexpr std::size_t warm_targets = 1'000;

inline constexpr std::int64_t worker_id_max = (std::int64_t{1} << 53) - 1;  // exact in JSON
constexpr bool is_worker_id(std::int64_t number) {
    return number >= 1 && number <= worker_id_max;
}
inline constexpr std::int64_t epoch_max = (std::int64_t{1} << 53) - 1;
inline constexpr std::int64_t count_max = 1'000'000'000;

// One commit. More callers than this wait for the next one.
inline constexpr std::size_t batch_operations = 512;
// Callers that may wait at once; one more hears `busy`.
inline constexpr std::size_t queued_operations = 65'536;
// A payload as bytes in the journal.
inline constexpr std::size_t payload_bytes = 64 * 1024;
// The durations of one commit as bytes in the journal.
inline constexpr std::size_t measurement_bytes = 4 * 1024 * 1024;

// Positions for which a request id is remembered.
inline constexpr std::int64_t request_window = 1'000'000;
// Failed operations kept in memory until the journal takes events again.
inline constexpr std::size_t pending_failures = 100'000;
// Heartbeats of one worker tallied into one event.
inline constexpr std::size_t heartbeats_per_tally = 64;

// Events after which a running store writes a checkpoint: what an open has to fold at most.
inline constexpr std::int64_t checkpoint_events = 100'000;
// A checkpoint as bytes, packed and unpacked.
inline constexpr std::size_t checkpoint_bytes = std::size_t{1} << 30;

// One sealed segment: it takes whole commits until it has this many events or, before zstd, this
// many bytes. What unpacks to more than its limit is refused; the longest commit fits on top.
inline constexpr std::int64_t segment_events = 16'384;
inline constexpr std::size_t segment_target_bytes = std::size_t{4} << 20;
inline constexpr std::size_t segment_bytes = std::size_t{64} << 20;
// Segments that are dropped at once, while writers wait.
inline constexpr std::int64_t segments_dropped = 16;
// Positions that a running store leaves as rows behind its head: a retry finds its answer there.
inline constexpr std::int64_t rows_kept = request_window;

}  // namespace fenceline::limits
