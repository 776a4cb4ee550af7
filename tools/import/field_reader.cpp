#include "tools/import/field_reader.hpp"

#include "events/limits.hpp"
#include "tools/exec/fields.hpp"

namespace fenceline::tools {

const Json* FieldReader::find(std::string_view name) {
    const auto it = object_.find(std::string(name));
    if (it == object_.end()) {
        complain("\"" + std::string(name) + "\" is missing");
        return nullptr;
    }
    ++asked_;
    return &*it;
}

void FieldReader::end() {
    if (problem_ || asked_ == object_.size()) return;
    complain("it has a field that does not belong there");
}

std::int64_t FieldReader::integer(const Json& from, std::int64_t least, std::int64_t most) {
    if (!from.is_number_integer()) {
        wrong("a whole number");
        return least;
    }
    const bool beyond =
        from.is_number_unsigned() && from.get<std::uint64_t>() > static_cast<std::uint64_t>(most);
    const auto value = beyond ? most : from.get<std::int64_t>();
    if (beyond || value < least || value > most) wrong("within its range");
    return value;
}

void FieldReader::take(const Json& from, bool& into) {
    if (!from.is_boolean()) return wrong("true or false");
    into = from.get<bool>();
}

void FieldReader::take(const Json& from, std::string& into) {
    if (!from.is_string()) return wrong("a text");
    into = from.get_ref<const std::string&>();
    if (into.find('\0') != std::string::npos) wrong("a text without a zero byte");
}

void FieldReader::take(const Json& from, Time& into) {
    if (from.is_null()) return;
    if (!from.is_string()) {
        take(from, into.ns);
        return;
    }
    const auto time = parse_rfc3339(from.get_ref<const std::string&>());
    if (time)
        into = *time;
    else
        wrong("RFC 3339, nanoseconds or null");
}

void FieldReader::take(const Json& from, TextId& into) {
    if (!from.is_string()) return wrong("a text");
    const auto& text = from.get_ref<const std::string&>();
    if (!text.empty() && !texts_.find(text, into))
        complain("\"" + std::string(name_) + "\" is " + in_quotes(text) +
                 ", which no text line before it brought");
}

void FieldReader::take(const Json& from, ChainHash& into) {
    constexpr std::string_view digits = "0123456789abcdef";
    const auto* text = from.is_string() ? &from.get_ref<const std::string&>() : nullptr;
    if (text == nullptr || text->size() != 2 * into.size() ||
        text->find_first_not_of(digits) != std::string::npos)
        return wrong("64 hexadecimal digits");
    for (std::size_t i = 0; i < into.size(); ++i)
        into[i] = static_cast<std::uint8_t>(digits.find((*text)[2 * i]) * 16 +
                                            digits.find((*text)[2 * i + 1]));
}

void FieldReader::take(const Json& from, ErrorCode& into) {
    if (!from.is_string()) return number_label(from, into);
    for (std::uint8_t number = 0; to_text(ErrorCode{number}) != "?"; ++number)
        if (to_text(ErrorCode{number}) == from.get_ref<const std::string&>()) {
            into = ErrorCode{number};
            return;
        }
    wrong("a code that is known, or a number");
}

}  // namespace fenceline::tools
