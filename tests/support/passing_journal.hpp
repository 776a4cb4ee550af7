#pragma once

// A journal that passes everything on to another. Whoever wants to see or to change some of it
// overrides these calls alone.
//
//   class Deaf : public PassingJournal { Result<Head> append(const Commit&) override; ... };
//
// Threading: that of the journal below.

#include <memory>
#include <utility>
#include <vector>

#include "journal/journal.hpp"

namespace fenceline::testing {

class PassingJournal : public Journal {
  public:
    explicit PassingJournal(std::unique_ptr<Journal> journal) : journal_(std::move(journal)) {}

    [[nodiscard]] Result<Head> begin_write() override { return journal_->begin_write(); }
    [[nodiscard]] Result<void> prepare(std::span<const Event> events) override {
        return journal_->prepare(events);
    }
    [[nodiscard]] Result<Head> append(const Commit& commit) override {
        return journal_->append(commit);
    }
    void cancel_write() override { journal_->cancel_write(); }
    [[nodiscard]] Result<void> make_durable() override { return journal_->make_durable(); }
    [[nodiscard]] Result<void> save_checkpoint(const Checkpoint& checkpoint) override {
        return journal_->save_checkpoint(checkpoint);
    }
    [[nodiscard]] Result<void> maintain() override { return journal_->maintain(); }
    [[nodiscard]] Result<bool> was_head(const Head& head) override {
        return journal_->was_head(head);
    }
    [[nodiscard]] bool lags() const override { return journal_->lags(); }
    [[nodiscard]] Result<LongWork*> begin_maintenance() override {
        return journal_->begin_maintenance();
    }
    [[nodiscard]] Result<void> end_maintenance() override { return journal_->end_maintenance(); }
    [[nodiscard]] Result<SealStep> seal(const SealRequest& request) override {
        return journal_->seal(request);
    }
    [[nodiscard]] Result<void> close() override { return journal_->close(); }
    [[nodiscard]] Result<std::string> id() override { return journal_->id(); }
    [[nodiscard]] Result<Head> head() override { return journal_->head(); }
    [[nodiscard]] Result<Head> beginning() override { return journal_->beginning(); }
    [[nodiscard]] Result<Base> base() override { return journal_->base(); }
    [[nodiscard]] Result<std::vector<Pin>> pins() override { return journal_->pins(); }
    [[nodiscard]] Result<RetainStep> retain(const RetainRequest& request) override {
        return journal_->retain(request);
    }
    [[nodiscard]] Result<void> pin(const Pin& pin) override { return journal_->pin(pin); }
    [[nodiscard]] Result<void> unpin(const std::string& name) override {
        return journal_->unpin(name);
    }
    [[nodiscard]] Result<void> compact() override { return journal_->compact(); }
    [[nodiscard]] Result<std::vector<std::string>> damage() override { return journal_->damage(); }
    [[nodiscard]] Result<void> read(const Head& after, Position to, Sink& sink) override {
        return journal_->read(after, to, sink);
    }
    [[nodiscard]] Result<Event> event(Position position) override {
        return journal_->event(position);
    }
    [[nodiscard]] Result<Checkpoint> checkpoint(Position position) override {
        return journal_->checkpoint(position);
    }
    [[nodiscard]] Result<std::vector<Position>> checkpoints() override {
        return journal_->checkpoints();
    }
    [[nodiscard]] Result<Position> first_at(Time at) override { return journal_->first_at(at); }

  private:
    std::unique_ptr<Journal> journal_;
};

}  // namespace fenceline::testing
