#pragma once

// Reads the fields of one JSON object and remembers what is wrong with it, so that a request's
// reader is a list of fields and nothing else.
//
//   Fields fields(object, "op \"drain\"");
//   auto lease = fields.lease("lease");
//   auto reason = fields.text("reason");
//   if (auto problem = fields.problem()) refuse(*problem);
//
// A field that nobody asked for is a problem of its own, told first: it is most likely another one
// misspelled. A field that is null counts as not given.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/ids.hpp"
#include "events/labels.hpp"
#include "events/time.hpp"
#include "statemachine/lease.hpp"
#include "tools/command_line.hpp"
#include "tools/json.hpp"

namespace fenceline::tools {

enum class Need { optional, required };

class Fields {
  public:
    // `what` names the object in messages.
    Fields(const Json& object, std::string what) : object_(object), what_(std::move(what)) {}

    [[nodiscard]] std::string text(const std::string& name, Need need = Need::optional);
    [[nodiscard]] std::int64_t integer(const std::string& name, Need need = Need::optional,
                                       std::int64_t otherwise = 0);
    [[nodiscard]] Time time(const std::string& name, Need need = Need::optional);
    // Nanoseconds, or a text with a unit: "30s", "15m", "250ms".
    [[nodiscard]] Duration duration(const std::string& name, Duration otherwise);
    // A label of a closed vocabulary. An empty text counts as not given.
    template <typename E>
    [[nodiscard]] std::optional<E> label(const std::string& name, Need need = Need::optional);
    [[nodiscard]] std::vector<State> states(const std::string& name);
    [[nodiscard]] WorkerLease lease(const std::string& name);
    [[nodiscard]] WorkerSnapshot snapshot(const std::string& name);
    // A worker's record, its fields directly in this object.
    [[nodiscard]] WorkerView row(Need version);
    [[nodiscard]] std::vector<std::pair<std::string, std::int64_t>> counts(const std::string& name);

    // Whether it is there; it counts as asked for.
    [[nodiscard]] bool has(const std::string& name) { return find(name) != nullptr; }
    // Known, and read by somebody else.
    void know(const std::string& name) { asked_.push_back(name); }
    void complain(std::string problem);

    // What is wrong, or nothing. Asked last.
    [[nodiscard]] std::optional<std::string> problem() const;

  private:
    const Json* find(const std::string& name);
    const Json* find(const std::string& name, Need need);
    void wrong_type(const std::string& name, const char* wanted, const Json& found);
    std::string checked_text(const std::string& name, const Json& value);
    void unknown_label(const std::string& name, const std::string& text,
                       const std::vector<std::string>& known);

    const Json& object_;
    std::string what_;
    std::vector<std::string> asked_;
    std::optional<std::string> problem_;
};

// A text for messages: quoted, cut when long, control characters escaped.
[[nodiscard]] std::string in_quotes(std::string_view text);

template <typename E>
std::optional<E> Fields::label(const std::string& name, Need need) {
    const auto word = text(name, need);
    if (word.empty()) {
        if (need == Need::required && !problem_) complain("\"" + name + "\" is empty");
        return std::nullopt;
    }
    const auto known = label_texts<E>();
    const auto value = from_text<E>(word);
    if (!value || word == "none") {
        unknown_label(name, word, known);
        return std::nullopt;
    }
    return value;
}

}  // namespace fenceline::tools
