#pragma once

// A journal that passes everything on and notes what was answered: the heads that are durable by
// their answers, and the commits that may be there or not.

#include <memory>
#include <utility>
#include <vector>

#include "journal/journal.hpp"

namespace fenceline::testing {

// A commit that was answered as durable, or whose end is unknown.
struct Made {
    enum class As { answered, unknown } as = As::answered;
    std::vector<Event> events;
};

struct Noted {
    std::vector<Made> commits;   // in order; flushes have no events
    std::vector<Head> answered;  // of each commit that was answered as durable
    std::vector<Event> events;   // of these commits
    std::size_t in_flight = 0;   // events of the commit that got no answer
    bool doubtful = false;       // there is such a commit, a flush included
};

class NotingJournal : public Journal {
  public:
    NotingJournal(std::unique_ptr<Journal> journal, Noted& noted)
        : journal_(std::move(journal)), noted_(noted) {}

    [[nodiscard]] Result<Head> begin_write() override { return journal_->begin_write(); }
    [[nodiscard]] Result<Head> append(const Commit& commit) override {
        auto head = journal_->append(commit);
        if (head) {
            noted_.commits.push_back(
                {Made::As::answered, {commit.events.begin(), commit.events.end()}});
            noted_.answered.push_back(*head);
            noted_.events.insert(noted_.events.end(), commit.events.begin(), commit.events.end());
        } else if (head.error().effect == Effect::unknown) {
            noted_.commits.push_back(
                {Made::As::unknown, {commit.events.begin(), commit.events.end()}});
            noted_.in_flight = commit.events.size();
            noted_.doubtful = true;
        }
        return head;
    }
    void cancel_write() override { journal_->cancel_write(); }
    [[nodiscard]] Result<void> make_durable() override { return journal_->make_durable(); }
    [[nodiscard]] Result<void> save_checkpoint(const Checkpoint& checkpoint) override {
        return journal_->save_checkpoint(checkpoint);
    }
    [[nodiscard]] Result<void> maintain() override { return journal_->maintain(); }
    [[nodiscard]] Result<SealStep> seal(const SealRequest& request) override {
        return journal_->seal(request);
    }
    [[nodiscard]] Result<void> close() override { return journal_->close(); }
    [[nodiscard]] Result<std::string> id() override { return journal_->id(); }
    [[nodiscard]] Result<Head> head() override { return journal_->head(); }
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
    Noted& noted_;
};

}  // namespace fenceline::testing
