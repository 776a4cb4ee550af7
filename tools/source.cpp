#include "tools/source.hpp"

#include <algorithm>

#include "events/limits.hpp"
#include "journal/start.hpp"
#include "replay/replayer.hpp"
#include "tools/output.hpp"

namespace fenceline::tools {

Result<WorkerId> worker_of(std::int64_t number) {
    if (limits::is_worker_id(number)) return WorkerId{number};
    return fail(ErrorCode::invalid_request, "no worker has the id " + std::to_string(number) +
                                                ": ids are 1 to " +
                                                std::to_string(limits::worker_id_max));
}

namespace {

Result<Position> beyond_end(Position asked, Position last) {
    return fail(ErrorCode::invalid_request, "there is no position #" + std::to_string(asked.value) +
                                                "; the journal ends at #" +
                                                std::to_string(last.value));
}

// The first position that --from asks for.
Result<Position> first_of(Reader& reader, const std::string& from, const Head& beginning) {
    const auto asked = parse_when(from);
    if (!asked) return tl::unexpected<Error>(asked.error());
    if (asked->kind == When::Kind::position) {
        const Position first{std::max<std::int64_t>(asked->position.value, 1)};
        if (first > beginning.position) return first;
        return tl::unexpected<Error>(before_beginning("--from " + from, beginning));
    }
    const auto head = reader.head();
    if (!head) return tl::unexpected<Error>(head.error());
    const auto at = asked->in(head->at);
    // An event of that very time may be in the base: then not all of them are there.
    if (beginning.position.given() && at <= beginning.at)
        return tl::unexpected<Error>(before_beginning("--from " + from, beginning));
    return reader.first_at(at);
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
    const auto beginning = reader.beginning();
    if (!beginning) return tl::unexpected<Error>(beginning.error());
    if (asked->position < beginning->position)
        return tl::unexpected<Error>(before_beginning(when, *beginning));
    return asked->position;
}

Result<Window> window_of(Reader& reader, const std::string& from, const std::string& to) {
    const auto last = position_of(reader, to);
    if (!last) return tl::unexpected<Error>(last.error());
    const auto beginning = reader.beginning();
    if (!beginning) return tl::unexpected<Error>(beginning.error());
    Window window{.after = beginning->position, .to = *last};
    if (from.empty()) return window;
    const auto first = first_of(reader, from, *beginning);
    if (!first) return tl::unexpected<Error>(first.error());
    window.after = Position{first->value - 1};
    if (window.after > window.to && !to.empty())
        return fail(ErrorCode::invalid_request, "--from is after --to");
    window.after = std::min(window.after, window.to);
    window.count_after = window.after;
    return window;
}

void tell_no_events(const std::string& path, const std::string& from, const std::string& to) {
    if (from.empty() && to.empty()) return;
    if (from.empty())
        print_error(path, "no events up to " + to);
    else if (to.empty())
        print_error(path, "no events from " + from + " on");
    else
        print_error(path, "no events between " + from + " and " + to);
}

int report_source(const std::string& path, const Error& error) {
    if (error.code == ErrorCode::invalid_request)
        return wrong_usage("usage", error.text, error.hint);
    return report(path, error);
}

}  // namespace fenceline::tools
