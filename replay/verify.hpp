#pragma once

// The whole journal held against itself: nothing is believed that can be worked out again.
//
// - the chain: each commit's hash over its rows and the commit before it (I7)
// - order: positions without a gap, times that never go back, dictionary and recorders in turn (I2)
// - legality: every transition is in the table, from the state, version, owner and epoch that the
//   record really had; its fence held (I4, I5)
// - invariants after every event: no epoch falls or has two owners, nothing leaves its end, caps
//   that were named are kept; with how long it was otherwise
// - the storage below: what SQLite finds wrong with the file where no event is
// - checkpoints: byte for byte the fold from the first event, or from the base (I3)
// - the base, where the journal begins at one: that it is what its seal says, and the names beside
//   it; everything else then begins with it. The events that it stands for are not there to be
//   judged
// - anchors kept elsewhere: that they are of this journal and that it still contains them, so that
//   no tail was cut and no older copy put in its place
//
// What a hash chain cannot show is a journal made anew by whoever may write the file; an anchor
// kept where they cannot write does.

#include <optional>
#include <string>
#include <vector>

#include "journal/journal.hpp"
#include "replay/replayer.hpp"

namespace fenceline::replay {

// A head as it was written down: `fenceline anchor` prints it.
struct Anchor {
    Position position;
    ChainHash chain{};
    std::string journal{};  // the journal that it was taken from (anchored_name); empty: unsaid
};

// "1234:0f3c...": a position and 64 hexadecimal digits.
[[nodiscard]] Result<Anchor> parse_anchor(std::string_view text);
[[nodiscard]] std::string to_text(const Anchor& anchor);

struct Finding {
    Position position;  // where it shows; 0: the journal as a whole
    std::string what;
    // Of an invariant (invariants.hpp): the event that mended it, and how long it was broken.
    std::optional<Position> until;
    std::optional<Duration> lasted;
};

// What could not be held against something, and is no fault: an anchor of before the base.
struct Note {
    Position position;
    std::string what;
};

struct VerifyOptions {
    std::vector<Anchor> anchors;
    std::vector<Finding> findings;      // what the caller found already, besides the journal
    std::size_t most_findings = 1'000;  // the rest is only counted
    Progress progress;
};

struct Verification {
    Head head;
    Head beginning;                // the base's; Head{} without one
    std::string source, redacted;  // the base's (journal.hpp)
    std::int64_t events = 0;
    std::int64_t commits = 0;  // flushes not included
    std::int64_t flushes = 0;
    std::int64_t checkpoints = 0;   // compared
    std::vector<Finding> findings;  // by position
    std::int64_t found = 0;         // those beyond most_findings included
    std::vector<Note> notes;
    std::int64_t not_held = 0;  // anchors among these

    [[nodiscard]] bool sound() const { return found == 0; }
};

// An error is only what kept it from reading (a lock, the disk); bytes that contradict themselves
// are a finding.
[[nodiscard]] Result<Verification> verify(Reader& reader, const VerifyOptions& options = {});

}  // namespace fenceline::replay
