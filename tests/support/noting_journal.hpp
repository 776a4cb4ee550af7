#pragma once

// A journal that passes everything on and notes what was answered: the heads that are durable by
// their answers, and the commits that may be there or not.

#include <memory>
#include <utility>
#include <vector>

#include "tests/support/passing_journal.hpp"

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

class NotingJournal : public PassingJournal {
  public:
    NotingJournal(std::unique_ptr<Journal> journal, Noted& noted)
        : PassingJournal(std::move(journal)), noted_(noted) {}

    // What is prepared is not noted, and comes again with the commit.
    [[nodiscard]] Result<void> prepare(std::span<const Event>) override { return {}; }
    [[nodiscard]] Result<Head> append(const Commit& commit) override {
        auto head = PassingJournal::append(commit);
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

  private:
    Noted& noted_;
};

}  // namespace fenceline::testing
