#pragma once

// The bytes of a checkpoint: fixed little endian, written and read in one order. Unlike payloads
// these are ours alone and guarded by a digest, but reading still never runs past the end.
//
//   StateWriter out; out.i64(7); out.text("x");
//   StateReader in(out.bytes()); in.i64() == 7; in.text() == "x"; in.complete();

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace fenceline {

class StateWriter {
  public:
    void u8(std::uint8_t v) { bytes_.push_back(static_cast<char>(v)); }
    void u32(std::uint32_t v) { raw(v); }
    void i64(std::int64_t v) { raw(static_cast<std::uint64_t>(v)); }
    void text(std::string_view v) {
        u32(static_cast<std::uint32_t>(v.size()));
        bytes_.append(v);
    }
    [[nodiscard]] const std::string& bytes() const { return bytes_; }
    [[nodiscard]] std::string take() { return std::move(bytes_); }

  private:
    template <typename U>
    void raw(U v) {
        static_assert(std::endian::native == std::endian::little, "byte order of the format");
        char buffer[sizeof v];
        std::memcpy(buffer, &v, sizeof v);
        bytes_.append(buffer, sizeof v);
    }
    std::string bytes_;
};

class StateReader {
  public:
    explicit StateReader(std::string_view bytes) : bytes_(bytes) {}
    std::uint8_t u8() { return raw<std::uint8_t>(); }
    std::uint32_t u32() { return raw<std::uint32_t>(); }
    std::int64_t i64() { return static_cast<std::int64_t>(raw<std::uint64_t>()); }
    std::string_view text() {
        const auto size = u32();
        if (!good_ || size > bytes_.size()) {
            good_ = false;
            return {};
        }
        const auto out = bytes_.substr(0, size);
        bytes_.remove_prefix(size);
        return out;
    }
    // A count of items that follow, each at least `item_bytes` long: bounded by what remains.
    std::uint32_t count(std::size_t item_bytes) {
        const auto n = u32();
        if (!good_ || n > bytes_.size() / (item_bytes ? item_bytes : 1)) {
            good_ = false;
            return 0;
        }
        return n;
    }
    [[nodiscard]] bool good() const { return good_; }
    // All was read and nothing ran past the end.
    [[nodiscard]] bool complete() const { return good_ && bytes_.empty(); }

  private:
    template <typename U>
    U raw() {
        U v{};
        if (bytes_.size() < sizeof v) {
            good_ = false;
            return v;
        }
        std::memcpy(&v, bytes_.data(), sizeof v);
        bytes_.remove_prefix(sizeof v);
        return v;
    }
    std::string_view bytes_;
    bool good_ = true;
};

}  // namespace fenceline
