#include "tools/report_window.hpp"

#include <fmt/format.h>

namespace fenceline::tools {

Result<Window> report_window(Reader& reader, const std::string& from_option,
                             const std::string& to_option) {
    const auto head = reader.head();
    if (!head) return tl::unexpected<Error>(head.error());
    const auto refused = [&](std::string why) {
        return fail(
            ErrorCode::invalid_request, std::move(why),
            fmt::format("the journal ends at #{}, {}", head->position.value, to_rfc3339(head->at)));
    };
    if (!head->position.given())
        return fail(ErrorCode::invalid_request, "the journal holds no event yet");
    const auto last = position_of(reader, to_option);
    if (!last) return tl::unexpected<Error>(last.error());
    if (!last->given()) return refused("--to " + to_option + " is before the first event");
    if (from_option.empty()) {
        auto whole = window_of(reader, "", to_option);
        if (whole && whole->after == whole->to)
            return refused("--to " + to_option + " is before the first event");
        return whole;
    }
    // Everything from there on, so that a window that is turned round shows.
    const auto from = window_of(reader, from_option, "");
    if (!from) return tl::unexpected<Error>(from.error());
    const auto asked = parse_when(from_option);
    const bool beyond = asked && asked->kind == When::Kind::position
                            ? asked->position > head->position
                            : from->after == head->position;
    if (beyond) return refused("--from " + from_option + " is after the last event");
    if (from->after >= *last)
        return refused(
            fmt::format("no event lies between --from {} and --to {}", from_option, to_option));
    return Window{.after = from->after, .to = *last, .count_after = from->after};
}

}  // namespace fenceline::tools
