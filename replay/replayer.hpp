#pragma once

// The past, made again: the nearest checkpoint at or before the moment asked for, then the events
// in order through the same fold that ran live.
//
//   auto reader = open_reader("pool.db");
//   auto then = replay::replay(**reader, {.to = Position{1234}});
//   then->fold.world.find(WorkerId{61});
//
// Reads only, and asks no clock: the same journal gives the same answer, byte for byte.
//
// Threading: one thread a reader.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "journal/journal.hpp"
#include "projections/fold.hpp"

namespace fenceline::replay {

// How far a long read is: positions done, and where it ends. Called now and then.
using Progress = std::function<void(Position done, Position end)>;

// Whose events the counters and histograms are about. Empty: everybody's. Both given: both match.
struct RecordedBy {
    std::string instance;
    std::string run;
    [[nodiscard]] bool anybody() const { return instance.empty() && run.empty(); }
    [[nodiscard]] bool matches(const Recorder& recorder) const {
        return (instance.empty() || recorder.instance == instance) &&
               (run.empty() || recorder.run == run);
    }
};

struct ReplayOptions {
    std::optional<Position> to;     // up to and including; none: the head as of now
    Position tally_after;           // counters and histograms count events after this one
    RecordedBy recorded_by;         // ... and only theirs
    bool from_first_event = false;  // ignore the checkpoints
    // Of the flushes that follow the last position only so many: a page that was made before a
    // flush came says the same position as one made after it. None: all of them.
    std::optional<std::int64_t> end_flushes;
    Progress progress;
};

struct Replayed {
    Fold fold;                       // its tallies are everybody's, from the first event
    Tallies tallies;                 // what the options asked to be counted
    Head head;                       // where the fold stands; the chain of the last whole commit
    Position began_at;               // the checkpoint's or the base's position, 0 without one
    Position beginning;              // the base's position, 0 without one
    Position counting_from;          // tallies count events after this
    std::int64_t end_flushes = 0;    // folded after the last position's event
    std::vector<Recorder> matching;  // recorders that matched `recorded_by`
};

// `not_found` for a position that the journal does not have, or a recorder that it never had.
[[nodiscard]] Result<Replayed> replay(Reader& reader, const ReplayOptions& options = {});

// The last position at or before this time; 0 when the journal begins later.
[[nodiscard]] Result<Position> position_at(Reader& reader, Time at);

}  // namespace fenceline::replay
