#pragma once

// An array that grows at its end and never moves as a whole: who adds the millionth does not wait
// until all others are copied.
//
//   Blocks<Leaf, large_block> leaves;
//   leaves.grow_to(leaf + 1, Leaf{});
//   leaves[leaf].ticks[0] = tick;
//
// It lies in blocks. The first holds 64 KiB at most and grows as a vector does; each of the others
// is as large as they get. Blocks of a large page pay where many records are read in no order;
// small ones where there may be many arrays, or where the whole of one is in the cache.
//
// Threading: as a std::vector.

#include <algorithm>
#include <bit>
#include <cstddef>
#include <utility>
#include <vector>

#include "statemachine/huge_pages.hpp"

namespace fenceline {

inline constexpr std::size_t small_block = std::size_t{64} << 10;
inline constexpr std::size_t large_block = std::size_t{2} << 20;

template <typename T, std::size_t BlockBytes>
class Blocks {
  public:
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] const T& operator[](std::size_t i) const {
        if (i < first_block) return blocks_[0][i];
        return blocks_[1 + (i - first_block) / block][(i - first_block) % block];
    }
    [[nodiscard]] T& operator[](std::size_t i) { return const_cast<T&>(std::as_const(*this)[i]); }

    void push_back(const T& value) {
        if (size_ == capacity()) {
            blocks_.emplace_back();
            if (blocks_.size() > 1) blocks_.back().reserve(block);
        }
        blocks_.back().push_back(value);
        ++size_;
    }
    // Nothing where there are as many already.
    void grow_to(std::size_t size, const T& value) {
        while (size_ < size) push_back(value);
    }

    [[nodiscard]] std::size_t memory_bytes() const {
        std::size_t count = 0;
        for (const Block& each : blocks_) count += each.capacity();
        return count * sizeof(T) + blocks_.capacity() * sizeof(Block);
    }

  private:
    using Block = std::vector<T, HugePages<T>>;
    static constexpr std::size_t first_block =
        std::bit_floor(std::min(BlockBytes, small_block) / sizeof(T));
    static constexpr std::size_t block = std::bit_floor(BlockBytes / sizeof(T));

    [[nodiscard]] std::size_t capacity() const {
        return blocks_.empty() ? 0 : first_block + (blocks_.size() - 1) * block;
    }

    std::vector<Block> blocks_;
    std::size_t size_ = 0;
};

}  // namespace fenceline
