#include "tools/exec/fields.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "events/utf8.hpp"
#include "journal/lifecycle_store.hpp"
#include "tools/output.hpp"
#include "tools/when.hpp"

namespace fenceline::tools {

namespace {

// Of so many words, all are told to whoever is near none of them.
constexpr std::size_t short_vocabulary = 10;

const char* type_of(const Json& value) {
    if (value.is_string()) return "a text";
    if (value.is_boolean()) return "true or false";
    if (value.is_number_float()) return "a number with a fraction";
    if (value.is_number()) return "a number";
    if (value.is_array()) return "a list";
    if (value.is_object()) return "an object";
    return "null";
}

// Whole and within 64 bits.
std::optional<std::int64_t> whole(const Json& value) {
    if (value.is_number_unsigned()) {
        const auto n = value.get<std::uint64_t>();
        if (n > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
            return std::nullopt;
        return static_cast<std::int64_t>(n);
    }
    if (value.is_number_integer()) return value.get<std::int64_t>();
    return std::nullopt;
}

}  // namespace

std::string in_quotes(std::string_view text) {
    constexpr std::size_t most = 64;
    if (text.size() <= most) return "\"" + printable(text) + "\"";
    auto cut = most;
    while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xc0) == 0x80) --cut;
    return "\"" + printable(text.substr(0, cut)) + "...\"";
}

void Fields::complain(std::string problem) {
    if (!problem_) problem_ = what_ + ": " + std::move(problem);
}

const Json* Fields::find(const std::string& name) {
    asked_.push_back(name);
    const auto it = object_.find(name);
    return it == object_.end() || it->is_null() ? nullptr : &*it;
}

const Json* Fields::find(const std::string& name, Need need) {
    const Json* value = find(name);
    if (value == nullptr && need == Need::required) complain("\"" + name + "\" is missing");
    return value;
}

void Fields::wrong_type(const std::string& name, const char* wanted, const Json& found) {
    complain("\"" + name + "\" must be " + wanted + ", not " + type_of(found));
}

std::string Fields::checked_text(const std::string& name, const Json& value) {
    if (!value.is_string()) {
        wrong_type(name, "a text", value);
        return {};
    }
    const auto& text = value.get_ref<const std::string&>();
    if (!is_valid_utf8(text)) {
        complain("\"" + name + "\" holds a NUL or is not UTF-8");
        return {};
    }
    return text;
}

std::string Fields::text(const std::string& name, Need need) {
    const Json* value = find(name, need);
    return value == nullptr ? std::string() : checked_text(name, *value);
}

std::int64_t Fields::integer(const std::string& name, Need need, std::int64_t otherwise) {
    const Json* value = find(name, need);
    if (value == nullptr) return otherwise;
    if (const auto n = whole(*value)) return *n;
    if (value->is_number_unsigned())
        complain("\"" + name + "\" is out of range");
    else
        wrong_type(name, "a whole number", *value);
    return otherwise;
}

Time Fields::time(const std::string& name, Need need) {
    const Json* value = find(name, need);
    if (value == nullptr) return {};
    if (value->is_string()) {
        const auto parsed = parse_rfc3339(value->get_ref<const std::string&>());
        if (parsed) return *parsed;
        complain("\"" + name + "\": " + parsed.error().text);
        return {};
    }
    if (const auto n = whole(*value)) return {*n};
    if (value->is_number())
        complain("\"" + name + "\" is out of range: nanoseconds since 1970 as a whole number");
    else
        wrong_type(name, "RFC 3339 or nanoseconds since 1970", *value);
    return {};
}

Duration Fields::duration(const std::string& name, Duration otherwise) {
    const Json* value = find(name);
    if (value == nullptr) return otherwise;
    if (const auto n = whole(*value); n && *n >= 0) return {*n};
    if (value->is_string())
        if (const auto parsed = parse_duration(value->get_ref<const std::string&>()))
            return *parsed;
    complain("\"" + name + "\" must be nanoseconds, or a text such as \"30s\", and not below 0");
    return otherwise;
}

