#pragma once

// The chain: BLAKE2b-256 over every row of a commit and the hash of the commit before it (I7).
// Whoever changes, drops, adds or reorders a row changes the hash of that commit and of all after.
//
// A writer seals what it appends:      seal_commit(head.chain, commit, head.texts)
// A reader goes along row by row:      hasher.begin(previous); hasher.event(...); hasher.finish(by)
//
// It proves nothing to whoever may write the file and the place where the last hash is kept.
//
// Threading: one hasher, one thread at a time. A hasher may be used for any number of commits.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "journal/journal.hpp"

namespace fenceline {

// FROZEN, like every byte that is hashed: an older journal must verify for ever.
namespace chain_bytes {
inline constexpr std::string_view domain = "fenceline/1";
// Each row opens with its kind, each text with its length: no two commits share their bytes.
enum class Row : std::uint8_t { recorder = 1, text = 2, event = 3, measured = 4, end = 5 };
}  // namespace chain_bytes

class CommitHasher {
  public:
    CommitHasher();

    // The rows in the order in which they belong to a commit: its recorder, its texts, its
    // events, its durations. FORMAT.md has the bytes.
    // `copy`: receives the bytes that are hashed.
    void begin(const ChainHash& previous, std::string* copy = nullptr);
    void recorder(const Recorder& recorder);
    void text(TextId number, std::string_view text);
    // With the payload's bytes as they are stored, whatever their layout version is.
    void event(const Event& event, std::uint8_t payload_kind, std::string_view payload);
    // Encodes the payload itself.
    void event(const Event& event);
    // The bytes as they are stored; nothing when there are none.
    void measured(std::string_view bytes);
    void measured(const Measurements& measurements);
    // `by`: the recorder that commits, which a flush names nowhere else.
    [[nodiscard]] ChainHash finish(RecorderId by);

  private:
    template <typename Raw>
    void put(Raw value);
    void put_bytes(std::string_view bytes);
    void flush();

    alignas(64) unsigned char state_[384];  // libsodium's, opaque
    std::size_t used_ = 0;
    std::uint64_t texts_ = 0;
    std::uint64_t events_ = 0;
    std::string scratch_;
    std::string* copy_ = nullptr;
    unsigned char buffer_[4096];
};

// The hash of a whole commit. `first_text`: the number of its first text; `copy` as above.
[[nodiscard]] ChainHash seal_commit(const ChainHash& previous, const Commit& commit,
                                    std::uint32_t first_text, std::string* copy = nullptr);

// Of the bytes of a commit, all at once.
[[nodiscard]] ChainHash hash_of(std::string_view commit);

// 64 lower-case hexadecimal digits, as people compare them.
[[nodiscard]] std::string to_hex(const ChainHash& hash);
// The way back, in either case; false when it is not that.
[[nodiscard]] bool from_hex(std::string_view digits, ChainHash& hash);

}  // namespace fenceline
