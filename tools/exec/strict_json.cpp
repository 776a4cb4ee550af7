#include "tools/exec/strict_json.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "tools/exec/fields.hpp"
#include "tools/output.hpp"

namespace fenceline::tools {

namespace {

// Builds the value from the parser's events and stops at the first thing that is not allowed, so
// that hostile nesting costs nothing.
class Builder {  // NOLINT(bugprone-exception-escape): its moves are of what may throw
  public:
    using number_integer_t = Json::number_integer_t;
    using number_unsigned_t = Json::number_unsigned_t;
    using number_float_t = Json::number_float_t;
    using string_t = Json::string_t;
    using binary_t = Json::binary_t;

    bool null() { return put(nullptr); }
    bool boolean(bool value) { return put(value); }
    bool number_integer(number_integer_t value) { return put(value); }
    bool number_unsigned(number_unsigned_t value) { return put(value); }
    bool number_float(number_float_t value, const string_t& written) {
        // The parser makes whole numbers beyond 64 bits into fractions, and would round them.
        const bool whole = written.find_first_of(".eE") == written.npos;
        if (whole || !std::isfinite(value))
            return refuse("number " + in_quotes(written) + " is out of range");
        return put(value);
    }
    bool string(string_t& value) { return put(std::move(value)); }
    bool binary(binary_t&) { return refuse("binary data"); }
    bool start_object(std::size_t) { return open(Json::object()); }
    bool start_array(std::size_t) { return open(Json::array()); }
    bool end_object() { return close(); }
    bool end_array() { return close(); }
    bool key(string_t& name) {
        if (open_.back()->size() >= limits::input_fields)
            return refuse("more than " + std::to_string(limits::input_fields) + " keys");
        if (open_.back()->contains(name))
            return refuse("key " + in_quotes(name) + " is given twice");
        key_ = std::move(name);
        return true;
    }
    bool parse_error(std::size_t at, const std::string&, const nlohmann::detail::exception& e) {
        // The parser's text says where and what in its own shape; the end is what people need.
        const std::string_view text = e.what();
        const auto cut = text.find("; ");
        why_ = "malformed JSON at byte " + std::to_string(at) +
               (cut == text.npos ? "" : ": " + printable(text.substr(cut + 2)));
        return false;
    }

    Json take() { return std::move(root_); }
    [[nodiscard]] const std::string& why() const { return why_; }

  private:
    bool refuse(std::string why) {
        why_ = std::move(why);
        return false;
    }
    Json* add(Json value) {
        if (open_.empty()) {
            root_ = std::move(value);
            return &root_;
        }
        Json& parent = *open_.back();
        if (parent.is_array()) {
            parent.push_back(std::move(value));
            return &parent.back();
        }
        Json& slot = parent[key_];
        slot = std::move(value);
        return &slot;
    }
    bool put(Json value) {
        if (open_.empty()) return refuse("a JSON object is needed");
        add(std::move(value));
        return true;
    }
    bool open(Json value) {
        if (open_.empty() && !value.is_object()) return refuse("a JSON object is needed");
        if (open_.size() >= static_cast<std::size_t>(limits::input_depth))
            return refuse("nested deeper than " + std::to_string(limits::input_depth));
        open_.push_back(add(std::move(value)));
        return true;
    }
    bool close() {
        open_.pop_back();
        return true;
    }

    Json root_;
    std::vector<Json*> open_;  // addresses hold: only the innermost one grows
    std::string key_;
    std::string why_;
};

}  // namespace

tl::expected<Json, std::string> parse_object(std::string_view text) {
    Builder builder;
    if (!Json::sax_parse(text, &builder)) {
        // A parser that was stopped by us has our reason; its own come through parse_error.
        return tl::unexpected(builder.why().empty() ? "malformed JSON" : builder.why());
    }
    return builder.take();
}

}  // namespace fenceline::tools
