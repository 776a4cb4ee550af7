#include "tools/import/events.hpp"

#include <algorithm>
#include <utility>

#include "events/limits.hpp"
#include "replay/export/event_lines.hpp"
#include "statemachine/evolve.hpp"

namespace fenceline::tools {

namespace {

tl::unexpected<Error> refuse(std::string why) {
    return fail(ErrorCode::invalid_request, std::move(why));
}

}  // namespace

Result<void> EventImport::take(std::string_view text) {
    if (ended_) return refuse("there is more after the end line");
    auto line = reader_.read(text);
    if (!line) return refuse(std::move(line.error()));
    if (!begun_ && !std::holds_alternative<JournalLine>(*line))
        return refuse("the journal line comes first");
    return std::visit([this](auto& each) { return put(each); }, *line);
}

Result<void> EventImport::put(JournalLine& line) {
    if (std::exchange(begun_, true)) return refuse("a second journal line");
    if (line.format != replay::event_lines_format)
        return fail(ErrorCode::invalid_request,
                    "format " + std::to_string(line.format) + " is not known to this program");
    if (line.after.value != 0)
        return fail(ErrorCode::invalid_request,
                    "it is a window that begins after #" + std::to_string(line.after.value),
                    "only a journal from its first event on can be imported");
    return {};
}

Result<void> EventImport::put(Recorder& line) {
    if (!recorders_.empty()) return refuse("a commit brings one recorder at most");
    recorders_.push_back(std::move(line));
    return {};
}

Result<void> EventImport::put(TextLine& line) {
    if (line.id.value != world_.texts.size())
        return refuse("text " + std::to_string(line.id.value) + " where " +
                      std::to_string(world_.texts.size()) + " is next");
    if (world_.texts.intern(line.text) != line.id) return refuse("a text that is there already");
    texts_.push_back(std::move(line.text));
    return {};
}

Result<void> EventImport::put(Event& event) {
    const Position next{head_.position.value + std::ssize(events_) + 1};
    if (event.position != next)
        return refuse("position " + std::to_string(event.position.value) + " where " +
                      std::to_string(next.value) + " is next");
    if (event.at < (events_.empty() ? head_.at : events_.back().at))
        return refuse("its time is before that of the event before it");
    if (events_.size() >= limits::imported_commit_events) return refuse("the commit has no end");
    if (contradictions_ == Contradictions::refused)
        if (const auto problems = legality_.of(event, world_); !problems.empty())
            return fail(ErrorCode::invalid_request, problems.front(),
                        "--as-recorded takes events that contradict those before them");
    evolve(world_, event);
    events_.push_back(std::move(event));
    return {};
}

Result<void> EventImport::put(MeasuredLine& line) {
    constexpr auto most = limits::measurement_bytes / 9 - 2;  // the codec's
    auto& values = measured_.values;
    if (!values.empty() && measured_.first != line.measured.first)
        return refuse("a commit brings the durations of one other");
    if (line.measured.values.empty() || values.size() + line.measured.values.size() > most)
        return refuse("more durations than a commit may bring, or none");
    measured_.first = line.measured.first;
    values.insert(values.end(), line.measured.values.begin(), line.measured.values.end());
    return {};
}

Result<void> EventImport::put(SealLine& line) {
    if (line.flush != events_.empty())
        return refuse(line.flush ? "a flush with events before it" : "a commit without events");
    const Position last{head_.position.value + std::ssize(events_)};
    if (line.last != last)
        return refuse("it seals up to #" + std::to_string(line.last.value) +
                      " where the last is #" + std::to_string(last.value));
    if (auto begun = journal_.begin_write(); !begun)
        return tl::unexpected<Error>(std::move(begun.error()));
    auto head = journal_.append({.events = events_,
                                 .texts = texts_,
                                 .recorder = recorders_.empty() ? nullptr : &recorders_.front(),
                                 .by = line.recorder,
                                 .measured = measured_});
    if (!head) return tl::unexpected<Error>(std::move(head.error()));
    if (head->chain != line.chain)
        return refuse("the lines up to here do not have the hash that seals them: one was changed");
    head_ = *head;
    events_.clear();
    texts_.clear();
    recorders_.clear();
    measured_ = {};
    return journal_.maintain();
}

Result<void> EventImport::put(EndLine& line) {
    if (!events_.empty() || !texts_.empty() || !recorders_.empty() || !measured_.values.empty())
        return fail(ErrorCode::invalid_request, "the last commit has no seal",
                    "export without --to, or through the end of a commit");
    if (line.position != head_.position || line.flushes != head_.flushes ||
        line.chain != head_.chain)
        return refuse("the journal ended at another place");
    ended_ = true;
    return {};
}

Result<void> EventImport::end() const {
    if (ended_) return {};
    return fail(ErrorCode::invalid_request, "the end line is missing: the input was cut short");
}

}  // namespace fenceline::tools
