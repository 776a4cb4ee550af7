#pragma once

// Workers that exist elsewhere become a journal's first events: one `adopt` each.
//
//   {"worker":61,"state":"hot","owner":"cp-a","epoch":5,"org":"acme","image":"i","pod":"w-61"}
//
// A line is a record as `ps --json` and `observe` print it, or an `adopt` of `exec`.
//
// Threading: one thread.

#include <string_view>
#include <vector>

#include "journal/lifecycle_store.hpp"

namespace fenceline::tools {

class WorkerImport {
  public:
    explicit WorkerImport(LifecycleStore& store) : store_(store) {}

    // `invalid_request`: the line is not a worker, or one that cannot be adopted. An error of an
    // earlier line of the same batch says so in its text.
    [[nodiscard]] Result<void> take(std::int64_t number, std::string_view line);
    [[nodiscard]] Result<void> end();
    [[nodiscard]] std::int64_t adopted() const { return adopted_; }
    // The line that an error is about.
    [[nodiscard]] std::int64_t failed_line() const { return failed_line_; }

  private:
    LifecycleStore& store_;
    std::vector<Command> batch_;
    std::vector<std::int64_t> lines_;
    std::int64_t adopted_ = 0, failed_line_ = 0;
};

}  // namespace fenceline::tools
