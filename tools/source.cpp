#include "tools/source.hpp"

#include <algorithm>

#include "replay/replayer.hpp"
#include "tools/output.hpp"

namespace fenceline::tools {

namespace {

Result<Position> beyond_end(Position asked, Position last) {
    return fail(ErrorCode::invalid_request, "there is no position #" + std::to_string(asked.value) +
                                                "; the journal ends at #" +
                                                std::to_string(last.value));
}

}  // namespace

Result<Position> position_of(Reader& reader, const std::string& when) {
    const auto head = reader.head();
    if (!head) return tl::unexpected<Error>(head.error());
    if (when.empty()) return head->position;
    const auto asked = parse_when(when);
    if (!asked) return tl::unexpected<Error>(asked.error());
    if (asked->kind != When::Kind::position)
        return replay::position_at(reader, asked->in(head->at));
    if (asked->position > head->position) return beyond_end(asked->position, head->position);
    return asked->position;
}

Result<Window> window_of(Reader& reader, const std::string& from, const std::string& to) {
    const auto last = position_of(reader, to);
    if (!last) return tl::unexpected<Error>(last.error());
    Window window{.to = *last};
    if (from.empty()) return window;
    const auto asked = parse_when(from);
    if (!asked) return tl::unexpected<Error>(asked.error());
    if (asked->kind == When::Kind::position) {
        window.after = Position{std::max<std::int64_t>(asked->position.value - 1, 0)};
    } else {
        const auto head = reader.head();
        if (!head) return tl::unexpected<Error>(head.error());
        const auto first = reader.first_at(asked->in(head->at));
        if (!first) return tl::unexpected<Error>(first.error());
        window.after = Position{first->value - 1};
    }
    if (window.after > window.to && !to.empty())
        return fail(ErrorCode::invalid_request, "--from is after --to");
    window.after = std::min(window.after, window.to);
    return window;
}

int report_source(const std::string& path, const Error& error) {
    if (error.code == ErrorCode::invalid_request)
        return wrong_usage("usage", error.text, error.hint);
    return report(path, error);
}

}  // namespace fenceline::tools
