#pragma once

// Lines of an export become the journal that they came from, commit by commit, each held against
// the hash that it had.
//
//   EventImport import(journal);
//   import.take(line);   ...   import.end();
//
// Memory is bounded by one commit and the records of the pool.
//
// Threading: one thread.

#include <string>
#include <string_view>
#include <vector>

#include "journal/journal.hpp"
#include "projections/fold.hpp"
#include "replay/legality.hpp"
#include "tools/import/event_line.hpp"

namespace fenceline::limits {

// Events of one commit, as an import takes it.
inline constexpr std::size_t imported_commit_events = 200'000;

}  // namespace fenceline::limits

namespace fenceline::tools {

// Whether events must agree with the records that those before them left.
enum class Contradictions { refused, kept };

class EventImport {
  public:
    EventImport(Journal& journal, Contradictions contradictions)
        : journal_(journal), contradictions_(contradictions) {}

    // `invalid_request`: the line is not what it should be, the text says why; other errors are
    // the journal's.
    [[nodiscard]] Result<void> take(std::string_view line);
    [[nodiscard]] Result<void> end() const;
    [[nodiscard]] const Head& head() const { return head_; }

  private:
    [[nodiscard]] Result<void> put(JournalLine& line);
    [[nodiscard]] Result<void> put(Recorder& line);
    [[nodiscard]] Result<void> put(TextLine& line);
    [[nodiscard]] Result<void> put(Event& line);
    [[nodiscard]] Result<void> put(MeasuredLine& line);
    [[nodiscard]] Result<void> put(SealLine& line);
    [[nodiscard]] Result<void> put(EndLine& line);

    Journal& journal_;
    Contradictions contradictions_;
    replay::Legality legality_;
    World world_;
    EventLineReader reader_{world_.texts};
    Head head_;
    bool begun_ = false, ended_ = false;

    // The commit that is being gathered.
    std::vector<Event> events_;
    std::vector<std::string> texts_;
    std::vector<Recorder> recorders_;
    Measurements measured_;
};

}  // namespace fenceline::tools
