#pragma once

// A journal that seals whatever it may after each commit: the contract must not be able to tell.

#include <doctest/doctest.h>

#include "journal/journal.hpp"

namespace fenceline::testing {

inline Position seal_all(Journal& journal, Position last) {
    for (;;) {
        const auto step = journal.seal({.last = last});
        REQUIRE_MESSAGE(step.has_value(), (step ? std::string() : step.error().text));
        if (!step->more) return step->sealed;
    }
}

class SealingJournal final : public Journal {
  public:
    explicit SealingJournal(std::unique_ptr<Journal> inner) : inner_(std::move(inner)) {}

    [[nodiscard]] Result<void> close() override { return inner_->close(); }
    [[nodiscard]] Result<std::string> id() override { return inner_->id(); }
    [[nodiscard]] Result<Head> head() override { return inner_->head(); }
    [[nodiscard]] Result<void> read(const Head& after, Position to, Sink& sink) override {
        return inner_->read(after, to, sink);
    }
    [[nodiscard]] Result<Event> event(Position position) override {
        return inner_->event(position);
    }
    [[nodiscard]] Result<Checkpoint> checkpoint(Position position) override {
        return inner_->checkpoint(position);
    }
    [[nodiscard]] Result<std::vector<Position>> checkpoints() override {
        return inner_->checkpoints();
    }
    [[nodiscard]] Result<Position> first_at(Time at) override { return inner_->first_at(at); }
    [[nodiscard]] Result<Head> begin_write() override { return inner_->begin_write(); }
    [[nodiscard]] Result<Head> append(const Commit& commit) override {
        auto head = inner_->append(commit);
        if (head) seal_all(*inner_, head->position);
        return head;
    }
    void cancel_write() override { inner_->cancel_write(); }
    [[nodiscard]] Result<void> make_durable() override { return inner_->make_durable(); }
    [[nodiscard]] Result<void> save_checkpoint(const Checkpoint& checkpoint) override {
        return inner_->save_checkpoint(checkpoint);
    }
    [[nodiscard]] Result<void> maintain() override { return inner_->maintain(); }
    [[nodiscard]] Result<SealStep> seal(const SealRequest& request) override {
        return inner_->seal(request);
    }

  private:
    std::unique_ptr<Journal> inner_;
};

}  // namespace fenceline::testing
