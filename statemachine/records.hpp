#pragma once

// Records in the order of their arrival, found by a number that is mostly dense.
//
//   Records<Worker> workers;
//   workers.add(61, worker);
//   Worker* record = workers.find(61);
//
// In a large pool every step on the way to a record is a wait for memory. Numbers that come one
// after the other, as a pool that spawns gives them, say by themselves where their record is; from
// the first that does not, those with few gaps are looked up in an array, and the odd ones out in
// a map. Records live in blocks of a large page, but for the first few, and stay where they are: a
// growing pool never stops to move them all. Larger ones begin where a line of the cache does.
//
// Threading: as a std::vector.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "statemachine/blocks.hpp"
#include "statemachine/huge_pages.hpp"
#include "statemachine/prefetch.hpp"

namespace fenceline {

template <typename Record>
class Records {
  public:
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] const Record& operator[](std::size_t i) const {
        const Cell& cell =
            i < first_block ? blocks_[0][i] : block_of(i)[(i - first_block) % block_size];
        return cell.record;
    }
    [[nodiscard]] Record& operator[](std::size_t i) {
        return const_cast<Record&>(std::as_const(*this)[i]);
    }
    [[nodiscard]] const Record& back() const { return (*this)[size_ - 1]; }

    // Which one in the order of their arrival has this number; `nowhere`: none.
    static constexpr std::uint32_t nowhere = 0xffff'ffff;
    [[nodiscard]] std::uint32_t slot(std::int64_t number) const {
        if (is_in_order(number)) return static_cast<std::uint32_t>(number - first_);
        if (is_dense(number)) return dense_[static_cast<std::size_t>(number)];
        if (sparse_.empty()) return nowhere;
        const auto it = sparse_.find(number);
        return it == sparse_.end() ? nowhere : it->second;
    }
    [[nodiscard]] const Record* find(std::int64_t number) const {
        const std::uint32_t at = slot(number);
        return at == nowhere ? nullptr : &(*this)[at];
    }
    [[nodiscard]] Record* find(std::int64_t number) {
        const std::uint32_t at = slot(number);
        return at == nowhere ? nullptr : &(*this)[at];
    }

    // A number that find() does not know.
    void add(std::int64_t number, const Record& record) {
        if (size_ == capacity()) {
            const auto room = blocks_.empty() ? first_block : block_size;
            blocks_.emplace_back().reserve(room);
        }
        blocks_.back().push_back({record});
        note(number, static_cast<std::uint32_t>(size_));
        ++size_;
    }
    // A hint that the first of this record will be looked at soon, so that several waits for memory
    // are one.
    void prefetch(std::size_t i) const { prefetch_line(&(*this)[i]); }
    // Takes the newest record back, which has this number.
    void remove_last(std::int64_t number) {
        if (is_in_order(number))
            --in_order_;
        else if (is_dense(number))
            dense_[static_cast<std::size_t>(number)] = nowhere;
        else
            sparse_.erase(number);
        blocks_.back().pop_back();
        if (blocks_.back().empty()) blocks_.pop_back();
        --size_;
    }

    [[nodiscard]] std::size_t memory_bytes() const {
        return capacity() * sizeof(Cell) + dense_.memory_bytes() + sparse_.bucket_count() * 17;
    }

    class Iterator {
      public:
        using value_type = Record;
        using difference_type = std::ptrdiff_t;
        using iterator_category = std::forward_iterator_tag;
        using pointer = const Record*;
        using reference = const Record&;

        Iterator() = default;
        Iterator(const Records* records, std::size_t i) : records_(records), i_(i) {}
        reference operator*() const { return (*records_)[i_]; }
        pointer operator->() const { return &(*records_)[i_]; }
        Iterator& operator++() {
            ++i_;
            return *this;
        }
        Iterator operator++(int) {
            Iterator before = *this;
            ++i_;
            return before;
        }
        bool operator==(const Iterator&) const = default;

      private:
        const Records* records_ = nullptr;
        std::size_t i_ = 0;
    };
    [[nodiscard]] Iterator begin() const { return {this, 0}; }
    [[nodiscard]] Iterator end() const { return {this, size_}; }

  private:
    static constexpr std::size_t line = 64;
    struct alignas(sizeof(Record) < line ? alignof(Record) : line) Cell {
        Record record;
    };
    using Block = std::vector<Cell, HugePages<Cell>>;
    static constexpr std::size_t first_block = 1024;
    static constexpr std::size_t block_size =
        std::bit_floor(HugePages<Cell>::page_bytes / sizeof(Cell));

    [[nodiscard]] const Block& block_of(std::size_t i) const {
        return blocks_[1 + (i - first_block) / block_size];
    }
    [[nodiscard]] std::size_t capacity() const {
        return blocks_.empty() ? 0 : first_block + (blocks_.size() - 1) * block_size;
    }

    [[nodiscard]] bool is_in_order(std::int64_t number) const {
        return static_cast<std::uint64_t>(number) - static_cast<std::uint64_t>(first_) < in_order_;
    }
    [[nodiscard]] bool is_next(std::int64_t number) const {
        return static_cast<std::uint64_t>(number) - static_cast<std::uint64_t>(first_) == in_order_;
    }
    [[nodiscard]] bool is_dense(std::int64_t number) const {
        return number >= 0 && static_cast<std::uint64_t>(number) < dense_.size() &&
               dense_[static_cast<std::size_t>(number)] != nowhere;
    }

    // The array may be four times as long as there are records, whatever numbers they bear. Those
    // in order need none.
    void note(std::int64_t number, std::uint32_t slot) {
        if (slot == 0) first_ = number;
        if (in_order_ == slot && is_next(number)) {
            ++in_order_;
            return;
        }
        const std::uint64_t longest = 1024 + 4 * static_cast<std::uint64_t>(size_);
        if (number < 0 || static_cast<std::uint64_t>(number) >= longest) {
            sparse_.emplace(number, slot);
            return;
        }
        const auto i = static_cast<std::size_t>(number);
        dense_.grow_to(i + 1, nowhere);
        dense_[i] = slot;
    }

    std::vector<Block> blocks_;
    Blocks<std::uint32_t, large_block> dense_;
    boost::unordered_flat_map<std::int64_t, std::uint32_t> sparse_;
    std::size_t size_ = 0;
    std::int64_t first_ = 0;    // the number of the first record
    std::size_t in_order_ = 0;  // how many, from the first, bear numbers one after the other
};

}  // namespace fenceline
