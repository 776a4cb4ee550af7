#pragma once

// What a run asked of a store and what it was told, held against the journal afterwards: what was
// answered is there once and as it was answered, what was refused is not, and asking again does
// nothing twice.
//
//   asked.note(command, answer);
//   asked.judge(events);                 // those that a reader finds when all is over
//   asked.ask_again(store, events, [&] { return read_back(); });
//   CHECK(asked.wrong() == "");          // or the first thing that is not so
//
// Commands without a request id are not told apart in a journal, and not looked at.
//
// Threading: one thread.

#include <functional>
#include <string>
#include <vector>

#include "events/event.hpp"
#include "journal/lifecycle_store.hpp"

namespace fenceline::testing {

class AskedOperations {
  public:
    void note(const Command& command, Result<Answer> answer);
    [[nodiscard]] std::size_t size() const { return asked_.size(); }
    [[nodiscard]] int unknown() const { return unknown_; }

    void judge(const std::vector<Event>& events);
    // Whoever is in doubt asks again. `read_back` is what is there after that.
    void ask_again(LifecycleStore& store, const std::vector<Event>& events,
                   const std::function<std::vector<Event>()>& read_back);
    [[nodiscard]] const std::string& wrong() const { return wrong_; }
    void wrong(const std::string& what);

  private:
    struct Asked {
        Command command;
        Result<Answer> answer;
    };
    void judge(const Asked& asked, const std::vector<Event>& events);
    [[nodiscard]] bool done_another_time(const std::string& id) const;

    std::vector<Asked> asked_;
    int unknown_ = 0;
    std::string wrong_;
};

}  // namespace fenceline::testing
