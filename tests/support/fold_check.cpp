#include "tests/support/fold_check.hpp"

namespace fenceline::testing {

namespace {

// Stops where a head was: positions alone do not say it, as flushes take none.
class UpTo : public Sink {
  public:
    UpTo(Fold& fold, const Head& head) : fold_(fold), head_(head) {}

    bool text(TextId id, std::string_view value) override {
        return fold_.world.texts.intern(value) == id;
    }
    bool event(const Event& event) override {
        fold_.apply(event);
        return true;
    }
    bool seal(const Seal& seal) override {
        if (seal.first > seal.last) {
            if (flushes_ == head_.flushes) return false;
            ++flushes_;
        }
        if (!seal.measured.values.empty()) fold_.apply(seal.measured);
        return true;
    }

  private:
    Fold& fold_;
    Head head_;
    std::int64_t flushes_ = 0;
};

}  // namespace

Result<Fold> fold_to(Reader& journal, const Head& head) {
    Fold fold;
    UpTo sink(fold, head);
    FENCELINE_TRY(journal.read({}, head.position, sink));
    if (fold.world.position != head.position)
        return fail(ErrorCode::corrupt, "the journal gave " +
                                            std::to_string(fold.world.position.value) + " of " +
                                            std::to_string(head.position.value) + " events");
    return fold;
}

std::string checkpoints_differ(Reader& journal) {
    const auto positions = journal.checkpoints();
    if (!positions) return positions.error().text;
    for (const Position position : *positions) {
        const auto saved = journal.checkpoint(position);
        if (!saved) return saved.error().text;
        const auto fold = fold_to(journal, saved->head);
        if (!fold) return fold.error().text;
        if (fold->save() != saved->state)
            return "the checkpoint at " + std::to_string(position.value) +
                   " is not the fold of the events before it";
    }
    return {};
}

}  // namespace fenceline::testing
