#pragma once

// Decisions made again: every recorded operation is asked of today's transition table, against the
// world as it was right before it, and the answers are held against each other.
//
//   auto judged = replay::check_decisions(**reader, {});
//   for (const Divergence& d : judged->divergences) ...   // what would now end otherwise
//
// The world is always the recorded one: one divergence does not make others.
//
// - an expiry of control planes is one decision, however many events it gave; one that found
//   nobody left no event, and cannot be judged
// - heartbeats answered from memory are judged as one, as of the event that tallies them, unless
//   another process changed the record in between
// - operations that failed were never decided; they are counted as skipped, and so is everything
//   that this program does not know
//
// Reads only, asks no clock. One thread a reader.

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "journal/journal.hpp"
#include "replay/coverage.hpp"
#include "replay/replayer.hpp"

namespace fenceline::replay {

// How one operation ended, as far as today's table has a say in it.
struct Ending {
    Outcome outcome = Outcome::none;
    Check failed_check = Check::none;
    WorkerId worker;
    State from = State::none;
    State to = State::none;
    Epoch new_epoch;
    bool operator==(const Ending&) const = default;
};

struct Divergence {
    Position position;
    Time at;
    Operation operation = Operation::none;
    Origin origin = Origin::unknown;
    std::string caller;
    std::string instance;  // of an expiry: the control plane
    Ending recorded, today;
    // What else differs, or what today has to say against the request; may be empty.
    std::string note;
    // Today's row for the state that was found. None: the table has no such row, or the operation
    // is none of its (control planes, observations).
    std::optional<TransitionRow> row;
};

// Why an event was not decided again.
enum class Skip { senseless, journal_failing, tally_outdated, unknown, cut };
inline constexpr std::array skips{Skip::senseless, Skip::journal_failing, Skip::tally_outdated,
                                  Skip::unknown, Skip::cut};
[[nodiscard]] std::string_view to_text(Skip skip);

struct CheckOptions {
    Position after;                         // judge events after this one
    std::optional<Position> to;             // up to and including; none: the head as of now
    std::size_t most_divergences = 10'000;  // the rest is only counted
    Progress progress;
};

struct Judged {
    Head head;
    std::int64_t events = 0;   // in the window
    std::int64_t decided = 0;  // of them
    std::array<std::int64_t, skips.size()> skipped{};
    std::vector<Divergence> divergences;  // by position
    std::int64_t diverged = 0;            // those beyond most_divergences included
    Coverage coverage;                    // of what was decided, as recorded

    [[nodiscard]] bool same() const { return diverged == 0; }
};

[[nodiscard]] Result<Judged> check_decisions(Reader& reader, const CheckOptions& options = {});

}  // namespace fenceline::replay