std::vector<State> Fields::states(const std::string& name) {
    const Json* value = find(name, Need::required);
    std::vector<State> out;
    if (value == nullptr) return out;
    if (!value->is_array()) {
        wrong_type(name, "a list of states", *value);
        return out;
    }
    for (const auto& each : *value) {
        const auto word = checked_text(name, each);
        const auto state = from_text<State>(word);
        if (state && *state != State::none)
            out.push_back(*state);
        else
            unknown_label("state", word, label_texts<State>());
    }
    return out;
}

WorkerLease Fields::lease(const std::string& name) {
    const Json* value = find(name, Need::required);
    const Json nothing = Json::object();
    if (value != nullptr && !value->is_object()) wrong_type(name, "an object", *value);
    const bool usable = value != nullptr && value->is_object();
    Fields fields(usable ? *value : nothing, what_ + ": \"" + name + "\"");
    const WorkerId worker{fields.integer("worker", Need::required)};
    const auto owner = fields.text("owner", Need::required);
    const Epoch epoch{fields.integer("epoch", Need::required)};
    const auto image = fields.text("image");
    if (const auto wrong = fields.problem(); wrong && usable && !problem_) problem_ = wrong;
    return LifecycleStore::lease_for(worker, owner, epoch, image);
}

WorkerSnapshot Fields::snapshot(const std::string& name) {
    const Json* value = find(name, Need::required);
    const Json nothing = Json::object();
    if (value != nullptr && !value->is_object()) wrong_type(name, "an object", *value);
    const bool usable = value != nullptr && value->is_object();
    Fields fields(usable ? *value : nothing, what_ + ": \"" + name + "\"");
    auto row = fields.row(Need::required);
    if (const auto wrong = fields.problem(); wrong && usable && !problem_) problem_ = wrong;
    return LifecycleStore::snapshot_for(std::move(row));
}

WorkerView Fields::row(Need version) {
    WorkerView row;
    row.worker = WorkerId{integer("worker", Need::required)};
    row.state = label<State>("state", Need::required).value_or(State::none);
    row.owner = text("owner");
    row.epoch = Epoch{integer("epoch", version)};
    row.org = text("org");
    row.image = text("image");
    row.pod = text("pod");
    row.version = Position{integer("version", version)};
    row.retire_reason = text("retire_reason");
    row.created_at = time("created_at");
    row.updated_at = time("updated_at");
    row.last_heartbeat_at = time("last_heartbeat_at");
    row.reserved_at = time("reserved_at");
    row.activation_started_at = time("activation_started_at");
    row.credentials_expire_at = time("credentials_expire_at");
    return row;
}

std::vector<std::pair<std::string, std::int64_t>> Fields::counts(const std::string& name) {
    const Json* value = find(name, Need::required);
    std::vector<std::pair<std::string, std::int64_t>> out;
    if (value == nullptr) return out;
    if (!value->is_object()) {
        wrong_type(name, "an object of image: number", *value);
        return out;
    }
    for (const auto& [key, count] : value->items()) {
        if (!is_valid_utf8(key)) complain("\"" + name + "\" holds a name that is not UTF-8");
        if (const auto n = whole(count))
            out.emplace_back(key, *n);
        else
            complain("\"" + name + "\": " + in_quotes(key) + " must be a whole number");
    }
    return out;
}

void Fields::unknown_label(const std::string& name, const std::string& word,
                           const std::vector<std::string>& known) {
    auto advice = suggestion(word, known);
    if (advice.empty() && known.size() <= short_vocabulary) {
        for (const auto& text : known) advice += (advice.empty() ? "" : ", ") + text;
        advice = "; it is one of " + advice;
    }
    complain("unknown " + name + " " + in_quotes(word) + advice);
}

std::optional<std::string> Fields::problem() const {
    for (const auto& [key, value] : object_.items())
        if (std::find(asked_.begin(), asked_.end(), key) == asked_.end())
            return what_ + ": unknown field " + in_quotes(key) + suggestion(key, asked_);
    return problem_;
}

}  // namespace fenceline::tools
