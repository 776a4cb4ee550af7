#pragma once

// How our connections are set up. What a durable answer rests on is read back after it was set.

#include <algorithm>
#include <cstdint>

#include "journal/sqlite/sqlite.hpp"

namespace fenceline::sqlite {

// For the store: every commit synced, no checkpoint but our own, no trust in the schema.
//
// The triggers that keep everybody else to appending are off on this one connection: they cost a
// third of a commit of 64 events, and what they enforce is checked before the first insert
// (check_commit) and by the primary keys, which a plain INSERT cannot overwrite.
[[nodiscard]] Result<void> configure_writer(Connection& database);
// The part of it that changes nothing in the file, which may turn out to be a stranger's.
[[nodiscard]] Result<void> configure_careful(Connection& database);

// What one question may cost: a stranger's file could otherwise keep us busy for ever.
class Budget {
  public:
    void renew() { renew(0); }
    // Allows so many instructions, but no fewer than any question may cost.
    void renew(std::int64_t instructions) {
        left_ = std::max<std::int64_t>(instructions / instructions_per_call, least_calls);
    }
    // Called by SQLite every instructions_per_call instructions; true ends the statement.
    [[nodiscard]] bool spend() noexcept { return --left_ < 0; }

    static constexpr int instructions_per_call = 100'000;

  private:
    static constexpr std::int64_t least_calls = 2'000;
    std::int64_t left_ = least_calls;
};

// For readers: nothing is written, no view or trigger runs, no value is larger than a row of ours,
// closing changes nothing. `budget` outlives the connection.
[[nodiscard]] Result<void> configure_reader(Connection& database, Budget& budget);

// Leaves the log as it is when this connection closes.
void keep_log_at_close(Connection& database);

}  // namespace fenceline::sqlite
