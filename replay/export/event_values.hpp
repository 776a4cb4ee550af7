#pragma once

// One field of an event as text: JSON, or a cell of CSV. Internal to the writers of events.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "events/event.hpp"
#include "events/text.hpp"
#include "replay/export/json_text.hpp"

namespace fenceline::replay {

// RFC 3339 where that gives the time back, else nanoseconds; nothing where there is none.
[[nodiscard]] std::string time_text(Time time);

template <typename T>
concept Label = std::is_enum_v<T>;

// Appends values as JSON.
class JsonValues {
  public:
    JsonValues(const Dictionary& texts, std::string& out) : texts_(texts), out_(out) {}

    template <typename T>
    void operator()(std::string_view name, const T& value) {
        append_key(name, out_);
        put(value);
    }

    void put(std::int64_t value) { out_ += std::to_string(value); }
    void put(std::uint32_t value) { out_ += std::to_string(value); }
    void put(bool value) { out_ += value ? "true" : "false"; }
    void put(const std::string& value) { append_json(value, out_); }
    void put(Duration value) { put(value.ns); }
    void put(TextId id) { append_json(texts_.text(id), out_); }
    template <typename Raw, typename Tag>
    void put(Tagged<Raw, Tag> id) {
        put(id.value);
    }
    void put(Time time) {
        const auto text = time_text(time);
        if (text.empty())
            out_ += "null";
        else if (text.back() == 'Z')
            append_json(text, out_);
        else
            out_ += text;
    }
    template <Label E>
    void put(E label) {
        const auto text = to_text(label);
        if (text == "?")
            put(static_cast<std::int64_t>(label));
        else
            append_json(text, out_);
    }
    void put(const std::pair<TextId, std::int64_t>& target) {
        out_ += '[';
        put(target.first);
        out_ += ',';
        put(target.second);
        out_ += ']';
    }
    template <typename T>
    void put(const std::vector<T>& items) {
        out_ += '[';
        for (const T& item : items) {
            if (&item != &items.front()) out_ += ',';
            put(item);
        }
        out_ += ']';
    }

  private:
    const Dictionary& texts_;
    std::string& out_;
};

}  // namespace fenceline::replay
