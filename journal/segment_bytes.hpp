#pragma once

// Columns of a segment: numbers as varints (seven bits a byte, the lowest first), one after the
// other; read within bounds, whatever the bytes say.
//
// Internal to journal/segment. One object, one thread.

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
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
        const Number number = long_varint(next_, end_);
        if (number.behind == nullptr) return spoil();
        next_ = number.behind;
        return number.value;
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

    // Some at once, which is faster. How many of them are sound: the others are zeros.
    [[nodiscard]] std::size_t varints(std::span<std::uint64_t> out) {
        if (!good_) next_ = end_;
        const char* next = next_;
        const char* const end = end_;
        std::size_t i = 0;
        while (i < out.size()) {
            const std::size_t stop = std::min(i + sizeof(std::uint64_t), out.size());
            if (i + sizeof(std::uint64_t) == stop && all_short(next, end)) {
                for (; i < stop; ++i) out[i] = static_cast<unsigned char>(*next++);
                continue;
            }
            for (; i < stop; ++i) {
                const Number number = long_varint(next, end);
                if (number.behind == nullptr) {
                    std::ranges::fill(out.subspan(i), 0);
                    spoil();
                    return i;
                }
                out[i] = number.value;
                next = number.behind;
            }
        }
        next_ = next;
        return i;
    }

  private:
    struct Number {
        std::uint64_t value = 0;
        const char* behind = nullptr;  // null: it is cut, or longer than any
    };
    static constexpr std::uint64_t high_bits = 0x8080'8080'8080'8080;

    // Whether eight numbers of one byte each are next.
    [[gnu::always_inline]] static bool all_short(const char* next, const char* end) {
        if (end - next < 8) return false;
        std::uint64_t word = 0;
        std::memcpy(&word, next, sizeof word);
        return (word & high_bits) == 0;
    }
    [[gnu::always_inline]] static Number long_varint(const char* next, const char* end) {
        if (end - next < 8) return careful_varint(next, end);
        std::uint64_t word = 0;
        std::memcpy(&word, next, sizeof word);
        const std::uint64_t ends = ~word & high_bits;
        if (ends == 0) return careful_varint(next, end);
        // Up to eight bytes without a branch that goes by their number: neighbours of sevens are
        // joined to fourteens, these to twenty-eights, and these to the whole.
        word &= (ends ^ (ends - 1)) & 0x7f7f'7f7f'7f7f'7f7f;
        word = (word & 0x7f00'7f00'7f00'7f00) >> 1 | (word & 0x007f'007f'007f'007f);
        word = (word & 0x3fff'0000'3fff'0000) >> 2 | (word & 0x0000'3fff'0000'3fff);
        word = (word & 0x0fff'ffff'0000'0000) >> 4 | (word & 0x0000'0000'0fff'ffff);
        return {word, next + std::countr_zero(ends) / 8 + 1};
    }
    // A byte at a time: near the end, and what is longer than any of ours.
    [[gnu::noinline]] static Number careful_varint(const char* next, const char* end) {
        std::uint64_t value = 0;
        for (unsigned shift = 0; next != end; shift += 7) {
            const auto byte = static_cast<unsigned char>(*next++);
            if (shift == 63 && byte > 1) return {};
            value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
            if (byte < 0x80) return {value, next};
        }
        return {};
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
