#pragma once

// The bytes under the codec: fixed little endian, written through a small buffer, read within
// bounds. Used for one payload at a time; begin() makes either ready for the next.
//
// Internal to the codec and to the chain. One object, one thread.

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace fenceline::codec {

static_assert(std::endian::native == std::endian::little, "the byte order of the format");

// Appends through a buffer of its own: a payload is many fields of a few bytes.
class WireWriter {
  public:
    void begin(std::string& out) {
        out_ = &out;
        used_ = 0;
    }
    template <typename Raw>
    [[gnu::always_inline]] void put(Raw value) {
        if (sizeof buffer_ - used_ < sizeof value) flush();
        std::memcpy(buffer_ + used_, &value, sizeof value);
        used_ += sizeof value;
    }
    void flush() {
        out_->append(buffer_, used_);
        used_ = 0;
    }

  private:
    std::string* out_ = nullptr;
    std::size_t used_ = 0;
    char buffer_[128];
};

// The first fault stays, and reads nothing but zeros from then on.
class WireReader {
  public:
    void begin(std::string_view bytes, std::uint32_t texts) {
        next_ = bytes.data();
        left_ = bytes.size();
        texts_ = texts;
        fault_ = nullptr;
    }
    template <typename Raw>
    [[gnu::always_inline]] Raw take() {
        Raw value{};
        if (left_ < sizeof value) [[unlikely]] {
            spoil("it ends too early");
            return value;
        }
        std::memcpy(&value, next_, sizeof value);
        next_ += sizeof value;
        left_ -= sizeof value;
        return value;
    }
    // A count of items of a fixed size, held against the limit and against what remains.
    std::uint32_t take_count(std::size_t item_bytes, std::size_t limit) {
        const auto count = take<std::uint32_t>();
        if (count <= limit && count <= left_ / item_bytes) return count;
        spoil("it counts more items than it can hold");
        return 0;
    }
    // A length of four bytes, and so many. They are the caller's bytes, not a copy.
    std::string_view take_bytes() {
        const auto size = take<std::uint32_t>();
        if (size > left_) {
            spoil("it ends too early");
            return {};
        }
        const std::string_view bytes(next_, size);
        next_ += size;
        left_ -= size;
        return bytes;
    }
    void spoil(const char* why) {
        if (fault_ == nullptr) fault_ = why;
        left_ = 0;
    }
    // How many dictionary entries there are: no text beyond them may be named.
    [[nodiscard]] std::uint32_t texts() const { return texts_; }
    // Why the bytes are refused; null when all of them were read and meant something.
    [[nodiscard]] const char* fault() const {
        if (fault_ != nullptr) return fault_;
        return left_ == 0 ? nullptr : "something follows its last field";
    }

  private:
    const char* next_ = nullptr;
    std::size_t left_ = 0;
    std::uint32_t texts_ = 0;
    const char* fault_ = nullptr;
};

}  // namespace fenceline::codec
