#include "journal/chain.hpp"

#include <bit>
#include <cstring>

#include <sodium.h>

#include "events/codec.hpp"
#include "events/invariant.hpp"

namespace fenceline {

namespace {

using chain_bytes::Row;

crypto_generichash_state& as_state(unsigned char* bytes) {
    return *reinterpret_cast<crypto_generichash_state*>(bytes);
}

// libsodium picks the fastest code for this machine when it is initialised.
void initialise_sodium() {
    static const bool ready = sodium_init() >= 0;
    FENCELINE_INVARIANT(ready, "libsodium starts");
}

}  // namespace

CommitHasher::CommitHasher() {
    static_assert(sizeof(crypto_generichash_state) <= sizeof state_);
    static_assert(alignof(crypto_generichash_state) <= 64);
    static_assert(std::endian::native == std::endian::little, "the byte order of the format");
    initialise_sodium();
}

template <typename Raw>
void CommitHasher::put(Raw value) {
    if (sizeof buffer_ - used_ < sizeof value) flush();
    std::memcpy(buffer_ + used_, &value, sizeof value);
    used_ += sizeof value;
}

// Lengths are four bytes: every text and payload has a limit far below.
void CommitHasher::put_bytes(std::string_view bytes) {
    put(static_cast<std::uint32_t>(bytes.size()));
    while (!bytes.empty()) {
        if (used_ == sizeof buffer_) flush();
        const auto part = bytes.substr(0, sizeof buffer_ - used_);
        std::memcpy(buffer_ + used_, part.data(), part.size());
        used_ += part.size();
        bytes.remove_prefix(part.size());
    }
}

void CommitHasher::flush() {
    crypto_generichash_update(&as_state(state_), buffer_, used_);
    if (copy_ != nullptr) copy_->append(reinterpret_cast<const char*>(buffer_), used_);
    used_ = 0;
}

void CommitHasher::begin(const ChainHash& previous, std::string* copy) {
    copy_ = copy;
    crypto_generichash_init(&as_state(state_), nullptr, 0, sizeof(ChainHash));
    used_ = 0;
    texts_ = 0;
    events_ = 0;
    put_bytes(chain_bytes::domain);
    put(previous);
}

void CommitHasher::recorder(const Recorder& recorder) {
    put(Row::recorder);
    put(recorder.id.value);
    put(recorder.first.value);
    put_bytes(recorder.instance);
    put_bytes(recorder.run);
}

void CommitHasher::text(TextId number, std::string_view text) {
    put(Row::text);
    put(number.value);
    put_bytes(text);
    ++texts_;
}

void CommitHasher::event(const Event& event, std::uint8_t payload_kind, std::string_view payload) {
    put(Row::event);
    put(event.position.value);
    put(event.at.ns);
    put(event.recorder.value);
    put(event.operation);
    put(event.outcome);
    put(event.failed_check);
    put(event.origin);
    put(event.caller.value);
    put(event.worker.value);
    put(event.image.value);
    put(event.count);
    put(event.owner.value);
    put(event.org.value);
    put(event.epoch.value);
    put(event.from);
    put(event.version.value);
    put(event.to);
    put_bytes(event.request_id);
    put(payload_kind);
    put_bytes(payload);
    ++events_;
}

void CommitHasher::event(const Event& what) {
    scratch_.clear();
    codec::encode(what.payload, scratch_);
    event(what, codec::kind_of(what.payload), scratch_);
}

void CommitHasher::measured(std::string_view bytes) {
    if (bytes.empty()) return;
    put(Row::measured);
    put_bytes(bytes);
}

void CommitHasher::measured(const Measurements& measurements) {
    scratch_.clear();
    codec::encode(measurements, scratch_);
    measured(std::string_view(scratch_));
}

ChainHash CommitHasher::finish(RecorderId by) {
    put(Row::end);
    put(by.value);
    put(texts_);
    put(events_);
    flush();
    ChainHash out{};
    crypto_generichash_final(&as_state(state_), out.data(), out.size());
    return out;
}

ChainHash seal_commit(const ChainHash& previous, const Commit& commit, std::uint32_t first_text,
                      std::string* copy) {
    thread_local CommitHasher hasher;
    hasher.begin(previous, copy);
    if (commit.recorder != nullptr) hasher.recorder(*commit.recorder);
    for (const std::string& text : commit.texts) hasher.text(TextId{first_text++}, text);
    for (const Event& event : commit.events) hasher.event(event);
    hasher.measured(commit.measured);
    return hasher.finish(commit.by);
}

ChainHash hash_of(std::string_view commit) {
    initialise_sodium();
    ChainHash out{};
    crypto_generichash(out.data(), out.size(),
                       reinterpret_cast<const unsigned char*>(commit.data()), commit.size(),
                       nullptr, 0);
    return out;
}

std::string to_hex(const ChainHash& hash) {
    constexpr char digits[] = "0123456789abcdef";
    std::string out;
    out.reserve(2 * hash.size());
    for (const auto byte : hash) {
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

bool from_hex(std::string_view digits, ChainHash& hash) {
    const auto value = [](char c) {
        if (c >= '0' && c <= '9') return c - '0';
        if (c >= 'a' && c <= 'f') return c - 'a' + 10;
        if (c >= 'A' && c <= 'F') return c - 'A' + 10;
        return -1;
    };
    if (digits.size() != 2 * hash.size()) return false;
    for (std::size_t i = 0; i < hash.size(); ++i) {
        const int high = value(digits[2 * i]), low = value(digits[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        hash[i] = static_cast<std::uint8_t>(high * 16 + low);
    }
    return true;
}

}  // namespace fenceline
