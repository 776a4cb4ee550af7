#pragma once

// Feeds a range of the journal into a Fold: what catching up, opening and replay have in common.

#include <cstdint>
#include <functional>
#include <limits>

#include "journal/journal.hpp"
#include "projections/fold.hpp"

namespace fenceline {

class FoldSink : public Sink {
  public:
    explicit FoldSink(Fold& fold) : fold_(fold) {}
    // For a read up to a head that was asked for before: a flush that came since follows the same
    // event, is heard too, and belongs to the next read. Folding it now would count it twice.
    FoldSink(Fold& fold, const Head& after, const Head& to)
        : fold_(fold), flushes_left_(to.flushes - after.flushes) {}

    bool text(TextId id, std::string_view value) override {
        // Numbers come in order of first use; another one means that the journal contradicts
        // itself, and every later name would be wrong.
        consistent_ = consistent_ && fold_.world.texts.intern(value) == id;
        return consistent_;
    }
    [[nodiscard]] bool wants_chain() const override { return false; }
    bool event(const Event& event) override {
        fold_.apply(event);
        return true;
    }
    bool seal(const Seal& seal) override {
        const bool flush = seal.first > seal.last;
        if (flush && flushes_left_-- <= 0) return true;
        if (!seal.measured.values.empty()) fold_.apply(seal.measured);
        return true;
    }

    // False: the dictionary's numbers did not fit.
    [[nodiscard]] bool consistent() const { return consistent_; }

  private:
    Fold& fold_;
    std::int64_t flushes_left_ = std::numeric_limits<std::int64_t>::max();
    bool consistent_ = true;
};

}  // namespace fenceline
