#pragma once

// An anchor: a head of a journal, written down outside of it, so that a cut tail or an older copy
// put in its place shows. A store keeps one beside its journal, `<journal>-anchor`, or wherever
// JournalOptions says; `fenceline verify` holds the journal against it.
//
//   write_anchor("pool.db-anchor", {.journal = id, .position = head.position, ...});
//   auto anchor = read_anchor("pool.db-anchor");   // nothing: there is none
//
// The file is one small write of a fixed size with its own digest: it is whole, or it says that it
// is not. It is not synced: an anchor that is older than the journal is as good, only shorter.
//
// Threading: none of its own. Two writers are kept apart by the journal's lock.

#include <optional>
#include <string>
#include <string_view>

#include "journal/journal.hpp"

namespace fenceline {

struct StoredAnchor {
    std::string journal;  // the id of the journal that it was taken from
    Position position;
    std::int64_t flushes = 0;
    ChainHash chain{};
    bool operator==(const StoredAnchor&) const = default;
};

// The bytes of the file: lines that people can read, anchor_bytes of them. FROZEN.
inline constexpr std::size_t anchor_bytes = 512;
[[nodiscard]] std::string encode_anchor(const StoredAnchor& anchor);
// `corrupt` when they are not, to the byte, what encode_anchor() gives.
[[nodiscard]] Result<StoredAnchor> decode_anchor(std::string_view bytes);

// How an anchor names a journal: its id, or a digest of an id that would not fit into a line.
[[nodiscard]] std::string anchored_name(std::string_view journal_id);

// Nothing: no such file, or one that nothing reached before the machine stopped. `corrupt`: a
// damaged one. Reads a regular file alone and no more of it than an anchor has.
[[nodiscard]] Result<std::optional<StoredAnchor>> read_anchor(const std::string& path);
// Made for its owner alone when it is not there, or as `mode` says.
[[nodiscard]] Result<void> write_anchor(const std::string& path, const StoredAnchor& anchor,
                                        unsigned mode = 0600);

}  // namespace fenceline
