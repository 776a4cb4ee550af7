#pragma once

// Random requests that reach every corner of the contract: legal and illegal states, fresh and
// stale leases, snapshots old and new, caps about to be met, retries, and plain nonsense.
//
//   CommandSource source(seed);
//   Command command = source.next(oracle, now);
//
// It looks at the oracle's records to aim. The same seed and records give the same commands.

#include <deque>
#include <string>
#include <vector>

#include "tests/support/dice.hpp"
#include "tests/support/oracle.hpp"

namespace fenceline::testing {

class CommandSource {
  public:
    explicit CommandSource(std::uint64_t seed);

    [[nodiscard]] Command next(const Oracle& oracle, std::int64_t now);
    // A time that some record knows, or one close to it: where "before" and "since" begin.
    [[nodiscard]] std::int64_t cutoff(const Oracle& oracle, std::int64_t now);
    [[nodiscard]] std::string some_owner();
    [[nodiscard]] Dice& dice() { return dice_; }

  private:
    using States = std::vector<std::string>;

    [[nodiscard]] Request some_request(const Oracle& oracle, std::int64_t now);
    [[nodiscard]] Request lease_request(const Oracle& oracle, Operation operation,
                                        std::int64_t now);
    [[nodiscard]] Request snapshot_request(const Oracle& oracle, Operation operation);
    [[nodiscard]] Request observation(const Oracle& oracle, Operation operation);
    [[nodiscard]] Request spawn(const Oracle& oracle);
    [[nodiscard]] Request adopt(const Oracle& oracle, std::int64_t now);
    template <typename Claim>
    [[nodiscard]] Claim claim(const Oracle& oracle);
    [[nodiscard]] Caps caps(const Oracle& oracle, const std::string& org);
    [[nodiscard]] Command nonsense(Command command);

    [[nodiscard]] std::int64_t some_worker(const Oracle& oracle, const States& wanted);
    [[nodiscard]] WorkerLease some_lease(const Oracle& oracle, const States& wanted);
    [[nodiscard]] WorkerSnapshot some_snapshot(const Oracle& oracle, const States& wanted);

    Dice dice_;
    std::int64_t request_number_ = 0;
    std::deque<Command> recent_;    // with request ids, to ask again
    std::deque<WorkerView> seen_;   // rows as they were some time ago
    std::deque<WorkerLease> held_;  // leases as they were some time ago
};

}  // namespace fenceline::testing
