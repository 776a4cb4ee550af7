#pragma once

// Everything that the page of an incident window shows, as plain columns: workers with the states
// they went through, every event, who was turned away by what, control planes, and findings.
//
//   auto model = report::model_of(reader, {.after = Position{1000}, .to = Position{2000}});
//   std::string html = report::page_of(*model, {.title = "claims lost", .version = "0.1"});
//
// Reads only and asks no clock: the same window gives the same model.

#include <string>
#include <vector>

#include "journal/journal.hpp"
#include "replay/incident/finding.hpp"
#include "replay/incident/limits.hpp"
#include "replay/replayer.hpp"
#include "statemachine/worker.hpp"

namespace fenceline::replay::report {

// What a worker was from `at` on, until its next stretch or the end.
struct Stretch {
    Time at;
    Position by;  // 0: it began before the window
    State state = State::none;
    TextId owner, org;
};

struct Lane {
    WorkerId worker;
    std::vector<Stretch> stretches;  // none: only refused operations name it
    Worker record;                   // as of the window's end
    std::string pod;
};

struct PlaneStretch {
    Time at;
    Position by;  // 0: it began before the window
    ControlPlaneState state = ControlPlaneState::none;
};

struct PlaneLane {
    TextId id;
    std::vector<PlaneStretch> stretches;
};

inline constexpr std::uint32_t no_lane = 0xffff'ffff;

// One event; its position is the window's first and its place.
struct EventRow {
    Time at;
    Epoch epoch;  // as found
    std::uint32_t lane = no_lane;
    std::uint32_t count = 1;
    TextId caller;
    Operation operation = Operation::none;
    Outcome outcome = Outcome::none;
    Origin origin = Origin::unknown;
    State from = State::none;
    State to = State::none;
};

// Why the event at `place` was refused, and which event had won.
struct RefusalRow {
    std::uint32_t place;
    Check check;
    std::string expected, found;
    Position winner;
};

// What else the event at `place` says: a reason, a result, the epoch that it gave.
struct NoteRow {
    std::uint32_t place;
    std::string text;
};

// An event before the window that won against one in it.
struct EarlierRow {
    Position position;
    Time at;
    Operation operation;
    WorkerId worker;
    TextId caller;
};

struct Model {
    Position first, last;
    Time start, end;  // of the first and the last event
    Dictionary texts;
    std::vector<Lane> lanes;  // by worker
    std::vector<PlaneLane> planes;
    std::vector<EventRow> events;
    std::vector<RefusalRow> refusals;
    std::vector<NoteRow> notes;
    std::vector<EarlierRow> earlier;  // by position
    std::vector<incident::Finding> findings;
};

struct ModelOptions {
    Position after, to;  // events after the one, up to and including the other
    incident::Limits limits;
    std::int64_t most_events = 1'000'000;      // a browser's patience, and memory
    std::size_t most_earlier_winners = 5'000;  // looked up one by one
    Progress progress;
};

// `invalid_request` when the window holds no event, or too many for one page.
[[nodiscard]] Result<Model> model_of(Reader& reader, const ModelOptions& options);

}  // namespace fenceline::replay::report
