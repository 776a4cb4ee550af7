#pragma once

// The other side of the comparison: SQLite as its own documentation would have one use it for a
// durable log. WAL, synchronous=FULL, its own checkpoints, prepared statements, one table with
// the columns of an event; no decisions, no chain, no projections.

#include <cstdint>
#include <memory>
#include <string>

#include "events/result.hpp"

namespace fenceline::tools::bench {

class BareSqlite {
  public:
    // One of several writers waits for the others as SQLite does, and lets it number its rows.
    enum class Writers { one, several };
    [[nodiscard]] static Result<std::unique_ptr<BareSqlite>> open(const std::string& path,
                                                                  Writers writers = Writers::one);
    ~BareSqlite();

    // One transaction, one sync.
    [[nodiscard]] Result<void> insert(int rows);
    // Such transactions one after the other; rows a second.
    [[nodiscard]] Result<double> insert_for(int seconds, int rows);
    // Copies the events of a journal, so that both files hold the same rows.
    [[nodiscard]] static Result<void> copy_events(const std::string& journal,
                                                  const std::string& path);
    // Steps over every row and reads every column; gives the rows and a sum of what it read.
    struct Scan {
        std::int64_t rows = 0;
        std::int64_t sum = 0;
    };
    [[nodiscard]] Result<Scan> scan();

  private:
    class Impl;
    explicit BareSqlite(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace fenceline::tools::bench
