#pragma once

// Values by a packed 64-bit key: the table under every counter. A counter is bumped for each event
// that the journal folds, so a bump costs a few nanoseconds; and the order of a hash table must
// never reach a byte of output (I3), so the only way to walk one is sorted.
//
//   FlatTable<std::int64_t> counts;
//   counts[key] += 1;
//   for (const auto* entry : counts.sorted()) out.i64(entry->value);
//
// Threading: as a std::vector. Entries are never taken out one by one.

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace fenceline {

template <typename Value>
class FlatTable {
  public:
    struct Entry {
        std::uint64_t key = 0;
        Value value{};
    };

    // The value of this key, made empty if it is new.
    Value& operator[](std::uint64_t key) {
        // Events come in runs of one kind, so the last entry is often the next one too.
        if (last_ < entries_.size() && entries_[last_].key == key) return entries_[last_].value;
        if (slots_.empty() || entries_.size() * 2 >= slots_.size()) grow();
        std::size_t slot = home(key);
        while (slots_[slot] != 0 && entries_[slots_[slot] - 1].key != key) slot = next(slot);
        if (slots_[slot] == 0) {
            entries_.push_back({key, Value{}});
            slots_[slot] = static_cast<std::uint32_t>(entries_.size());
        }
        last_ = slots_[slot] - 1;
        return entries_[last_].value;
    }

    // The next `keys` that are new take no memory.
    void make_room(std::size_t keys) {
        const std::size_t needed = entries_.size() + keys;
        if (needed > entries_.capacity())
            entries_.reserve(std::max(needed, entries_.capacity() * 2));
        while (needed * 2 >= slots_.size()) grow();
    }

    // Null when the key was never used.
    [[nodiscard]] const Value* find(std::uint64_t key) const {
        if (slots_.empty()) return nullptr;
        std::size_t slot = home(key);
        while (slots_[slot] != 0) {
            const Entry& entry = entries_[slots_[slot] - 1];
            if (entry.key == key) return &entry.value;
            slot = next(slot);
        }
        return nullptr;
    }

    // Every entry, ascending by key. Valid until the table changes.
    [[nodiscard]] std::vector<const Entry*> sorted() const {
        std::vector<const Entry*> out;
        out.reserve(entries_.size());
        for (const Entry& entry : entries_) out.push_back(&entry);
        std::ranges::sort(out, {}, &Entry::key);
        return out;
    }

    // Hands over each key in no order at all: for what none can show in, such as a set.
    template <typename Take>
    void each_key(Take&& take) const {
        for (const Entry& entry : entries_) take(entry.key);
    }

    [[nodiscard]] std::size_t size() const { return entries_.size(); }

  private:
    // The product's highest bits depend on every bit of the key; lower ones do not, and keys that
    // differ in their image alone would all meet.
    [[nodiscard]] std::size_t home(std::uint64_t key) const {
        return static_cast<std::size_t>((key * 0x9E3779B97F4A7C15u) >> shift_);
    }
    [[nodiscard]] std::size_t next(std::size_t slot) const {
        return (slot + 1) & (slots_.size() - 1);
    }
    void grow() {
        slots_.assign(slots_.empty() ? 16 : slots_.size() * 2, 0);
        shift_ = 64 - std::countr_zero(slots_.size());
        for (std::size_t i = 0; i < entries_.size(); ++i) {
            std::size_t slot = home(entries_[i].key);
            while (slots_[slot] != 0) slot = next(slot);
            slots_[slot] = static_cast<std::uint32_t>(i + 1);
        }
    }

    std::vector<Entry> entries_;        // in the order of first use
    std::vector<std::uint32_t> slots_;  // a power of two; entry number + 1, 0 is free
    int shift_ = 0;                     // what leaves the bits that number a slot
    std::size_t last_ = 0;
};

}  // namespace fenceline
