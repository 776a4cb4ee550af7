#pragma once

// Columns of a segment: numbers as varints (seven bits a byte, the lowest first), one after the
// other; read within bounds, whatever the bytes say.
//
// Internal to journal/segment. One object, one thread.

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace fenceline::segment {

static_assert(std::endian::native == std::endian::little, "a varint's first byte is its lowest");

inline void put_varint(std::string& out, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
    out.push_back(static_cast<char>(value));
}

// Reading past the end gives zeros and is remembered.
class ColumnReader {
  public:
    ColumnReader() = default;
    explicit ColumnReader(std::string_view bytes)
        : next_(bytes.data()), end_(bytes.data() + bytes.size()) {}

    [[gnu::always_inline]] std::uint64_t varint() {
        if (next_ != end_ && static_cast<signed char>(*next_) >= 0) [[likely]]
            return static_cast<unsigned char>(*next_++);
        return long_varint();
    }
    [[gnu::always_inline]] std::uint8_t byte() {
        if (next_ == end_) return spoil();
        return static_cast<std::uint8_t>(*next_++);
    }
    [[nodiscard]] std::string_view take(std::uint64_t size) {
        if (size > static_cast<std::uint64_t>(end_ - next_)) {
            spoil();
            return {};
        }
        const std::string_view out(next_, static_cast<std::size_t>(size));
        next_ += size;
        return out;
    }
    [[nodiscard]] bool good() const { return good_; }
    [[nodiscard]] bool complete() const { return good_ && next_ == end_; }

  private:
    [[gnu::always_inline]] std::uint64_t long_varint() {
        if (end_ - next_ < 8) return careful_varint();
        std::uint64_t word = 0;
        std::memcpy(&word, next_, sizeof word);
        const std::uint64_t ends = ~word & 0x8080'8080'8080'8080;
        if (ends == 0) return careful_varint();
        // Up to eight bytes without a branch that goes by their number: neighbours of sevens are
        // joined to fourteens, these to twenty-eights, and these to the whole.
        next_ += std::countr_zero(ends) / 8 + 1;
        word &= (ends ^ (ends - 1)) & 0x7f7f'7f7f'7f7f'7f7f;
        word = (word & 0x7f00'7f00'7f00'7f00) >> 1 | (word & 0x007f'007f'007f'007f);
        word = (word & 0x3fff'0000'3fff'0000) >> 2 | (word & 0x0000'3fff'0000'3fff);
        return (word & 0x0fff'ffff'0000'0000) >> 4 | (word & 0x0000'0000'0fff'ffff);
    }
    // A byte at a time: near the end, and what is longer than any of ours.
    [[gnu::noinline]] std::uint64_t careful_varint() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; next_ != end_; shift += 7) {
            const auto byte = static_cast<unsigned char>(*next_++);
            if (shift == 63 && byte > 1) return spoil();
            value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
            if (byte < 0x80) return value;
        }
        return spoil();
    }
    std::uint8_t spoil() {
        good_ = false;
        next_ = end_;
        return 0;
    }

    const char* next_ = nullptr;
    const char* end_ = nullptr;
    bool good_ = true;
};

}  // namespace fenceline::segment
