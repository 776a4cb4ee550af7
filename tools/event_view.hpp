#pragma once

// Events as people and JSON see them: numbers become the journal's texts.

#include <string>
#include <vector>

#include "events/event.hpp"
#include "events/text.hpp"
#include "tools/json.hpp"

namespace fenceline::tools {

// What an event's numbers stand for.
struct Names {
    const Dictionary& texts;
    const std::vector<Recorder>& recorders;

    [[nodiscard]] std::string text(TextId id) const { return std::string(texts.text(id)); }
    [[nodiscard]] const Recorder* recorder(RecorderId id) const;
};

// The whole event: envelope, refusal, detail.
[[nodiscard]] Json json_of(const Event& event, const Names& names);

// "hot -> draining", "hot" when nothing moved, or empty.
[[nodiscard]] std::string movement_of(const Event& event);

// Why it was refused, in words: "epoch: expected 4, found 5 (#1200)"; empty when it was not.
[[nodiscard]] std::string refusal_of(const Event& event, const Names& names);

// What else an event says that a line of people's log should have: a reason, a result, a count.
[[nodiscard]] std::string note_of(const Event& event, const Names& names);

// An event on one line for people, texts made printable; the heading ends with a newline.
[[nodiscard]] std::string log_heading();
[[nodiscard]] std::string log_line(const Event& event, const Names& names);

}  // namespace fenceline::tools
