#pragma once

// What the random runs reached. A model test that never sees a fence proves nothing about it, so
// every cell that the contract allows has to be met, and often.
//
//   Coverage met;
//   met.count(expected);
//   for (const auto& cell : met.short_of(20)) FAIL(cell);
//
// Threading: as a std::map.

#include <map>
#include <string>
#include <vector>

#include "tests/support/oracle.hpp"

namespace fenceline::testing {

class Coverage {
  public:
    void count(const Expected& expected);
    void add(const Coverage& other);

    // The cells of the contract that were met fewer times than this, each with how often.
    [[nodiscard]] std::vector<std::string> short_of(std::int64_t times) const;
    // Every cell as a table: operation, how it ended, how often.
    [[nodiscard]] std::string table() const;

  private:
    // operation, outcome, check; and operation, state it was found in, outcome
    std::map<std::vector<std::string>, std::int64_t> outcomes_, states_;
    std::map<std::string, std::int64_t> replays_;
};

}  // namespace fenceline::testing
