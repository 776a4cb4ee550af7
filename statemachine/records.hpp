#pragma once

// Records in the order of their arrival, found by a number that is mostly dense.
//
//   Records<Worker> workers;
//   workers.add(61, worker);
//   Worker* record = workers.find(61);
//
// Numbers from 1 on, with few gaps, are looked up in an array, and only the odd ones out in a map:
// in a large pool every step on the way to a record is a wait for memory. Records live in blocks,
// so that a growing pool never stops to move them all.
//
// Threading: as a std::vector.

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

namespace fenceline {

template <typename Record>
class Records {
  public:
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] const Record& operator[](std::size_t i) const {
        return blocks_[i / block_size][i % block_size];
    }
    [[nodiscard]] const Record& back() const { return (*this)[size_ - 1]; }

    [[nodiscard]] const Record* find(std::int64_t number) const {
        const std::uint32_t slot = slot_of(number);
        return slot == nowhere ? nullptr : &(*this)[slot];
    }
    [[nodiscard]] Record* find(std::int64_t number) {
        const std::uint32_t slot = slot_of(number);
        return slot == nowhere ? nullptr : &blocks_[slot / block_size][slot % block_size];
    }

    // A number that find() does not know.
    void add(std::int64_t number, const Record& record) {
        if (size_ % block_size == 0) blocks_.emplace_back().reserve(block_size);
        blocks_.back().push_back(record);
        note(number, static_cast<std::uint32_t>(size_));
        ++size_;
    }
    // Takes the newest record back, which has this number.
    void remove_last(std::int64_t number) {
        if (is_dense(number))
            dense_[static_cast<std::size_t>(number)] = nowhere;
        else
            sparse_.erase(number);
        blocks_.back().pop_back();
        if (blocks_.back().empty()) blocks_.pop_back();
        --size_;
    }

    [[nodiscard]] std::size_t memory_bytes() const {
        return blocks_.size() * block_size * sizeof(Record) +
               dense_.capacity() * sizeof(std::uint32_t) + sparse_.bucket_count() * 17;
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
    static constexpr std::size_t block_size = 1024;
    static constexpr std::uint32_t nowhere = 0xffff'ffff;

    [[nodiscard]] bool is_dense(std::int64_t number) const {
        return number >= 0 && static_cast<std::uint64_t>(number) < dense_.size() &&
               dense_[static_cast<std::size_t>(number)] != nowhere;
    }

    [[nodiscard]] std::uint32_t slot_of(std::int64_t number) const {
        if (is_dense(number)) return dense_[static_cast<std::size_t>(number)];
        if (sparse_.empty()) return nowhere;
        const auto it = sparse_.find(number);
        return it == sparse_.end() ? nowhere : it->second;
    }

    // The array may be four times as long as there are records, whatever numbers they bear.
    void note(std::int64_t number, std::uint32_t slot) {
        const std::uint64_t longest = 1024 + 4 * static_cast<std::uint64_t>(size_);
        if (number < 0 || static_cast<std::uint64_t>(number) >= longest) {
            sparse_.emplace(number, slot);
            return;
        }
        const auto i = static_cast<std::size_t>(number);
        if (i >= dense_.size()) dense_.resize(i + 1, nowhere);
        dense_[i] = slot;
    }

    std::vector<std::vector<Record>> blocks_;
    std::vector<std::uint32_t> dense_;
    boost::unordered_flat_map<std::int64_t, std::uint32_t> sparse_;
    std::size_t size_ = 0;
};

}  // namespace fenceline
