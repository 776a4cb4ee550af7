#pragma once

// Where the recent request ids are in the journal, so that a retry finds its first answer.
//
//   Requests requests;
//   requests.apply(event);
//   for (Position position : requests.candidates(caller, id)) ...  // look at the journal's row
//
// Ids are remembered by a hash of 32 bits, not by their bytes: a candidate is a place to look, and
// only the row there says whether caller and id are the same. The first row that matches is the
// first answer. An id is forgotten limits::request_window positions after its event.
//
// Operations that never came to a decision (OperationFailed) are not remembered: they have no
// answer to give again.
//
// Threading: as a std::vector.

#include <cstdint>
#include <string_view>
#include <vector>

#include "events/event.hpp"
#include "events/limits.hpp"
#include "projections/projection.hpp"

namespace fenceline {

// The hash, FROZEN: a saved fold holds it. Described in requests.cpp.
[[nodiscard]] std::uint32_t request_hash(TextId caller, std::string_view id) noexcept;

class Requests {
  public:
    void apply(const Event& event);

    // Ascending. Only positions up to the last event applied, and within the window.
    [[nodiscard]] std::vector<Position> candidates(TextId caller, std::string_view id) const;

    void save(StateWriter& out) const;
    [[nodiscard]] bool load(StateReader& in);

    [[nodiscard]] std::size_t memory_bytes() const;

  private:
    struct Entry {
        std::uint32_t hash = 0;
        std::uint32_t offset = 0;  // of the position in its span
    };
    // The ids of one span of positions as long as the window. Two spans always cover the window,
    // and an old span is forgotten as a whole: no id is ever taken out one by one.
    class Span {
      public:
        void add(Entry entry);
        void reserve(std::size_t entries);
        // Offsets of the entries with this hash, ascending.
        [[nodiscard]] std::vector<std::uint32_t> find(std::uint32_t hash) const;
        [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
        [[nodiscard]] std::size_t memory_bytes() const;

        std::int64_t number = 0;

      private:
        struct Slot {
            std::uint32_t hash = 0;
            std::uint32_t newest = 0;  // entry number + 1; 0 is free
        };
        void index();
        void index(std::uint32_t entry);
        void grow(std::size_t slots);

        std::vector<Entry> entries_;        // ascending by offset
        std::vector<std::uint32_t> older_;  // the entry of the same hash before: number + 1, or 0
        std::vector<Slot> slots_;           // a power of two
    };

    void enter_span(std::int64_t number);
    [[nodiscard]] bool load_span(StateReader& in, Span& span, std::int64_t number) const;
    // The first offset of a span that the window still covers.
    [[nodiscard]] std::int64_t first_offset(const Span& span) const;

    Position newest_;
    Span young_, old_;
};

}  // namespace fenceline
