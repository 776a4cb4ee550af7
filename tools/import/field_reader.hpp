#pragma once

// Takes the fields of one JSON object by their names, each exactly once: what was not asked for is
// a problem at the end. The first problem is kept. Internal to the reader of event lines.

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "events/event.hpp"
#include "events/text.hpp"
#include "journal/journal.hpp"
#include "tools/json.hpp"

namespace fenceline::tools {

class FieldReader {
  public:
    FieldReader(const Json& object, const Dictionary& texts) : object_(object), texts_(texts) {}

    // A visitor of replay/export/event_fields.hpp.
    template <typename T>
    void operator()(std::string_view name, T& value) {
        const Json* found = find(name);
        if (found == nullptr) return;
        name_ = name;
        take(*found, value);
    }
    // The value of a field as it is; null when it is missing.
    [[nodiscard]] const Json* find(std::string_view name);
    // Everything that is there was asked for.
    void end();
    void complain(std::string why) {
        if (!problem_) problem_ = std::move(why);
    }
    [[nodiscard]] const std::optional<std::string>& problem() const { return problem_; }

  private:
    void wrong(const char* wanted) { complain("\"" + std::string(name_) + "\" must be " + wanted); }
    [[nodiscard]] std::int64_t integer(const Json& from, std::int64_t least, std::int64_t most);

    void take(const Json& from, std::int64_t& into) {
        into = integer(from, std::numeric_limits<std::int64_t>::min(),
                       std::numeric_limits<std::int64_t>::max());
    }
    void take(const Json& from, std::uint32_t& into) {
        into =
            static_cast<std::uint32_t>(integer(from, 0, std::numeric_limits<std::uint32_t>::max()));
    }
    void take(const Json& from, bool& into);
    void take(const Json& from, std::string& into);
    void take(const Json& from, Time& into);
    void take(const Json& from, TextId& into);
    void take(const Json& from, ChainHash& into);
    void take(const Json& from, ErrorCode& into);
    void take(const Json& from, Duration& into) { take(from, into.ns); }
    template <typename Raw, typename Tag>
    void take(const Json& from, Tagged<Raw, Tag>& into) {
        take(from, into.value);
    }
    template <typename E>
    requires std::is_enum_v<E>
    void take(const Json& from, E& into) {
        if (!from.is_string()) return number_label(from, into);
        if (const auto label = from_text<E>(from.template get_ref<const std::string&>()))
            into = *label;
        else
            wrong("a label that is known, or a number");
    }
    template <typename E>
    void number_label(const Json& from, E& into) {
        into = static_cast<E>(integer(from, 0, 255));
    }
    void take(const Json& from, std::pair<TextId, std::int64_t>& into) {
        if (!from.is_array() || from.size() != 2) return wrong("a list of pairs");
        take(from[0], into.first);
        take(from[1], into.second);
    }
    void take(const Json& from, Measurement& into) {
        if (!from.is_array() || from.size() != 2) return wrong("a list of pairs");
        take(from[0], into.operation);
        take(from[1], into.took);
    }
    template <typename T>
    void take(const Json& from, std::vector<T>& into) {
        if (!from.is_array()) return wrong("a list");
        into.resize(from.size());
        for (std::size_t i = 0; i < from.size() && !problem_; ++i) take(from[i], into[i]);
    }

    const Json& object_;
    const Dictionary& texts_;
    std::size_t asked_ = 0;
    std::string_view name_;
    std::optional<std::string> problem_;
};

}  // namespace fenceline::tools
