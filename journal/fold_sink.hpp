#pragma once

// Feeds a range of the journal into a Fold: what catching up, opening and replay have in common.

#include <functional>

#include "journal/journal.hpp"
#include "projections/fold.hpp"

namespace fenceline {

class FoldSink : public Sink {
  public:
    explicit FoldSink(Fold& fold) : fold_(fold) {}

    bool text(TextId id, std::string_view value) override {
        // Numbers come in order of first use; another one means that the journal contradicts
        // itself, and every later name would be wrong.
        consistent_ = consistent_ && fold_.world.texts.intern(value) == id;
        return consistent_;
    }
    bool event(const Event& event) override {
        fold_.apply(event);
        return true;
    }
    bool seal(const Seal& seal) override {
        if (!seal.measured.values.empty()) fold_.apply(seal.measured);
        return true;
    }

    // False: the dictionary's numbers did not fit.
    [[nodiscard]] bool consistent() const { return consistent_; }

  private:
    Fold& fold_;
    bool consistent_ = true;
};

}  // namespace fenceline
