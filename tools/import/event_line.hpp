#pragma once

// One line of an export in JSON lines, read back strictly: every field must be there, once, and no
// other. What the lines mean together is tools/import/events.hpp's.
//
//   EventLineReader reader(texts);
//   auto line = reader.read(R"({"line":"text","id":1,"text":"acme"})");
//
// Any bytes may come: an error is a text that says what is wrong, and nothing is ever allocated
// beyond what the line itself takes. read() is what a fuzzer calls.
//
// Threading: one thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include <tl/expected.hpp>

#include "events/event.hpp"
#include "events/text.hpp"
#include "journal/journal.hpp"
#include "tools/json.hpp"

namespace fenceline::tools {

struct JournalLine {
    std::int64_t format = 0;
    Position after;
};
struct TextLine {
    TextId id;
    std::string text;
};
struct MeasuredLine {
    Measurements measured;
};
struct SealLine {
    bool flush = false;
    Position last;
    RecorderId recorder;
    ChainHash chain{};
};
struct EndLine {
    Position position;
    std::int64_t flushes = 0;
    ChainHash chain{};
};
using EventLine =
    std::variant<JournalLine, Recorder, TextLine, Event, MeasuredLine, SealLine, EndLine>;

class EventLineReader {
  public:
    // `texts`: those of the lines before; an event that names another one is refused.
    explicit EventLineReader(const Dictionary& texts) : texts_(texts) {}

    [[nodiscard]] tl::expected<EventLine, std::string> read(std::string_view line) const;

  private:
    const Dictionary& texts_;
};

}  // namespace fenceline::tools
