#pragma once

// The bytes that a commit's hash is of (FORMAT.md, "The chain"), taken apart again: the way back
// from what CommitHasher was given.
//
//   HashedCommit found;
//   if (hash_of(bytes) == chain && found.take_apart(bytes)) journal.append(found.commit());
//
// Bytes whose hash is known to seal them are what was committed. Any others are taken within
// bounds, and what they say may be senseless: check_commit() tells.
//
// Threading: one object, one thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/wire.hpp"
#include "journal/chain.hpp"
#include "journal/journal.hpp"

namespace fenceline {

class HashedCommit {
  public:
    // The hash of the commit before, which is in the first bytes; nothing when they are of no
    // commit.
    static constexpr std::size_t opening_bytes =
        sizeof(std::uint32_t) + chain_bytes::domain.size() + sizeof(ChainHash);
    [[nodiscard]] static std::optional<ChainHash> previous_of(std::string_view bytes);

    // False: they are of no commit, or its payloads name texts that there are not. `texts`: how
    // many there were before it. One commit has one byte string: what is taken apart hashes to the
    // same bytes, unless a payload has an older layout. Buffers are kept from one to the next.
    [[nodiscard]] bool take_apart(std::string_view bytes, std::uint32_t texts);

    // What was taken apart, until it is done again.
    [[nodiscard]] Commit commit() const;
    [[nodiscard]] TextId first_text() const { return first_text_; }

  private:
    [[nodiscard]] bool take_row(chain_bytes::Row row);
    [[nodiscard]] bool take_text();
    [[nodiscard]] bool take_event();

    codec::WireReader in_;
    std::uint32_t texts_before_ = 0;
    std::optional<Recorder> recorder_;
    TextId first_text_;
    std::vector<std::string> texts_;
    std::vector<Event> events_;
    Measurements measured_;
    RecorderId by_;
};

}  // namespace fenceline
